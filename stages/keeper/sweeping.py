"""Keeping lectures within their limits: once a minute a look at all of them, a piece a turn; ``retention`` decides.

A segment's file goes first and its row says so afterwards: killed in between, the next look does it again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from pipeline.daemon.keeper import News
from pipeline.errors import OutputError
from stages.durable import sync_folder
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.keeper.endings import last_known_ns
from stages.keeper.retention import HeldFile, HeldLecture, Limits, Removal, plan
from stages.lecture import CLOSED, looked_at, opened

_EVERY_NS = 60 * 10**9
_STUCK_NS = 3600 * 10**9  # before a lecture that could not be removed is tried again
_REMOVED = ".removed-"
_DELETED = "deleted"


class Sweeping:
    """Of the lectures in ``root``. ``free``: bytes that are free where a path is. Raises nothing."""

    def __init__(self, root: Path, free: Callable[[Path], int]) -> None:
        self.root = root
        self._free = free
        self._begun_ns: int | None = None
        self._steps: Iterator[News | None] | None = None
        self._stuck: dict[str, int] = {}  # lectures that could not be removed, and when that was tried

    def turn(self, now_ns: int, wall_ns: int, limits: Limits, busy: Collection[str]) -> News | None:
        """Do the next piece; a sentence about what was removed, or why it could not be."""
        if self._steps is None:
            if self._begun_ns is not None and now_ns - self._begun_ns < _EVERY_NS:
                return None
            self._begun_ns = now_ns
            self._stuck = {name: at_ns for name, at_ns in self._stuck.items() if now_ns - at_ns < _STUCK_NS}
            self._steps = self._sweep(now_ns, wall_ns, limits, {*busy, *self._stuck})
        try:
            return next(self._steps)
        except StopIteration:
            self._steps = None
        except OSError as e:
            self._steps = None
            return News(f"old lectures cannot be removed from '{self.root}': {e.strerror or e}", trouble=True)
        return None

    def _sweep(self, now_ns: int, wall_ns: int, limits: Limits, busy: Collection[str]) -> Iterator[News | None]:
        if not self.root.is_dir() or limits == Limits():
            return
        for left in self.root.glob(f"{_REMOVED}*"):
            try:
                shutil.rmtree(left)
            except OSError as e:
                yield News(f"'{left}' cannot be removed: {e.strerror or e}", trouble=True)
            yield None
        held: list[HeldLecture] = []
        for folder in sorted(self.root.iterdir()):
            lecture = look(folder, busy)
            if lecture is not None:
                held.append(lecture)
            yield None
        for removal in plan(held, self._free(self.root), limits, wall_ns):
            if removal.lecture in self._stuck:
                continue
            try:
                remove(self.root, removal, wall_ns)
            except (OSError, OutputError) as e:
                # The next sweep plans without it: its bytes do not come free.
                self._stuck[removal.lecture] = now_ns
                why = e.strerror or str(e) if isinstance(e, OSError) else str(e)
                yield News(f"lecture '{removal.lecture}' cannot be removed: {why}", trouble=True)
                continue
            what = (
                f"'{removal.file}' of lecture '{removal.lecture}'" if removal.file else f"lecture '{removal.lecture}'"
            )
            yield News(f"removed {what}: {removal.why}")


def look(folder: Path, busy: Collection[str]) -> HeldLecture | None:
    """What a lecture takes; None for a folder that is none or cannot be read, which is left alone. Raises OSError."""
    if folder.name.startswith(".") or not (folder / JOURNAL_NAME).is_file():
        return None
    try:
        facts = looked_at(folder)
        with opened(folder) as journal:
            rows = [row for row in journal.segments() if row.state != _DELETED]
    except OutputError:
        return None
    sizes = _sizes(folder)
    segments = tuple(HeldFile(row.file, sizes.pop(row.file, 0)) for row in rows)
    is_busy = facts.state != CLOSED or folder.name in busy
    return HeldLecture(folder.name, is_busy, facts.ended_wall_ns or facts.begun_wall_ns, segments, sum(sizes.values()))


def remove(root: Path, removal: Removal, wall_ns: int) -> None:
    """Do it, and write it down. Raises OSError, OutputError."""
    folder = root / removal.lecture
    if not removal.file:
        gone = root / f"{_REMOVED}{removal.lecture}"
        folder.rename(gone)
        sync_folder(root)
        shutil.rmtree(gone)
        return
    (folder / removal.file).unlink(missing_ok=True)
    with opened(folder) as journal, journal.transaction():
        for row in journal.segments():
            if row.file == removal.file:
                journal.update_segment(row.id, state=_DELETED)
        journal.add_event(last_known_ns(journal), wall_ns, "removed", f"{removal.file}: {removal.why}")


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file in it, by its path from there."""
    found: dict[str, int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            try:
                found[str(path.relative_to(folder))] = path.lstat().st_size
            except FileNotFoundError:
                continue  # renamed meanwhile, as growing files are
    return found
