from __future__ import annotations

import os
from pathlib import Path

import pages
import pytest

from pipeline.errors import ExitCode, OutputError
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.folder import OutputFolder, clear_away, refuse_existing

NOBODY = 65534


def finish(location: Path, slides: int = 1, force: bool = False) -> None:
    harness = Harness(Exporter, location=str(location), force=force, pdf=False)
    for slide in range(1, slides + 1):
        harness.push(pages.page(slide, slide))
    harness.eos()


def abandon(location: Path, slides: int = 1, force: bool = False) -> None:
    harness = Harness(Exporter, location=str(location), force=force, pdf=False)
    for slide in range(1, slides + 1):
        harness.push(pages.page(slide, slide))
    harness.stage.stop()


def count(location: Path) -> int:
    return len(index.read(location).slides)


def test_an_older_result_is_refused_and_untouched(tmp_path: Path) -> None:
    finish(tmp_path / "out")
    with pytest.raises(OutputError, match="out' exists already; choose another folder, or say --force") as e:
        finish(tmp_path / "out", slides=2)
    assert e.value.exit_code == ExitCode.CANT_CREATE
    assert count(tmp_path / "out") == 1
    assert not (tmp_path / "out.partial").exists()


def test_an_older_result_is_replaced_by_force_only_when_the_new_one_is_complete(tmp_path: Path) -> None:
    finish(tmp_path / "out")
    harness = Harness(Exporter, location=str(tmp_path / "out"), force=True, pdf=False)
    for slide in (1, 2):
        harness.push(pages.page(slide, slide))
    assert count(tmp_path / "out") == 1
    harness.eos()
    assert count(tmp_path / "out") == 2
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out"]


def test_an_older_result_survives_a_forced_run_that_fails(tmp_path: Path) -> None:
    finish(tmp_path / "out")
    abandon(tmp_path / "out", slides=2, force=True)
    assert count(tmp_path / "out") == 1
    assert count(tmp_path / "out.partial") == 2


def test_somebodys_other_folder_is_not_replaced_even_by_force(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    with pytest.raises(OutputError, match="no result of slidetap; it is not replaced, even by force"):
        finish(tmp_path / "thesis", force=True)
    assert (tmp_path / "thesis" / "chapter1.tex").read_text() == "years of work"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out' is a file; a result is a folder"):
        finish(tmp_path / "out", force=True)


def test_slides_of_a_run_that_did_not_finish_are_kept_until_force_is_said(tmp_path: Path) -> None:
    abandon(tmp_path / "out", slides=2)
    with pytest.raises(OutputError, match="out.partial' is left of a run that did not finish.*--force"):
        finish(tmp_path / "out")
    assert count(tmp_path / "out.partial") == 2
    finish(tmp_path / "out", force=True)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out"]


def test_a_run_that_failed_before_its_first_slide_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    abandon(tmp_path / "out", slides=0)
    assert list(tmp_path.iterdir()) == []


def test_what_a_run_killed_before_its_first_slide_left_is_cleared_away(tmp_path: Path) -> None:
    pictures = tmp_path / "out.partial" / "slides"
    pictures.mkdir(parents=True)
    (pictures / ".slide-0001.png.tmp").write_bytes(b"half")
    (tmp_path / "out.partial" / "journal.sqlite").write_bytes(b"")
    finish(tmp_path / "out")
    assert count(tmp_path / "out") == 1


def test_a_partial_folder_is_cleared_away_only_without_a_picture(tmp_path: Path) -> None:
    final = tmp_path / "out"
    assert clear_away(final)
    (tmp_path / "out.partial" / "slides").mkdir(parents=True)
    (tmp_path / "out.partial" / "slides.json").write_text("{}")
    assert clear_away(final) and list(tmp_path.iterdir()) == []
    abandon(final)
    assert not clear_away(final) and count(tmp_path / "out.partial") == 1
    running = Harness(Exporter, location=str(tmp_path / "other"))
    with pytest.raises(OutputError, match="another run"):
        clear_away(tmp_path / "other")
    running.stage.stop()


def test_an_unrelated_partial_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="no result of slidetap; move it away"):
        finish(tmp_path / "out", force=True)
    assert (tmp_path / "out.partial" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("force", [False, True])
def test_a_second_run_into_the_same_folder_is_refused_while_the_first_one_writes(tmp_path: Path, force: bool) -> None:
    first = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    with pytest.raises(OutputError, match="out.partial' is being written by another run"):
        finish(tmp_path / "out", force=force)
    first.push(pages.page(1, 1))
    first.eos()
    assert count(tmp_path / "out") == 1


def test_a_result_that_appeared_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.push(pages.page(1, 1))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("")
    with pytest.raises(OutputError, match="exists already"):
        harness.eos()
    harness.stage.stop()
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["mine.txt"]
    assert count(tmp_path / "out.partial") == 1


def test_an_older_result_set_aside_by_a_killed_run_is_put_back(tmp_path: Path) -> None:
    finish(tmp_path / "out")
    os.rename(tmp_path / "out", tmp_path / "out.replaced")
    with pytest.raises(OutputError, match="exists already"):
        finish(tmp_path / "out")
    assert count(tmp_path / "out") == 1


def test_missing_parents_are_made(tmp_path: Path) -> None:
    finish(tmp_path / "lectures" / "2024" / "out")
    assert count(tmp_path / "lectures" / "2024" / "out") == 1


def test_a_parent_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file' is a file; a result cannot be put in it"):
        finish(tmp_path / "file" / "out")
    with pytest.raises(OutputError, match=r"cannot create '.*out.partial': Not a directory"):
        finish(tmp_path / "file" / "below" / "out")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    is_root = os.geteuid() == 0
    if is_root:  # root may write everywhere: be somebody else meanwhile
        os.seteuid(NOBODY)
    try:
        with pytest.raises(OutputError, match="Permission denied; choose a folder that can be written"):
            OutputFolder(str(tmp_path / "out"), force=False)
    finally:
        if is_root:
            os.seteuid(0)
        tmp_path.chmod(0o700)


def test_a_file_system_that_takes_no_folders_is_named() -> None:
    with pytest.raises(OutputError, match="cannot create '/proc/out.partial'"):
        OutputFolder("/proc/out", force=False)


def test_the_root_folder_is_no_result() -> None:
    with pytest.raises(OutputError, match="name a new one"):
        OutputFolder("/", force=True)


def test_asking_changes_nothing(tmp_path: Path) -> None:
    refuse_existing(tmp_path / "out", force=False)
    finish(tmp_path / "out")
    refuse_existing(tmp_path / "out", force=True)
    with pytest.raises(OutputError):
        refuse_existing(tmp_path / "out", force=False)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
