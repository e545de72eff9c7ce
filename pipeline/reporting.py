"""How the command speaks while a pipeline runs: a progress bar for people, JSON lines for machines, or hardly at all.

Errors are not reported here but where the command ends; what is reported goes to standard output only as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

from pipeline.logs import LogForm, LogLines
from pipeline.messages import BusMessage, Element, Heartbeat, StateChanged, Warn
from pipeline.tally import Tally

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


_IMPORTED = time.monotonic()
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Reporter(Protocol):
    """Is told of every message, after the tally has heard it, and of the end."""

    def message(self, message: BusMessage, tally: Tally) -> None:
        """One message of the bus."""

    def end(self) -> None:
        """The run has ended, whichever way."""


class Quiet:
    """Warnings only, on standard error; with ``verbose`` also states and what the stages say."""

    def __init__(self, verbose: bool = False) -> None:
        self._verbose = verbose

    def message(self, message: BusMessage, tally: Tally) -> None:
        for line in spoken(message, self._verbose):
            print(line, file=sys.stderr)

    def end(self) -> None:
        """Nothing is left open."""


class Bar:
    """A progress bar on standard error: frames, speed, what was found, time to go."""

    def __init__(self, verbose: bool = False) -> None:
        self._verbose = verbose
        self._begin = time.monotonic()
        self._elapsed_s = 0.0  # when the source was last heard of; a speed in between would sink
        self._progress: Progress | None = None  # rich is imported when the children are under way
        self._task: TaskID | None = None

    def message(self, message: BusMessage, tally: Tally) -> None:
        progress, task = self._shown()
        for line in spoken(message, self._verbose):
            progress.console.print(line, markup=False, highlight=False)
        if isinstance(message, Heartbeat) and tally.source in message.ledgers:
            self._elapsed_s = time.monotonic() - self._begin
        if isinstance(message, Heartbeat | Element):
            said = _sentence(tally, self._elapsed_s)
            progress.update(task, completed=tally.pts_s, total=tally.duration_s, description=said)

    def end(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _shown(self) -> tuple[Progress, TaskID]:
        if self._progress is None or self._task is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

            columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task("starting", total=None)
            self._progress.start()
        return self._progress, self._task


class JsonLines:
    """One object a line on standard output. ``event`` is stream, progress, warning, or what a stage called it.

    ``elapsed_s`` counts from the start of the command. ``progress`` comes once a second, and at once, with
    ``first`` true, when a frame has been processed.
    """

    def __init__(self) -> None:
        self._first = True

    def message(self, message: BusMessage, tally: Tally) -> None:
        match message:
            case Element(stage, name, data) if name != "result":
                say(name, stage=stage, **dict(data))
            case Warn(stage, text):
                say("warning", stage=stage, text=text)
            case Heartbeat(_, _, ledgers):
                first = self._first and tally.processed
                if first or (tally.source in ledgers and not self._first):
                    self._first = self._first and not first
                    self._progress(tally, first)

    def end(self) -> None:
        """The result is told by whoever knows it."""

    def _progress(self, tally: Tally, first: bool) -> None:
        elapsed_s = since_start_s()
        eta_s = tally.eta_s(elapsed_s)
        say(
            "progress",
            first=first,
            elapsed_s=round(elapsed_s, 3),
            frames=tally.frames,
            pts_s=tally.pts_s,
            duration_s=tally.duration_s,
            speed=round(tally.speed(elapsed_s), 2),
            eta_s=None if eta_s is None else round(eta_s, 1),
            found=dict(tally.counts),
        )


class Both:
    """Two reporters with a stream each."""

    def __init__(self, first: Reporter, second: Reporter) -> None:
        self._reporters = (first, second)

    def message(self, message: BusMessage, tally: Tally) -> None:
        for reporter in self._reporters:
            reporter.message(message, tally)

    def end(self) -> None:
        for reporter in self._reporters:
            reporter.end()


def choose(as_json: bool, verbose: bool, log: LogForm | None = None) -> Reporter:
    """The reporter for this terminal, or for none; with ``log`` lines of a log instead of a bar."""
    if log is not None:
        return Both(JsonLines(), LogLines(log)) if as_json else LogLines(log)
    if as_json:
        return JsonLines()
    return Bar(verbose) if sys.stderr.isatty() else Quiet(verbose)


def say(event: str, **data: object) -> None:
    """One JSON line on standard output, at once."""
    print(json.dumps({"event": event, **data}, default=str), flush=True)


def since_start_s() -> float:
    """Seconds since this process was made, its interpreter's start included; since this import where no /proc is."""
    try:
        with open("/proc/self/stat", "rb") as stat:
            made_ticks = int(stat.read().rpartition(b")")[2].split()[19])
    except OSError:
        return time.monotonic() - _IMPORTED
    return time.clock_gettime(time.CLOCK_BOOTTIME) - made_ticks / _TICKS_PER_S


def spoken(message: BusMessage, verbose: bool) -> list[str]:
    """What a person is told of a message, in lines."""
    match message:
        case Warn(stage, text):
            return [f"slidetap: warning: {stage}: {text}"]
        case Element(stage, name, data) if verbose:
            return [f"{stage}: {name} " + " ".join(f"{key}={value!r}" for key, value in data.items())]
        case StateChanged(stage, old, new) if verbose:
            return [f"{stage}: {old} -> {new}"]
    return []


def _sentence(tally: Tally, elapsed_s: float) -> str:
    parts = [f"{tally.frames} frames", f"{tally.speed(elapsed_s):.1f}x"]
    parts += [f"{count} {name}{'' if count == 1 else 's'}" for name, count in tally.counts.items()]
    eta_s = tally.eta_s(elapsed_s)
    if eta_s is not None:
        minutes, seconds = divmod(round(eta_s), 60)
        parts.append(f"{minutes}:{seconds:02} to go")
    return ", ".join(parts)
