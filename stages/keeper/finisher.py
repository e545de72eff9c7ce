"""What is done for lectures that have ended: backfill and exports, one lecture at a time, in a process beside the loop.

A failure is said and tried again later, ever more rarely. In the parent; ``finishing`` is what runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.daemon.keeper import News
from stages.keeper.job import Begin, Job

_MODULE = "stages.keeper.finishing"
_LIMIT_NS = 6 * 3600 * 10**9  # hours of recording may have to be analysed
_MINUTE_NS = 60 * 10**9
_DELAYS_NS = (1 * _MINUTE_NS, 5 * _MINUTE_NS, 15 * _MINUTE_NS, 60 * _MINUTE_NS)
_TRIES = 12


@dataclass(slots=True)
class _Waiting:
    folder: Path
    due_ns: int
    tries: int = 0


class Finisher:
    """``exports`` and ``backfill`` are those of the settings; ``segmentation``: as ``finishing`` takes it."""

    def __init__(
        self, begin: Begin, exports: Sequence[str], backfill: bool, segmentation: Mapping[str, object] | None = None
    ) -> None:
        self.exports = tuple(exports)
        self.backfill = backfill
        self._segmentation = segmentation
        self._begin = begin
        self._queue: list[_Waiting] = []
        self._at_work: _Waiting | None = None
        self._job: Job | None = None

    @property
    def busy_with(self) -> str:
        """Name of the lecture that is being finished, or empty."""
        return self._at_work.folder.name if self._at_work else ""

    @property
    def waiting(self) -> list[str]:
        """Names of those that are to be."""
        return [each.folder.name for each in self._queue]

    def add(self, folder: Path, now_ns: int) -> None:
        """A lecture that has ended."""
        if all(each.folder != folder for each in self._queue):
            self._queue.append(_Waiting(folder, now_ns))

    def turn(self, now_ns: int) -> list[News]:
        """Look after the work; sentences about what was done and what went wrong."""
        said: list[News] = []
        if self._job is not None and self._at_work is not None:
            done = self._job.poll(now_ns)
            if done is None:
                return []
            lecture, self._job, self._at_work = self._at_work, None, None
            said.append(self._failed(lecture, done.error, now_ns) if done.error else _result(lecture, done.out))
        due = next((each for each in self._queue if now_ns >= each.due_ns), None)
        if self._job is None and due is not None:
            self._queue.remove(due)
            try:
                self._job = self._begin(_MODULE, self._arguments(due.folder), _LIMIT_NS, now_ns)
                self._at_work = due
            except OSError as e:
                said.append(self._failed(due, e.strerror or str(e), now_ns))
        return said

    def end(self) -> None:
        """What is not finished is found at the next start."""
        if self._job is not None:
            self._job.end()
        self._job = self._at_work = None

    def _arguments(self, folder: Path) -> list[str]:
        arguments = [str(folder), *(f"--{name}" for name in self.exports)]
        if self.backfill:
            arguments.append("--backfill")
            if self._segmentation is not None:
                arguments += ["--segmentation", json.dumps(dict(self._segmentation))]
        return arguments

    def _failed(self, lecture: _Waiting, why: str, now_ns: int) -> News:
        text = f"lecture '{lecture.folder.name}' could not be exported: {why}"
        lecture.tries += 1
        if lecture.tries >= _TRIES:
            return News(f"{text}; given up: try slidetap export '{lecture.folder}'", trouble=True)
        delay_ns = _DELAYS_NS[min(lecture.tries, len(_DELAYS_NS)) - 1]
        lecture.due_ns = now_ns + delay_ns
        self._queue.append(lecture)
        return News(f"{text}; tried again in {delay_ns // _MINUTE_NS} min", trouble=True)


def _result(lecture: _Waiting, out: bytes) -> News:
    lines = out.decode(errors="replace").strip().splitlines()
    return News(f"lecture '{lecture.folder.name}' is finished" + (f": {lines[-1]}" if lines else ""))
