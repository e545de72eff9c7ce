from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pipeline.errors import WriteError
from stages.durable import may_pass, replacing, write_bytes
from stages.journal import Journal


def test_a_file_replaces_an_older_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_temporary_file_of_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".a.png.tmp").write_bytes(b"half")
    write_bytes(tmp_path / "a.png", b"whole")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("a.png", b"whole")]


def test_a_write_that_fails_leaves_the_older_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_bytes(path, b"old")
    with pytest.raises(WriteError, match=r"a.png': No space left on device; .* MiB are free"), replacing(path) as tmp:
        tmp.write_bytes(b"half of the n")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(handle: int) -> None:
        steps.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        fsync(handle)

    def watched_replace(old: Path, new: Path) -> None:
        steps.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    write_bytes(tmp_path / "a.png", b"x")
    assert steps == [".a.png.tmp", "rename", tmp_path.name]


def test_a_folder_that_went_away_is_a_write_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="No such file or directory"):
        write_bytes(tmp_path / "gone" / "a.png", b"x")


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o750, 0o640), (0o755, 0o644)])
def test_a_file_is_no_more_open_than_its_folder(tmp_path: Path, folder: int, file: int) -> None:
    tmp_path.chmod(folder)
    before = os.umask(0o022)
    try:
        write_bytes(tmp_path / "a.png", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == file


@pytest.mark.parametrize(
    ("number", "waits"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EROFS, False), (errno.EIO, False)]
)
def test_only_a_lack_of_room_is_worth_waiting_for(tmp_path: Path, number: int, waits: bool) -> None:
    with pytest.raises(WriteError) as failed, replacing(tmp_path / "a"):
        raise OSError(number, os.strerror(number))
    assert may_pass(failed.value) is waits
    assert not may_pass(WriteError("a picture that is too large"))


def test_a_journal_that_is_full_or_in_use_is_worth_waiting_for(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", create=True) as journal, Journal(tmp_path / "j") as other:
        other._db.execute("PRAGMA busy_timeout = 0")
        with journal.transaction(), pytest.raises(WriteError) as failed:
            other.note("a", 1)
        assert may_pass(failed.value)
