"""Read an iCalendar file (RFC 5545): every occurrence of its events in a stretch of time, recurring ones expanded.

Runs as a process of its own (``python -m stages.keeper.calendar FILE FROM TO``, ns since 1970) and prints JSON: a
calendar comes from outside, may be large, and expanding it must not hold up a recording.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

from pipeline.errors import ConfigError
from stages.keeper.schedule import Slot
from stages.keeper.words import one_line

_LARGEST_BYTES = 16 * 2**20
_UID_LENGTH = 200
_TITLE_LENGTH = 200


def read(path: Path, from_ns: int, to_ns: int, local: tzinfo | None = None) -> list[Slot]:
    """The slots of a file that lie at least partly between the two. Raises ConfigError that names the file."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ConfigError(f"'{path}' is larger than {_LARGEST_BYTES // 2**20} MiB; a calendar of lectures is not")
        data = path.read_bytes()
    except OSError as e:
        raise ConfigError(f"'{path}' cannot be read: {e.strerror}") from e
    try:
        return slots(data, from_ns, to_ns, local)
    except Exception as e:  # both libraries raise what they please for a broken file
        text = " ".join(str(e).split())[:200] or type(e).__name__
        raise ConfigError(f"'{path}' is no calendar that can be read: {text}") from e


def slots(data: bytes, from_ns: int, to_ns: int, local: tzinfo | None = None) -> list[Slot]:
    """``local``: the zone of times without one; None: that of this machine. All-day events and cancelled ones are no
    lectures. Raises ValueError and others.
    """
    import icalendar
    import recurring_ical_events

    calendar = icalendar.Calendar.from_ical(data)
    if isinstance(calendar, list):
        raise ValueError("it holds several calendars, or none")
    begin, end = (datetime.fromtimestamp(wall_ns / 1e9, UTC) for wall_ns in (from_ns, to_ns))
    found: list[Slot] = []
    for event in recurring_ical_events.of(calendar, components=["VEVENT"]).between(begin, end):
        start, stop = event.get("DTSTART"), event.get("DTEND")
        if start is None or stop is None or str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start_ns, end_ns = _wall_ns(start.dt, local), _wall_ns(stop.dt, local)
        if start_ns is None or end_ns is None or end_ns <= start_ns:
            continue
        title = one_line(str(event.get("SUMMARY", "")))[:_TITLE_LENGTH]
        found.append(Slot(one_line(str(event.get("UID", "")))[:_UID_LENGTH], title, start_ns, end_ns))
    return sorted(found, key=lambda slot: (slot.start_ns, slot.uid))


def _wall_ns(value: date, local: tzinfo | None) -> int | None:
    """None for a day without a time."""
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=local) if local is not None else value.astimezone()
    return round(value.timestamp()) * 10**9


def main(arguments: Sequence[str]) -> int:
    """Print the slots; 1 and a line on standard error if there are none to be had."""
    file, from_ns, to_ns = arguments
    try:
        found = read(Path(file), int(from_ns), int(to_ns))
    except ConfigError as e:
        sys.stderr.write(f"{e}\n")
        return 1
    sys.stdout.write(json.dumps([[slot.uid, slot.title, slot.start_ns, slot.end_ns] for slot in found]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
