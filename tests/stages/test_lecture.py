from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import OutputError, WriteError
from stages import lecture
from stages.journal import FILE_NAME, Journal, SegmentRow, SlideRow

BEGUN = 1_795_000_000_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "lectures"


def local(wall_ns: int) -> str:
    return time.strftime("%Y-%m-%d_%H%M", time.localtime(wall_ns // 10**9))


def test_a_lecture_is_a_folder_for_one_person_with_an_open_journal(root: Path) -> None:
    folder = lecture.create(root, "Analysis II: Größe & Maß", BEGUN)
    assert folder == root / f"{local(BEGUN)}_analysis-ii-grosse-mass"
    assert {entry.stat().st_mode & 0o777 for entry in (root, folder, folder / "slides", folder / "segments")} == {0o700}
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600
    with lecture.opened(folder) as journal:
        assert journal.notes() == {
            "lecture": {"name": folder.name, "title": "Analysis II: Größe & Maß", "begun_wall_ns": BEGUN},
            "state": "open",
        }


def test_two_of_one_minute_and_title_have_folders_of_their_own(root: Path) -> None:
    names = [lecture.create(root, "", BEGUN).name for _ in range(3)]
    assert names == [local(BEGUN), f"{local(BEGUN)}-2", f"{local(BEGUN)}-3"]


def test_a_title_cannot_leave_the_folder_of_lectures(root: Path) -> None:
    assert lecture.create(root, "../../etc/passwd\n" + "x" * 300, BEGUN).parent == root


def test_lectures_are_listed_oldest_first_with_what_their_journals_say(root: Path) -> None:
    late = lecture.create(root, "late", BEGUN + 10**12)
    early = lecture.create(root, "early", BEGUN)
    with lecture.opened(early) as journal:
        journal.add_slide(SlideRow(1, "slides/slide-0001.png", 10, "", 64, 36, "ff", 0, 5))
        journal.open_segment(SegmentRow("segments/a.mp4", 0, 0, 60, 0, 1000, "complete"))
        journal.open_segment(SegmentRow("segments/b.mp4", 0, 60, 90, 0, 500, "deleted"))
        journal.note(lecture.STATE, lecture.CLOSED)
        journal.note(lecture.ENDED, BEGUN + 5)
    assert lecture.lectures(root) == [
        lecture.Lecture(early.name, early, "early", "closed", BEGUN, BEGUN + 5, 1, 1000),
        lecture.Lecture(late.name, late, "late", "open", BEGUN + 10**12, None, 0, 0),
    ]


def test_a_journal_that_cannot_be_read_is_listed_with_the_size_of_its_segments(root: Path) -> None:
    folder = lecture.create(root, "x", BEGUN)
    (folder / FILE_NAME).write_bytes(b"no journal" * 1000)
    (folder / "segments" / "a.mp4").write_bytes(bytes(123))
    (found,) = lecture.lectures(root)
    assert (found.name, found.state, found.segment_bytes) == (folder.name, "unreadable", 123)


def test_other_folders_are_no_lectures(root: Path) -> None:
    assert lecture.lectures(root) == []
    (root / "other").mkdir(parents=True)
    (root / "converted").mkdir()
    Journal(root / "converted" / FILE_NAME, create=True).close()
    assert lecture.lectures(root) == []
    with pytest.raises(OutputError, match="result of a conversion"):
        lecture.looked_at(root / "converted")
    with pytest.raises(OutputError, match="is no folder"):
        lecture.opened(root / "gone")


def test_one_that_is_being_removed_is_listed_no_more(root: Path) -> None:
    folder = lecture.create(root, "Analysis", BEGUN)
    folder.rename(root / f".removed-{folder.name}")
    assert lecture.lectures(root) == []


def test_a_root_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot create a lecture in .*file"):
        lecture.create(tmp_path / "file", "x", BEGUN)


def test_without_room_for_the_journal_there_is_no_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Journal, key: str, value: object) -> None:
        raise WriteError("no room")

    monkeypatch.setattr(Journal, "note", full)
    with pytest.raises(WriteError, match="no room"):
        lecture.create(root, "x", BEGUN)
    assert list(root.iterdir()) == []


def test_looking_at_lectures_loads_nothing_heavy() -> None:
    code = "import sys, stages.lecture; print(*({'av', 'cv2', 'PIL', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
