"""Reading iCalendar files: time zones, summer time, recurring events and their exceptions, and files that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import ConfigError
from stages.keeper.calendar import main, read, slots

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600 * 10**9


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:event-{number}"]
        lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20261001T000000Z", *event.split(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def ns(year: int, month: int, day: int, hour: int = 0, zone: ZoneInfo | None = None) -> int:
    return round(datetime(year, month, day, hour, tzinfo=zone or UTC).timestamp()) * 10**9


WEEKLY = (
    "SUMMARY:Analysis DTSTART;TZID=Europe/Berlin:20261012T101500 DTEND;TZID=Europe/Berlin:20261012T114500 "
    "RRULE:FREQ=WEEKLY;COUNT=5 EXDATE;TZID=Europe/Berlin:20261026T101500"
)


def test_a_weekly_lecture_stays_at_its_hour_when_summer_time_ends_and_leaves_out_a_holiday() -> None:
    found = slots(calendar(WEEKLY), ns(2026, 10, 1), ns(2026, 12, 1))
    starts = [datetime.fromtimestamp(slot.start_ns / 1e9, UTC).strftime("%m-%d %H:%M") for slot in found]
    assert starts == ["10-12 08:15", "10-19 08:15", "11-02 09:15", "11-09 09:15"]
    assert {slot.end_ns - slot.start_ns for slot in found} == {3 * HOUR // 2}
    assert {slot.title for slot in found} == {"Analysis"}
    assert len({slot.key for slot in found}) == 4


def test_one_lecture_of_a_series_may_be_moved() -> None:
    moved = (
        "UID:event-0 SUMMARY:Moved RECURRENCE-ID;TZID=Europe/Berlin:20261019T101500 "
        "DTSTART;TZID=Europe/Berlin:20261020T140000 DTEND;TZID=Europe/Berlin:20261020T153000"
    )
    data = calendar(WEEKLY, moved)
    found = slots(data, ns(2026, 10, 18), ns(2026, 10, 24))
    assert [(slot.title, slot.start_ns) for slot in found] == [("Moved", ns(2026, 10, 20, 14, BERLIN))]


def test_times_without_a_zone_are_local_and_a_duration_is_an_end() -> None:
    (slot,) = slots(calendar("DTSTART:20261012T100000 DURATION:PT90M"), ns(2026, 10, 1), ns(2026, 11, 1), BERLIN)
    assert slot.start_ns == ns(2026, 10, 12, 10, BERLIN)
    assert slot.end_ns - slot.start_ns == 3 * HOUR // 2


def test_whole_days_and_cancelled_events_are_no_lectures() -> None:
    data = calendar(
        "DTSTART;VALUE=DATE:20261012 DTEND;VALUE=DATE:20261013",
        "DTSTART:20261012T100000Z DTEND:20261012T110000Z STATUS:CANCELLED",
        "DTSTART:20261012T120000Z DTEND:20261012T120000Z",
    )
    assert slots(data, ns(2026, 10, 1), ns(2026, 11, 1)) == []


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"hello"])
def test_a_broken_file_is_one_line_that_names_it(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "room.ics"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"room.ics' is no calendar that can be read: ") as error:
        read(path, 0, HOUR)
    assert "\n" not in str(error.value)


def test_as_a_process_it_prints_json_or_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "room.ics"
    assert main([str(path), "0", "1"]) == 1
    assert "cannot be read: No such file" in capsys.readouterr().err
    path.write_bytes(calendar("SUMMARY:A DTSTART:20261012T100000Z DTEND:20261012T110000Z"))
    start = ns(2026, 10, 12, 10)
    assert main([str(path), str(start - HOUR), str(start + HOUR)]) == 0
    assert json.loads(capsys.readouterr().out) == [["event-0", "A", start, start + HOUR]]


def test_a_title_holds_nothing_that_a_terminal_obeys() -> None:
    (slot,) = slots(
        calendar("SUMMARY:\x1b[31m../../etc\x07 UID:a\x9bb DTSTART:20261012T080000Z DTEND:20261012T090000Z"),
        ns(2026, 10, 1),
        ns(2026, 12, 1),
    )
    assert (slot.title, slot.uid) == ("[31m../../etc", "a b")
