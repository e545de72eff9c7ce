"""What the messages of the bus add up to: how far a run is, how fast, what its stages said. Pure; time is a value."""

from __future__ import annotations

from collections import Counter

from pipeline.config import PipelineConfig
from pipeline.frame import SECOND_NS, Meta
from pipeline.messages import BusMessage, Element, Finished, Heartbeat, Ledger


class Tally:
    """Of one run. Knows some element messages: ``stream`` of a source tells ``duration_ns``, 0 if unknown; ``result``
    is the last word of a sink; ``figures`` and ``device`` are of the stages themselves; of all others, which tell what
    was found, it keeps the count."""

    def __init__(self, config: PipelineConfig) -> None:
        sinks = {link.sink for link in config.links}
        self.source = next(stage.name for stage in config.stages if stage.name not in sinks)
        self.stages = [stage.name for stage in config.stages]
        self.ledgers: dict[str, Ledger] = {}
        self.counts: Counter[str] = Counter()
        self.stream: Meta = {}
        self.result: Meta = {}

    def hear(self, message: BusMessage) -> None:
        """Take one message into account."""
        match message:
            case Heartbeat(_, _, ledgers) | Finished(_, ledgers):
                self.ledgers |= ledgers
            case Element(_, "stream", data):
                self.stream = data
            case Element(_, "result", data):
                self.result = data
            case Element(_, "figures" | "device", _):
                pass
            case Element(_, name, _):
                self.counts[name] += 1

    @property
    def frames(self) -> int:
        """Frames that the source has produced."""
        return self._ledger(self.source).received

    @property
    def processed(self) -> bool:
        """Whether a frame has come to a stage other than the source."""
        return any(self._ledger(name).received for name in self.stages if name != self.source)

    @property
    def pts_s(self) -> float:
        """Stream time of the source in s."""
        return self._ledger(self.source).last_pts_ns / SECOND_NS

    @property
    def duration_s(self) -> float | None:
        """Length of the stream in s, if the source could tell."""
        duration = self.stream.get("duration_ns")
        return duration / SECOND_NS if isinstance(duration, int) and duration > 0 else None

    def speed(self, elapsed_s: float) -> float:
        """Seconds of stream per second of time."""
        return self.pts_s / elapsed_s if elapsed_s > 0 else 0.0

    def eta_s(self, elapsed_s: float) -> float | None:
        """Seconds to go, if that can be told."""
        speed = self.speed(elapsed_s)
        if self.duration_s is None or speed == 0:
            return None
        return max(0.0, self.duration_s - self.pts_s) / speed

    def _ledger(self, name: str) -> Ledger:
        return self.ledgers.get(name, Ledger())
