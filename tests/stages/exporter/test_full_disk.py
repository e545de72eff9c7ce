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
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.rebuild import check, rebuild

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
    assert rebuild(partial) == index.read(partial)


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
    (slide,) = rebuild(partial).slides
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
