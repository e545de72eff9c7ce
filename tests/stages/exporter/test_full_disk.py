"""A disk that fills up: a real one of 1 MiB where the tests may mount it, a file size limit everywhere."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pages
import pytest

from pipeline.errors import ExitCode, WriteError
from pipeline.frame import SECOND_NS, Event, EventKind
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.backlog import KEPT_PAGES
from stages.exporting import ExportOptions, check, export
from stages.lecture import looked_at, opened

SIZE = (200, 112)  # about 67 kB as PNG


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def leftovers(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.name.endswith(".tmp")]


def fill(harness: Harness, limit: int) -> tuple[int, WriteError]:
    """Push pages until one cannot be written; how many were, and the error."""
    for slide in range(1, limit):
        try:
            harness.push(pages.page(slide, slide, size=SIZE))
        except WriteError as e:
            return slide - 1, e
    raise AssertionError(f"{limit} pages found room")


def test_a_disk_that_fills_up_ends_the_run_and_loses_nothing_that_was_written(small_disk: Path) -> None:
    harness = Harness(Exporter, location=str(small_disk / "out"))
    written, error = fill(harness, 40)
    assert written >= 5
    assert error.exit_code == ExitCode.IO_ERROR
    assert f"slide-{written + 1:04}.png': No space left on device; " in str(error)
    assert "MiB are free in" in str(error)
    harness.stage.stop()
    partial = small_disk / "out.partial"
    assert leftovers(partial) == [] and not (small_disk / "out").exists()
    assert check(partial) == []
    assert [slide.id for slide in index.read(partial).slides] == list(range(1, written + 1))
    listed = index.read(partial)
    export(partial, ExportOptions(json=True, area=False))
    assert index.read(partial) == listed


@pytest.mark.parametrize("document", ["pdf", "pptx"])
def test_a_disk_without_room_for_the_documents_keeps_the_slides(small_disk: Path, document: str) -> None:
    harness = Harness(Exporter, location=str(small_disk / "out"), pdf=document == "pdf", pptx=document == "pptx")
    for slide in range(1, 9):  # half of the disk: the document has no room beside them
        harness.push(pages.page(slide, slide, size=SIZE))
    with pytest.raises(WriteError, match=rf"slides.{document}': No space left on device") as e:
        harness.eos()
    assert e.value.exit_code == ExitCode.IO_ERROR
    harness.stage.stop()
    partial = small_disk / "out.partial"
    assert leftovers(partial) == [] and not (small_disk / "out").exists()
    assert check(partial) == []
    made = index.read(partial)
    assert len(made.slides) == 8 and not made.complete


def test_a_journal_that_finds_no_room_ends_the_run_and_loses_nothing(small_disk: Path) -> None:
    harness = Harness(Exporter, location=str(small_disk / "out"), pdf=False)
    harness.push(pages.page(1, 1, size=SIZE))
    (small_disk / "filler").write_bytes(b"")
    with open(small_disk / "filler", "ab", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(bytes(1024))
    for second in range(2, 2000):
        try:
            harness.push(pages.page(1, second, "same"))
        except WriteError as e:
            assert "journal.sqlite" in str(e) and "0.0 MiB are free" in str(e)
            break
    else:
        raise AssertionError("the journal found room on a full disk")
    harness.stage.stop()
    (small_disk / "filler").unlink()
    partial = small_disk / "out.partial"
    export(partial, ExportOptions(json=True))
    (slide,) = index.read(partial).slides
    assert len(slide.visits[0].captures) == second - 1
    assert check(partial) == []


def test_a_picture_that_may_not_be_that_large_leaves_no_half_of_itself(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.push(pages.page(1, 1, size=SIZE))
    with largest_file(400_000), pytest.raises(WriteError, match=r"slide-0002.png': File too large; .*ulimit -f"):
        harness.push(pages.page(2, 2, size=(640, 360)))
    harness.stage.stop()
    partial = tmp_path / "out.partial"
    assert leftovers(partial) == []
    assert [path.name for path in (partial / "slides").iterdir()] == ["slide-0001.png"]
    assert [slide.id for slide in index.read(partial).slides] == [1]


def filled_up(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    with open(filler, "ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(1024))
    return filler


def told(kind: EventKind, lecture: Path, at_s: int = 0) -> Event:
    data = {"lecture": lecture.name, "folder": str(lecture), "zero_ns": 0}
    return Event(kind, at_s * SECOND_NS, data)


def test_a_lecture_waits_until_there_is_room_and_loses_nothing(small_disk: Path) -> None:
    folder = small_disk / "lecture"
    harness = Harness(Exporter)
    harness.event(told(EventKind.LECTURE_START, folder))
    harness.push(pages.page(1, 1, size=SIZE))
    filler = filled_up(small_disk)
    for slide in range(2, 6):
        harness.push(pages.page(slide, 10 * slide, size=SIZE))
        harness.event(pages.visit_end(10 * slide + 5))
    harness.tick()
    harness.tick()
    assert harness.context.deferred == 4
    (said,) = harness.context.warnings
    assert said.startswith("pages wait until there is room: cannot write") and "MiB are free" in said
    assert check(folder) == [] and leftovers(folder) == []
    filler.unlink()
    harness.tick()
    assert harness.context.deferred == 0
    assert harness.context.warnings[1:] == ["there is room again: 4 pages that waited for it are written"]
    with opened(folder) as journal:
        assert [(v.slide, v.end_pts_ns) for v in journal.visits()] == [
            (1, 20 * SECOND_NS),
            *((slide, (10 * slide + 5) * SECOND_NS) for slide in range(2, 6)),
        ]
    assert check(folder) == []
    assert [message.data["number"] for message in harness.context.messages if message.name == "slide"] == [
        1,
        2,
        3,
        4,
        5,
    ]
    harness.push(pages.page(6, 60, size=(64, 36)))
    harness.event(told(EventKind.LECTURE_STOP, folder, 70))
    assert len(index.read(folder).slides) == 6 and harness.ledger.dropped == {}
    harness.stage.stop()


def test_a_lecture_that_begins_on_a_full_disk_is_there_once_there_is_room(small_disk: Path) -> None:
    filler = filled_up(small_disk)
    folder = small_disk / "lecture"
    harness = Harness(Exporter)
    harness.event(told(EventKind.LECTURE_START, folder))
    harness.push(pages.page(1, 1, size=SIZE))
    harness.event(told(EventKind.LECTURE_STOP, folder, 9))
    harness.tick()
    filler.unlink()
    harness.tick()
    assert looked_at(folder).state == "closed" and check(folder) == []
    assert [slide.last_pts for slide in index.read(folder).slides] == [9.0]
    harness.stage.stop()


def test_pages_that_find_no_place_to_wait_are_counted(small_disk: Path) -> None:
    folder = small_disk / "lecture"
    harness = Harness(Exporter)
    harness.event(told(EventKind.LECTURE_START, folder))
    filler = filled_up(small_disk)
    for slide in range(1, KEPT_PAGES + 4):
        harness.push(pages.page(slide, slide, size=(80, 60)))
    assert harness.context.deferred == KEPT_PAGES and harness.ledger.dropped == {"disk-full": 3}
    filler.unlink()
    harness.tick()
    assert looked_at(folder).slides == KEPT_PAGES
    harness.stage.stop()


def test_a_disk_that_is_full_at_the_end_ends_nothing_with_an_error(small_disk: Path) -> None:
    folder = small_disk / "lecture"
    harness = Harness(Exporter)
    harness.event(told(EventKind.LECTURE_START, folder))
    harness.push(pages.page(1, 1, size=SIZE))
    filler = filled_up(small_disk)
    harness.push(pages.page(2, 2, size=SIZE))
    harness.eos()
    assert "1 pages could not be written" in harness.context.warnings[-1]
    assert harness.context.deferred == 1  # whoever comes next is given it again
    filler.unlink()
    assert check(folder) == [] and looked_at(folder).slides == 1


def test_a_page_that_no_waiting_would_help_is_given_up_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "lecture"
    harness = Harness(Exporter, format="webp")
    harness.event(told(EventKind.LECTURE_START, folder))
    harness.push(pages.page(1, 1, size=(16_384, 2)))
    harness.push(pages.page(2, 2))
    assert harness.context.warnings == ["webp holds pictures of up to 16383 px, not 16384x2; use format=png"]
    assert harness.ledger.dropped == {"write-error": 1} and looked_at(folder).slides == 1
    harness.stage.stop()
