"""Work beside the loop: a process whose end, words and time are looked after, without waiting for it."""

from __future__ import annotations

import time
from pathlib import Path

from stages.keeper.job import Done, Job

MINUTE = 60 * 10**9


def ended(job: Job) -> Done:
    job._process.wait(timeout=30)
    done = job.poll(0)
    assert done is not None
    return done


def test_what_it_prints_is_its_result(tmp_path: Path) -> None:
    path = tmp_path / "room.ics"
    path.write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n")
    assert ended(Job("stages.keeper.calendar", [str(path), "0", "1"], MINUTE, 0)) == Done(b"[]", "")


def test_of_a_failure_the_last_line_is_told(tmp_path: Path) -> None:
    done = ended(Job("stages.keeper.calendar", [str(tmp_path / "no.ics"), "0", "1"], MINUTE, 0))
    assert done.error.endswith("no.ics' cannot be read: No such file or directory")


def test_one_that_takes_too_long_is_killed() -> None:
    job = Job("http.server", ["0", "--bind", "127.0.0.1"], MINUTE, 0)
    assert job.poll(MINUTE - 1) is None
    assert job.poll(MINUTE) == Done(b"", "it took longer than 60 s")
    assert job._process.returncode is not None


def test_one_that_is_not_wanted_any_more_is_killed() -> None:
    job = Job("http.server", ["0", "--bind", "127.0.0.1"], MINUTE, 0)
    begun = time.monotonic()
    job.end()
    assert job._process.returncode == -9
    assert time.monotonic() - begun < 10
