"""The folder of a result: it grows as DIR.partial under a lock and becomes DIR when all is done.

What is already there is never lost: DIR is replaced only on success and only if that was asked for. It knows
nothing of what the exporter writes, beyond telling a result from somebody's other folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from pipeline.errors import OutputError
from stages.durable import TMP_SUFFIX, sync_folder
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal
from stages.lecture import INDEX_NAME, PICTURES

EXPORT = "slidetap export"
RUN = "run"  # the journal's note that says which run a folder is of


def partial_of(final: Path) -> Path:
    """Where a result grows before it is complete."""
    return final.with_name(f"{final.name}.partial")


def refuse_existing(final: Path, force: bool) -> None:
    """Raises OutputError if a result may not be put at ``final``. Looks only; a command may ask before it starts."""
    if final.is_dir():
        if not force:
            raise OutputError(f"'{final}' exists already; choose another folder, or say --force to replace it")
        if not _is_result(final):
            raise OutputError(f"'{final}' holds files, but no result of slidetap; it is not replaced, even by force")
    elif os.path.lexists(final):
        raise OutputError(f"'{final}' is a file; a result is a folder, choose another name")


def clear_away(final: Path) -> bool:
    """Remove the partial folder of ``final`` if its run ended before the first picture; whether it is gone.

    For the command, once all processes have ended. Raises OutputError if a run writes in it.
    """
    partial = partial_of(final)
    try:
        lock = Lock(partial)
    except FileNotFoundError:
        return True
    try:
        if not _holds_nothing(partial):
            return False
        shutil.rmtree(partial)
    finally:
        lock.release()
    return True


class Lock:
    """Held on a folder by the one process that may write in it; the kernel lets go of it when the process dies."""

    def __init__(self, folder: Path) -> None:
        """Raises OutputError if another process holds it, OSError if the folder is not there."""
        self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            os.close(self._handle)
            raise OutputError(f"'{folder}' is being written by another run; choose another folder") from e

    def holds(self, folder: Path) -> bool:
        """Whether the locked folder is still the one of that name."""
        try:
            return os.path.samestat(os.fstat(self._handle), os.stat(folder))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go of it."""
        os.close(self._handle)


class OutputFolder:
    """A claimed DIR.partial: ``path`` is where to write, ``final`` what it will be.

    ``complete``: an earlier process of the same run had finished, and nothing is to be done; ``path`` is ``final``.
    """

    def __init__(self, location: str, force: bool, run: str = "", resume: bool = False) -> None:
        """Claim it. Raises OutputError naming what is in the way and what to do.

        ``resume``: go on with what another process of ``run`` has left; its journal says whose it is by the note RUN.
        """
        self.final = Path(location).resolve()
        if not self.final.name:
            raise OutputError(f"'{location}' cannot be a result's folder; name a new one")
        self.path = partial_of(self.final)
        self.complete = False
        self._aside = self.final.with_name(f"{self.final.name}.replaced")
        self._force = force
        self._mine = run if resume else ""
        self._lock: Lock | None = None
        try:
            self._recover()
            if self._is_mine(self.final):
                self.path, self.complete = self.final, True
                shutil.rmtree(self._aside, ignore_errors=True)
                return
            refuse_existing(self.final, force)
            if self.path.parent.is_file():
                raise OutputError(f"'{self.path.parent}' is a file; a result cannot be put in it")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._claim()
            (self.path / PICTURES).mkdir(exist_ok=True)
            sync_folder(self.path)
        except OSError as e:
            raise OutputError(f"cannot create '{self.path}': {e.strerror}; choose a folder that can be written") from e

    def promote(self) -> None:
        """Everything is written: ``path`` becomes ``final``. Raises OutputError; then both are as they were."""
        refuse_existing(self.final, self._force)
        try:
            sync_folder(self.path)
            replaced = self.final.exists()
            if replaced:
                shutil.rmtree(self._aside, ignore_errors=True)
                os.rename(self.final, self._aside)
            try:
                os.rename(self.path, self.final)
            except OSError:
                if replaced:
                    os.rename(self._aside, self.final)
                raise
            sync_folder(self.final.parent)
        except OSError as e:
            raise OutputError(
                f"cannot rename '{self.path}' to '{self.final}': {e.strerror}; the result is complete where it is"
            ) from e
        if replaced:
            shutil.rmtree(self._aside, ignore_errors=True)

    def release(self) -> None:
        """Let other runs have the name. A partial folder without a picture is removed; call it last."""
        if self._lock is None:
            return
        if self._lock.holds(self.path) and _holds_nothing(self.path):
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()
        self._lock = None

    def _recover(self) -> None:
        """A process killed between the two renames of ``promote`` left the old result aside: put it back."""
        if self._aside.is_dir() and not os.path.lexists(self.final):
            os.rename(self._aside, self.final)

    def _is_mine(self, folder: Path) -> bool:
        if not self._mine or not (folder / JOURNAL_NAME).is_file():
            return False
        try:
            with Journal(folder / JOURNAL_NAME) as journal:
                return journal.notes().get(RUN) == self._mine
        except OutputError:
            return False  # it was killed before the journal had tables, or this is somebody else's file

    def _claim(self) -> Lock:
        while True:
            try:
                self.path.mkdir()
            except FileExistsError:
                if not self.path.is_dir():
                    raise
            try:
                lock = Lock(self.path)
            except FileNotFoundError:  # the other run has just finished with it
                continue
            if not lock.holds(self.path):
                lock.release()
                continue
            if not any(self.path.iterdir()) or self._is_mine(self.path):
                return lock
            try:
                self._refuse_stale()
                shutil.rmtree(self.path)
            finally:
                lock.release()

    def _refuse_stale(self) -> None:
        if _holds_nothing(self.path):
            return
        if not _is_result(self.path):
            raise OutputError(f"'{self.path}' holds files, but no result of slidetap; move it away")
        if not self._force:
            raise OutputError(
                f"'{self.path}' is left of a run that did not finish; its slides are in it ('{EXPORT} DIR' lists "
                "them): move it away, or say --force to delete it"
            )


def _is_result(folder: Path) -> bool:
    return (folder / JOURNAL_NAME).is_file() or not any(folder.iterdir())


def _holds_nothing(folder: Path) -> bool:
    """Whether a run ended in ``folder`` before it had written its first picture."""
    ours = {PICTURES, INDEX_NAME, JOURNAL_NAME, f"{JOURNAL_NAME}-wal", f"{JOURNAL_NAME}-shm", f"{JOURNAL_NAME}-journal"}
    if not {entry.name for entry in folder.iterdir()} <= ours:
        return False
    pictures = folder / PICTURES
    return not pictures.is_dir() or all(entry.suffix == TMP_SUFFIX for entry in pictures.iterdir())
