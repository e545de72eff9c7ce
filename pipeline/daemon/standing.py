"""What the messages of the bus say about how a daemon stands: stages, source, lecture, recording, figures. Pure.

``report`` is the answer to ``status``; ``snapshot`` is what the metrics are made of. Time is a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config import PipelineConfig
from pipeline.daemon.figures import Figures
from pipeline.daemon.snapshot import Snapshot
from pipeline.frame import Meta
from pipeline.messages import BusMessage, Down, Element, Failure, Ledger, StateChanged, Up
from pipeline.states import State


@dataclass(slots=True)
class _Past:
    """Of one stage: what has befallen it."""

    incarnation: int = 0
    restarts: int = 0
    crashes: int = 0
    why: str = ""
    crashed_s: float | None = None


class Standing:
    """Of one pipeline since the daemon was started."""

    def __init__(self, config: PipelineConfig, now: float) -> None:
        self._config = config
        self._begun_s = now
        self._links = frozenset(link.id for link in config.links)
        self._pasts = {stage.name: _Past() for stage in config.stages}
        self.states: dict[str, State] = {stage.name: State.NULL for stage in config.stages}
        self.sources: dict[str, Meta] = {}
        self.lecture: Meta = {}
        self.recording: Meta = {}
        self.segment: Meta = {}
        self.slides = 0
        self.last_slide: Meta = {}
        self.figures = Figures()
        self.ready = False
        self.finishing = False

    def hear(self, message: BusMessage, now: float) -> list[str]:
        """Take one message into account; sentences for what was wrong with it."""
        match message:
            case StateChanged(stage, _, new) if stage in self.states:
                self.states[stage] = new
            case Failure(stage, _, text) if stage in self._pasts:
                self._pasts[stage].why = text
            case Down(_, stages, why):
                self._down(stages, why, now)
            case Up(_, stages, incarnation):
                for past in (self._pasts[stage] for stage in stages if stage in self._pasts):
                    past.incarnation = incarnation
                    past.restarts += 1
            case Element(stage, name, data) if stage in self._pasts:
                return self._element(stage, name, data)
        return []

    def settle(self) -> bool:
        """Whether it has just become ready: every stage plays, or is given up while others play."""
        found = set(self.states.values())
        if self.ready or State.PLAYING not in found or not found <= {State.PLAYING, State.FAILED}:
            return False
        self.ready = True
        return True

    def degraded(self, overdue: list[str]) -> tuple[str, ...]:
        """A sentence for each stage that does not work, and each process that should have been heard of."""
        told = [
            f"stage '{stage}' is {state}" + (f": {self._pasts[stage].why}" if self._pasts[stage].why else "")
            for stage, state in self.states.items()
            if state in (State.BACKOFF, State.FAILED)
            or (self.ready and not self.finishing and state is not State.PLAYING)
        ]
        return (*told, *(f"process '{process}' gives no sign of life" for process in overdue))

    def snapshot(self, ledgers: Mapping[str, Ledger], overdue: list[str], now: float) -> Snapshot:
        """All that the metrics need, as it is now."""
        return Snapshot(
            pipeline=self._config.name,
            taken_s=now,
            ready=self.ready,
            links=self._links,
            ledgers=dict(ledgers),
            states=dict(self.states),
            restarts={stage: past.restarts for stage, past in self._pasts.items()},
            sources={stage: str(data.get("state", "")) for stage, data in self.sources.items()},
            figures=self.figures.all(),
            degraded=self.degraded(overdue),
        )

    def report(
        self, ledgers: Mapping[str, Ledger], pids: Mapping[str, int], overdue: list[str], now: float
    ) -> dict[str, object]:
        """The answer to ``status``, as JSON has it."""
        return {
            "pipeline": self._config.name,
            "uptime_s": round(now - self._begun_s, 1),
            "ready": self.ready,
            "degraded": list(self.degraded(overdue)),
            "stages": [
                {
                    "stage": stage.name,
                    "state": str(self.states[stage.name]),
                    "pid": pids.get(stage.process),
                    **self._past(stage.name, now),
                    **_counts(ledgers.get(stage.name, Ledger())),
                }
                for stage in self._config.stages
            ],
            "links": {
                name: {"held": ledger.held, **_counts(ledger), "resent": ledger.resent}
                for name, ledger in ledgers.items()
                if name in self._links
            },
            "source": {stage: dict(data) for stage, data in self.sources.items()},
            "lecture": dict(self.lecture),
            "slides": self.slides,
            "last_slide": dict(self.last_slide),
            "recording": dict(self.recording) | {"segment": dict(self.segment)},
            "figures": {f"{figure.stage}.{figure.name}": figure.value for figure in self.figures.all()},
        }

    def line(self) -> str:
        """How things stand, in one line for the service manager."""
        sources = ", ".join(str(data.get("state", "")) for data in self.sources.values())
        bad = ", ".join(f"{stage} {state}" for stage, state in self.states.items() if state is not State.PLAYING)
        name = self.lecture.get("lecture") if self.lecture.get("state") == "open" else None
        parts = [f"source {sources}" if sources else "", f"lecture {name}, {self.slides} slides" if name else ""]
        return "; ".join(part for part in (bad or "all stages are playing", *parts) if part)

    def _past(self, stage: str, now: float) -> dict[str, object]:
        past = self._pasts[stage]
        ago = None if past.crashed_s is None else round(now - past.crashed_s, 1)
        return {
            "incarnation": past.incarnation,
            "restarts": past.restarts,
            "crashes": past.crashes,
            "last_crash": past.why,
            "last_crash_ago_s": ago,
        }

    def _down(self, stages: tuple[str, ...], why: str, now: float) -> None:
        for stage in stages:
            if stage in self._pasts:
                past = self._pasts[stage]
                past.crashes, past.why, past.crashed_s = past.crashes + 1, why, now
                self.figures.forget(stage)

    def _element(self, stage: str, name: str, data: Meta) -> list[str]:
        match name:
            case "figures":
                return self.figures.hear(stage, data)
            case "source":
                self.sources[stage] = data
            case "lecture":
                self.lecture = data
                told = data.get("slides")
                self.slides = told if isinstance(told, int) else 0
            case "slide":
                number = data.get("number")
                self.slides = max(self.slides, number) if isinstance(number, int) else self.slides + 1
                self.last_slide = data
            case "recording":
                self.recording = data
            case "segment":
                self.segment = data
        return []


def _counts(ledger: Ledger) -> dict[str, object]:
    return {
        "received": ledger.received,
        "sent": ledger.sent,
        "dropped": dict(ledger.dropped),
        "last_pts_ns": ledger.last_pts_ns,
    }
