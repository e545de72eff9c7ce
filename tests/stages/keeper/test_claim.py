"""One daemon for a folder of lectures."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import pytest
from lecture_room import Room

from pipeline.errors import OutputError, ServiceError
from stages.keeper.claim import claim
from stages.lecture import lectures


def test_a_second_daemon_takes_no_lecture_from_the_first(room: Room) -> None:
    room.play()
    room.keeper.command("start", {"title": "hall a"})
    other = Room(room.root)
    with pytest.raises(ServiceError, match="give each daemon a folder of its own"):
        other.play()
    assert [lecture.state for lecture in lectures(room.root)] == ["open"]


def test_when_it_has_ended_another_may_have_the_folder(room: Room) -> None:
    room.play()
    room.keeper.end()
    other = Room(room.root)
    other.play()
    other.keeper.end()


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        claim(tmp_path / "file")


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(handle: int, operation: int) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")  # as NFS answers

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OutputError, match="on a disk of this machine"):
        claim(tmp_path)
