from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
import pikepdf
import pytest
from pptx import Presentation

from pipeline.errors import ExitCode
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.rebuild import check, main
from stages.journal import Journal


def export(location: Path, finished: bool) -> None:
    harness = Harness(Exporter, location=str(location))
    for slide in (1, 2, 3):
        harness.push(pages.page(slide, slide))
    if finished:
        harness.eos()
    else:
        harness.stage.stop()


def killed(location: Path, moment: random.Random) -> int:
    """Let a process export until a random moment, then SIGKILL it; the number of slides it said were written."""
    command = [sys.executable, pages.__file__, str(location)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        wanted = moment.randint(2, 25)
        while int(writer.stdout.readline()) < wanted:
            pass
        for _ in range(moment.randint(0, 20_000)):  # somewhere in the middle of the next pages
            pass
        writer.kill()
        rest = writer.stdout.read().split("\n")[:-1]
        assert writer.wait() == -signal.SIGKILL
    return int(rest[-1]) if rest else wanted


@pytest.mark.parametrize("seed", range(3))
def test_after_kill_9_every_slide_of_the_journal_is_whole_and_can_be_listed(tmp_path: Path, seed: int) -> None:
    said = killed(tmp_path / "out", random.Random(seed))
    partial = tmp_path / "out.partial"
    assert not (tmp_path / "out").exists()
    assert main([str(partial), "--pdf"]) == ExitCode.OK
    made = index.read(partial)
    assert said <= len(made.slides) <= said + 1  # it may have been killed before it could say so
    assert not made.complete
    for slide in made.slides:
        assert np.array_equal(pages.read(partial / slide.file), pages.pixels(slide.id, 320, 180))
    assert check(partial) == []
    with pikepdf.open(partial / "slides.pdf") as pdf:
        assert len(pdf.pages) == len(made.slides)


def test_a_finished_folder_can_be_exported_again_from_its_journal(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(out, finished=True)
    listed, printed = (out / "slides.json").read_bytes(), (out / "slides.pdf").read_bytes()
    (out / "slides.json").unlink()
    (out / "slides.pdf").unlink()
    assert main([str(out), "--pdf", "--pptx"]) == ExitCode.OK
    assert ((out / "slides.json").read_bytes(), (out / "slides.pdf").read_bytes()) == (listed, printed)
    assert len(Presentation(str(out / "slides.pptx")).slides) == 3


def test_a_folder_that_is_being_written_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"))
    assert main([str(tmp_path / "out.partial")]) == ExitCode.CANT_CREATE
    assert "is being written by another run" in capsys.readouterr().err
    harness.stage.stop()


@pytest.mark.parametrize(("make", "named"), [(False, "cannot be opened"), (True, "not a result of slidetap")])
def test_a_folder_that_is_no_result_is_named(
    tmp_path: Path, make: bool, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "other"
    if make:
        folder.mkdir()
    assert main([str(folder)]) == ExitCode.CANT_CREATE
    assert named in capsys.readouterr().err


def test_checking_names_the_pictures_that_are_missing_or_were_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(tmp_path / "out", finished=True)
    assert main([str(tmp_path / "out"), "--check"]) == ExitCode.OK
    (tmp_path / "out" / "slides" / "slide-0001.png").unlink()
    with open(tmp_path / "out" / "slides" / "slide-0003.png", "ab") as file:
        file.write(b"!")
    capsys.readouterr()
    assert main([str(tmp_path / "out"), "--check"]) == ExitCode.IO_ERROR
    missing, changed = capsys.readouterr().out.splitlines()
    assert "slide-0001.png' cannot be read" in missing and "slide-0003.png' was changed" in changed


def test_rebuilding_does_not_touch_pictures_or_journal_rows(tmp_path: Path) -> None:
    export(tmp_path / "out", finished=False)
    partial = tmp_path / "out.partial"
    with Journal(partial / "journal.sqlite") as journal:
        before = (journal.slides(), journal.visits(), journal.captures())
    assert main([str(partial), "--pdf"]) == ExitCode.OK
    with Journal(partial / "journal.sqlite") as journal:
        assert (journal.slides(), journal.visits(), journal.captures()) == before
    assert check(partial) == []
