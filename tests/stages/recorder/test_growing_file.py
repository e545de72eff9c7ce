"""The file a muxer writes to: it knows its size, keeps its error, and is for one person alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from stages.recorder.growing_file import GrowingFile


def test_it_knows_its_size_also_after_going_back(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "a")
    file.write(b"0123456789")
    file.seek(2)
    file.write(b"ab")
    assert (file.tell(), file.size) == (4, 10)
    file.close()
    assert (tmp_path / "a").read_bytes() == b"01ab456789"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_an_older_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        GrowingFile(tmp_path / "a")


def test_a_write_that_fails_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = GrowingFile(tmp_path / "a")

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        file.write(b"x")
    assert file.failed and file.size == 0
    file.close()


def test_what_is_written_in_pieces_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = GrowingFile(tmp_path / "a")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    file.write(b"0123456789")
    file.close()
    assert (tmp_path / "a").read_bytes() == b"0123456789"
