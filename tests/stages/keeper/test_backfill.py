"""Gaps are filled from the recording: for real, with a lecture whose analysis was down in the middle."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, DataError
from stages.journal import Journal, SegmentRow
from stages.keeper.backfill import Filled, backfill, convert_file
from stages.keeper.endings import close
from stages.keeper.finishing import main
from stages.lecture import create, opened

S = 10**9
MAKE_LECTURE = Path(__file__).parents[3] / "scripts" / "make_lecture"
SMALL = (
    "--size",
    "320x180",
    "--fps",
    "10",
    "--duration",
    "24",
    "--slides",
    "4",
    "--no-film",
    "--no-pointer",
    "--quiet",
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A video, and what converting it undisturbed gives."""
    base = tmp_path_factory.mktemp("recorded")
    video = base / "lecture.mp4"
    subprocess.run([sys.executable, MAKE_LECTURE, video, *SMALL], check=True, timeout=60)
    convert_file(video, base / "result")
    return video, base / "result"


def with_a_gap(root: Path, recorded: tuple[Path, Path], gap: tuple[int, int]) -> Path:
    """The undisturbed result as a lecture, 100 s later, without what was first seen in the gap."""
    video, result = recorded
    folder = create(root, "Analysis", 0)
    shutil.copy(video, folder / "segments" / "a.mp4")
    start, end = ((100 + second) * S for second in gap)
    with opened(folder) as journal, Journal(result / "journal.sqlite") as whole:
        journal.open_segment(SegmentRow("segments/a.mp4", 0, 100 * S, 124 * S, 0, 1, "complete"))
        journal.close_gap(journal.open_gap("analysis", start, "bgsub: signal 9"), end)
        shown = whole.visits()
        for slide in whole.slides():
            outside = [
                each for each in shown if each.slide == slide.id and not start <= each.start_pts_ns + 100 * S < end
            ]
            if outside:
                shutil.copy(result / slide.file, folder / slide.file)
                journal.add_slide(slide)
            for each in outside:
                visit = journal.open_visit(each.slide, 0, each.start_pts_ns + 100 * S)
                journal.end_visit(visit, (each.end_pts_ns or 0) + 100 * S)
    return folder


def test_slides_that_were_missed_appear_at_their_place(recorded: tuple[Path, Path], tmp_path: Path) -> None:
    folder = with_a_gap(tmp_path, recorded, (8, 16))
    with opened(folder) as journal, Journal(recorded[1] / "journal.sqlite") as whole:
        before, wanted = len(journal.slides()), len(whole.slides())
        begins = sorted(visit.start_pts_ns / S + 100 for visit in whole.visits())
    assert before < wanted, "the gap hides a slide"
    assert backfill(folder) == Filled(1, wanted - before)
    with opened(folder) as journal:
        assert len(journal.slides()) == wanted
        found = sorted(visit.start_pts_ns / S for visit in journal.visits())
        assert journal.gaps()[0].filled
    for begin in begins:
        assert min(abs(begin - each) for each in found) < 0.3
    assert not (folder / ".backfill").exists()
    assert backfill(folder) == Filled(0, 0)


@pytest.mark.parametrize(("kind", "segment"), [("source", None), ("source", (5, 12)), ("analysis", (9.8, 12))])
def test_a_gap_without_a_recording_stays_one(
    kind: str, segment: tuple[float, float] | None, recorded: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = create(tmp_path, "Analysis", 0)
    shutil.copy(recorded[0], folder / "segments" / "a.mp4")
    with opened(folder) as journal:
        journal.close_gap(journal.open_gap(kind, 0, "lost"), 10 * S)
        if segment is not None:
            start, end = (round(second * S) for second in segment)
            journal.open_segment(SegmentRow("segments/a.mp4", 0, start, end, 0, 1, "complete"))
    assert backfill(folder) == Filled(0, 0)
    with opened(folder) as journal:
        assert not journal.gaps()[0].filled


def test_a_recording_without_a_picture_fills_its_gap_with_nothing_and_holds_up_no_other(
    recorded: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = with_a_gap(tmp_path, recorded, (8, 16))
    with opened(folder) as journal:
        journal.close_gap(journal.open_gap("analysis", 101 * S, "bgsub: signal 9"), 104 * S)
    asked: list[Path] = []

    def convert(video: Path, result: Path) -> None:
        asked.append(video)
        raise DataError(f"'{video}': no picture in it could be decoded")

    assert backfill(folder, convert) == Filled(2, 0)
    assert len(asked) == 2
    with opened(folder) as journal:
        assert all(gap.filled for gap in journal.gaps())


def test_finishing_fills_exports_and_notes_that_it_is_done(
    recorded: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.nice", lambda by: by)  # of this process it would be for ever
    monkeypatch.setattr("ctypes.CDLL", lambda name: _Library())
    folder = with_a_gap(tmp_path, recorded, (8, 16))
    close(folder, 0)
    assert main([str(folder), "--backfill", "--json", "--pdf"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 gap filled, ")
    assert {path.name for path in folder.glob("slides.*")} == {"slides.json", "slides.pdf"}
    assert len(json.loads((folder / "slides.json").read_text())["slides"]) == len(list((folder / "slides").iterdir()))
    with opened(folder) as journal:
        assert "finished" in journal.notes()


def test_finishing_looks_for_the_presenter_as_it_is_told_to(
    recorded: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.nice", lambda by: by)
    monkeypatch.setattr("ctypes.CDLL", lambda name: _Library())
    asked: list[object] = []

    def convert(video: Path, result: Path, segmentation: object = None) -> None:
        asked.append(segmentation)
        raise DataError(f"'{video}': no picture in it could be decoded")

    monkeypatch.setattr("stages.keeper.backfill.convert_file", convert)
    for arguments in (["--segmentation", '{"model": "mine.onnx"}'], []):
        folder = with_a_gap(tmp_path, recorded, (8, 16))
        close(folder, 0)
        assert main([str(folder), "--backfill", *arguments]) == 0
    assert asked == [{"model": "mine.onnx"}, None]


def test_a_recording_is_converted_with_the_segmentation_it_is_given(
    recorded: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"there is no model 'no\.onnx'"):
        convert_file(recorded[0], tmp_path / "result", {"model": "no.onnx"})


class _Library:
    """The C library, but for this process's wish to die with its parent."""

    def prctl(self, option: int, *values: int) -> int:
        return 0 if option == _PR_SET_PDEATHSIG else int(_LIBRARY.prctl(option, *values))


_PR_SET_PDEATHSIG = 1
_LIBRARY = ctypes.CDLL(None)
