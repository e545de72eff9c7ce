"""Files that are either wholly there or not there at all, also after a power cut. A shared room of the stages.

Used for pictures, exports and whatever else a lecture's folder keeps. It knows nothing of what is in the files.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import WriteError

TMP_SUFFIX = ".tmp"

_FULL = (errno.ENOSPC, errno.EDQUOT)
_SQLITE_FULL = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
)


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``path`` at once: a temporary file beside it, fsync, rename, fsync of the folder.

    Raises WriteError; then the temporary file is gone and an older ``path`` is as it was.
    """
    with replacing(path) as tmp, open(tmp, "xb") as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give out a temporary path to write to; at the end of the block it durably becomes ``path``.

    Raises WriteError if anything in the block or the renaming fails with an OSError. After any exception the
    temporary file is gone and an older ``path`` is as it was.
    """
    tmp = path.with_name(f".{path.name}{TMP_SUFFIX}")
    try:
        tmp.unlink(missing_ok=True)  # of a process that was killed here
        yield tmp
        os.chmod(tmp, stat.S_IMODE(tmp.stat().st_mode) & mode_in(path.parent))
        _sync(tmp)
        os.replace(tmp, path)
        sync_folder(path.parent)
    except OSError as e:
        raise write_error(path, e) from e
    finally:
        try:
            tmp.unlink(missing_ok=True)
        except OSError:
            pass  # the folder itself is gone or read-only: the error under way says so


def mode_in(folder: Path) -> int:
    """The widest mode of a file in ``folder``: what is in a folder for one person alone is for that person alone."""
    return stat.S_IMODE(folder.stat().st_mode) & 0o666


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` survive a power cut. Raises OSError."""
    _sync(folder)


def write_error(path: Path, cause: Exception) -> WriteError:
    """The error for a write to ``path`` that failed, with the free space and what to do."""
    if isinstance(cause, OSError) and cause.errno == errno.EDQUOT:
        advice = "the disk quota is used up; "
    elif isinstance(cause, OSError) and cause.errno == errno.EFBIG:
        advice = "the file is larger than the limit allows (ulimit -f); "
    else:
        advice = ""
    what = cause.strerror or str(cause) if isinstance(cause, OSError) else str(cause)
    return WriteError(f"cannot write '{path}': {what}; {advice}{_free_space(path)}")


def may_pass(error: WriteError) -> bool:
    """Whether the same write may succeed later: there was no room, or another process was writing."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        return cause.errno in _FULL
    # SQLite maps its memory from a file, and says so in ways of its own when there is no room for that.
    return isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF in _SQLITE_FULL


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _free_space(path: Path) -> str:
    for folder in path.parents:
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            continue
        return f"{free / 2**20:.1f} MiB are free in '{folder}'"
    return "the free space is unknown"
