#!/usr/bin/env python3
"""Soak, frames: a very long stream, as fast as it goes; memory and file descriptors of every process must stay flat.

The slope is a least-squares line through what each process held in the second half of the run, when all is warm.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from victims import Held, children, held, pid_of

SLIDETAP = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "slidetap"


@dataclass(slots=True)
class Track:
    """Of one process: seconds since the start, PSS in bytes, open descriptors; one entry per sample."""

    at_s: list[float] = field(default_factory=list)
    pss: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    def add(self, at_s: float, what: Held) -> None:
        """One more sample."""
        self.at_s.append(at_s)
        self.pss.append(what.pss)
        self.descriptors.append(what.descriptors)

    def growth(self) -> Growth | None:
        """Over the second half; None if there are fewer than four samples in it."""
        half = len(self.at_s) // 2
        times, sizes = self.at_s[half:], self.pss[half:]
        if len(times) < 4:
            return None
        slope = statistics.linear_regression(times, sizes).slope
        noise = statistics.pstdev(sizes)
        return Growth(
            bytes_per_s=slope,
            over_half=slope * (times[-1] - times[0]),
            noise=noise,
            median=statistics.median(sizes),
            descriptors=self.descriptors[-1] - self.descriptors[half],
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """``over_half``: bytes that the line rises over the second half; ``noise``: standard deviation of the samples."""

    bytes_per_s: float
    over_half: float
    noise: float
    median: float
    descriptors: int

    @property
    def flat(self) -> bool:
        """No descriptor more, and less than 2 MiB or 2 % more memory: what an allocator does on its own."""
        return self.descriptors <= 0 and self.over_half <= max(2 << 20, 0.02 * self.median)


class Sampler:
    """Looks at the stages' processes of ``pid`` every ``every_s`` in a thread, until ``end``."""

    def __init__(self, pid: int, stages: Sequence[str], every_s: float) -> None:
        self.tracks: dict[str, Track] = {stage: Track() for stage in (*stages, "supervisor")}
        self._pid, self._stages, self._every_s = pid, stages, every_s
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> dict[str, Track]:
        """Stop; what was seen."""
        self._over.set()
        self._thread.join()
        return self.tracks

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            now = time.monotonic() - self._begun
            self._look("supervisor", self._pid, now)
            if children(self._pid):
                for stage in self._stages:
                    pid = pid_of(stage, self._pid)
                    if pid is not None:
                        self._look(stage, pid, now)

    def _look(self, name: str, pid: int, now: float) -> None:
        found = held(pid)
        if found is not None and found.pss:
            self.tracks[name].add(now, found)


@dataclass(frozen=True, slots=True)
class Soaked:
    """``result``: the last line of the command's JSON; ``unbalanced``: stages with frames unaccounted for."""

    frames: int
    elapsed_s: float
    exit_code: int
    growth: Mapping[str, Growth | None]
    unbalanced: list[str]
    result: Mapping[str, Any]


def soak(line: str, stages: Sequence[str], folder: Path, tell: Callable[[str], None], every_s: float = 1.0) -> Soaked:
    """Run a launch line to its end in ``folder``."""
    begun = time.monotonic()
    command: list[str | Path] = [SLIDETAP, "launch", "--json", line]
    result: dict[str, Any] = {}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        sampler = Sampler(process.pid, stages, every_s)
        assert process.stdout is not None
        for text in process.stdout:
            said = json.loads(text)
            if said["event"] == "result":
                result = said
            elif said["event"] == "progress":
                tell(f"{said.get('frames', 0)} frames")
        code = process.wait()
        tracks = sampler.end()
    ledger = result.get("ledger", {})
    return Soaked(
        frames=ledger.get(stages[0], {}).get("received", 0),
        elapsed_s=time.monotonic() - begun,
        exit_code=code,
        growth={name: track.growth() for name, track in tracks.items()},
        unbalanced=[name for name, account in ledger.items() if account.get("missing")],
        result=result,
    )
