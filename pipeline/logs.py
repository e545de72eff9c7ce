"""What a long run says on standard error: a line for each thing worth a person's notice, as text or as JSON.

States, failures, restarts, warnings and what stages call an event; no figures, no progress: those are metrics. The
same warning of the same stage comes once a minute at most, with the number of those left out.
"""

from __future__ import annotations

import contextlib
import enum
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.messages import BusMessage, Down, Element, Failure, Heartbeat, StateChanged, Up, Warn
from pipeline.states import State
from pipeline.tally import Tally

_QUIET_S = 60.0
_MOST_KNOWN = 1000  # warnings that are told apart; numbers in them are not
# What stages tell that a person wants to read; a stage may tell other things with every frame.
_EVENTS = ("stream", "source", "slide", "segment", "recording", "lecture")


class LogForm(enum.StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``data``: of an event, as the stage told it."""

    level: str
    stage: str
    event: str
    text: str
    data: dict[str, object] = field(default_factory=dict)

    def line(self, form: LogForm, wall_ns: int) -> str:
        """``wall_ns`` as RFC 3339, UTC."""
        when = datetime.fromtimestamp(wall_ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if form is LogForm.JSON:
            told = {"time": when, "level": self.level, "stage": self.stage, "event": self.event, "text": self.text}
            return json.dumps(told | ({"data": self.data} if self.data else {}), default=str)
        return _printable(f"{when} {self.level:<7} {self.stage}: {self.event}: {self.text}")


@dataclass(slots=True)
class _Said:
    since_s: float
    left_out: int
    last: Entry


class LogLines:
    """A reporter. ``write`` takes a line without its end; ``clock`` is monotonic, in s; ``wall_ns`` counts in ns."""

    def __init__(
        self,
        form: LogForm,
        write: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._form = form
        self._write = write or _to_standard_error
        self._clock = clock
        self._wall_ns = wall_ns
        self._said: dict[tuple[str, str], _Said] = {}
        self._states: dict[tuple[str, str], tuple[object, object]] = {}

    def message(self, message: BusMessage, tally: Tally) -> None:
        """Say it, if it is worth it."""
        now = self._clock()
        if isinstance(message, Element) and self._same(message):
            return
        if isinstance(message, Heartbeat):  # comes every second: the time to say what was left out
            self._catch_up(now)
        elif (entry := entry_of(message)) is not None and (entry.event != "warning" or self._new(entry, now)):
            self._tell(entry)

    def end(self) -> None:
        """Nothing stays untold."""
        self._catch_up(float("inf"))

    def _same(self, message: Element) -> bool:
        """Whether it says of the same thing that it is in the same state, such as a segment that grows."""
        told = message.data.get("state"), message.data.get("file")
        key = (message.stage, message.name)
        if told[0] is None or message.name not in _EVENTS:
            return False
        before, self._states[key] = self._states.get(key), told
        return before == told

    def _new(self, entry: Entry, now: float) -> bool:
        key = (entry.stage, re.sub(r"\d+", "#", entry.text))
        said = self._said.get(key)
        if said is not None:
            said.left_out, said.last = said.left_out + 1, entry
            return False
        if len(self._said) >= _MOST_KNOWN:
            self._said.pop(next(iter(self._said)))
        self._said[key] = _Said(now, 0, entry)
        return True

    def _catch_up(self, now: float) -> None:
        for key, said in list(self._said.items()):
            if now - said.since_s < _QUIET_S:
                continue
            del self._said[key]
            if said.left_out:
                more = f"{said.last.text} (the last of {said.left_out} more like it)"
                self._tell(Entry(said.last.level, said.last.stage, said.last.event, more))
                if now != float("inf"):
                    self._said[key] = _Said(now, 0, said.last)

    def _tell(self, entry: Entry) -> None:
        self._write(entry.line(self._form, self._wall_ns()))


def entry_of(message: BusMessage) -> Entry | None:
    """What a message is in the log; None if nobody needs to read it there."""
    match message:
        case StateChanged(stage, old, new):
            level = {State.BACKOFF: "warning", State.FAILED: "error"}.get(new, "info")
            return Entry(level, stage, "state", f"{old} -> {new}")
        case Warn(stage, text):
            return Entry("warning", stage, "warning", _one_line(text))
        case Failure(stage, kind, text):
            return Entry("error", stage, "failure", _one_line(f"{kind}: {text}"))
        case Down(process, stages, why, delay_s):
            what = "it is given up" if delay_s is None else f"started again in {delay_s:.1f} s"
            return Entry("error", "+".join(stages), "down", _one_line(f"process {process}: {why}; {what}"))
        case Up(process, stages, incarnation, down_s):
            text = f"process {process} plays again after {down_s:.1f} s, incarnation {incarnation}"
            return Entry("info", "+".join(stages), "up", text)
        case Element(stage, "news", {"text": str(text)}):
            return Entry("info", stage, "news", _one_line(text))
        case Element(stage, name, data) if name in _EVENTS:
            text = " ".join(f"{key}={_short(value)}" for key, value in data.items())
            return Entry("info", stage, name, _one_line(text), {key: _short(value) for key, value in data.items()})
    return None


def _short(value: object) -> object:
    """Bytes and long texts are no business of a log."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value if not isinstance(value, str) or len(value) <= 500 else value[:500] + "..."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _printable(text: str) -> str:
    """Without what could move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _to_standard_error(line: str) -> None:
    with contextlib.suppress(OSError):  # a terminal that was closed, a full disk: no reason to end a recording
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
