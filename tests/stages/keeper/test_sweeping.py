"""Old recordings go, a piece a turn, and the journal says so."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from lecture_room import Room, S

from stages.journal import SegmentRow
from stages.keeper import sweeping
from stages.keeper.endings import close
from stages.keeper.retention import Removal
from stages.lecture import create, opened

DAY = 86_400 * S


def finished(room: Room, days_ago: int, *sizes: int) -> Path:
    """A lecture with segments of these sizes and one slide's picture."""
    wall_ns = room.wall - days_ago * DAY
    folder = create(room.root, f"{days_ago} days ago", wall_ns)
    (folder / "slides" / "slide-0001.png").write_bytes(b"x" * 100)
    with opened(folder) as journal:
        for number, size in enumerate(sizes):
            file = f"segments/{number}.mp4"
            (folder / file).write_bytes(b"x" * size)
            journal.open_segment(SegmentRow(file, 0, number * S, (number + 1) * S, wall_ns, size, "complete"))
        journal.note("finished", {})
    close(folder, wall_ns)
    return folder


def segments(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "segments").iterdir())


def swept(room: Room) -> None:
    for _ in range(30):
        room.wait(0.1)


def test_without_room_the_oldest_recording_goes_first_and_slides_stay(room: Room) -> None:
    old, new = finished(room, 2, 1000, 1000), finished(room, 1, 1000)
    room.start({"free_floor_gib": 1})
    room.free = 2**30 - 1500
    room.play()
    swept(room)
    assert (segments(old), segments(new)) == ([], ["0.mp4"])
    assert (old / "slides" / "slide-0001.png").exists()
    with opened(old) as journal:
        assert [row.state for row in journal.segments()] == ["deleted", "deleted"]
        assert [event.text for event in journal.events() if event.kind == "removed"] == [
            f"segments/{number}.mp4: less than 1 GiB were free on the disk" for number in (0, 1)
        ]
    assert sum(text.startswith("removed 'segments/") for text in room.said) == 2


def test_the_lecture_that_is_open_keeps_everything(room: Room) -> None:
    room.start({"free_floor_gib": 1})
    room.play()
    room.keeper.command("start", {})
    folder = room.root / room.name
    (folder / "segments" / "0.mp4").write_bytes(b"x")
    with opened(folder) as journal:
        journal.open_segment(SegmentRow("segments/0.mp4", 0, 0, S, room.wall, 1, "complete"))
    room.free = 0
    room.wait(61)
    swept(room)
    assert segments(folder) == ["0.mp4"]


def test_too_old_a_lecture_goes_with_its_slides(room: Room) -> None:
    old, new = finished(room, 31, 10), finished(room, 29, 10)
    room.start({"keep_days": 30, "free_floor_gib": 0})
    room.play()
    swept(room)
    assert [path.name for path in room.root.iterdir()] == [new.name]
    assert any(text == f"removed lecture '{old.name}': older than 30 days" for text in room.said)


def test_a_removal_that_was_cut_off_is_completed(room: Room) -> None:
    old = finished(room, 3, 10)
    old.rename(room.root / f".removed-{old.name}")
    room.start({})
    room.play()
    swept(room)
    assert list(room.root.iterdir()) == []


def test_it_looks_once_a_minute(room: Room) -> None:
    old = finished(room, 2, 1000)
    room.start({"free_floor_gib": 1})
    room.play()
    swept(room)
    room.free = 0
    room.wait(50)
    assert segments(old) == ["0.mp4"]
    room.wait(10)
    swept(room)
    assert segments(old) == []


def test_folders_that_are_no_lectures_are_left_alone(room: Room) -> None:
    other = room.root / "holiday"
    other.mkdir(parents=True)
    (other / "photo.jpg").write_bytes(b"x" * 10)
    room.start({"keep_days": 1, "keep_gib": 0.000001})
    room.free = 0
    room.play()
    swept(room)
    assert (other / "photo.jpg").exists()


def test_what_cannot_be_removed_holds_up_nothing_else(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = finished(room, 2, 1000), finished(room, 1, 1000)
    remove, tried = sweeping.remove, list[str]()

    def refused(root: Path, removal: Removal, wall_ns: int) -> None:
        tried.append(removal.lecture)
        if removal.lecture == old.name:  # as if root had brought it back from a backup
            raise PermissionError(errno.EACCES, "Permission denied")
        remove(root, removal, wall_ns)

    monkeypatch.setattr(sweeping, "remove", refused)
    room.start({"free_floor_gib": 1})
    room.free = 2**30 - 500  # the oldest alone would be enough
    room.play()
    swept(room)
    room.wait(60)
    swept(room)
    assert (segments(old), segments(new)) == (["0.mp4"], [])
    assert tried == [old.name, new.name]
    assert [text for text in room.said if "cannot be removed" in text] == [
        f"lecture '{old.name}' cannot be removed: Permission denied"
    ]
    room.wait(3600)
    swept(room)
    assert tried[2:] == [old.name], "it is tried again an hour later"


def test_a_removal_that_cannot_be_completed_holds_up_nothing_else(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, old = finished(room, 3, 10), finished(room, 31, 10)
    gone = room.root / f".removed-{stuck.name}"
    stuck.rename(gone)
    rmtree = shutil.rmtree

    def refused(path: Path) -> None:
        if path == gone:
            raise PermissionError(errno.EACCES, "Permission denied")
        rmtree(path)

    monkeypatch.setattr(shutil, "rmtree", refused)
    room.start({"keep_days": 30})
    room.play()
    swept(room)
    assert not old.exists()
