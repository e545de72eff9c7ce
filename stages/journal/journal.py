"""The open journal: transactions, notes, slides, visits and captures. What only lectures have is in ``live``,
what only slides with a presenter have in ``presenter``.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Self

from pydantic import JsonValue

from pipeline.errors import OutputError
from stages.durable import mode_in, write_error
from stages.journal.live import LiveTables
from stages.journal.presenter import PresenterTables
from stages.journal.rows import CaptureRow, SlideRow, VisitRow
from stages.journal.schema import SCHEMA_VERSION, steps_from
from stages.journal.trace import TraceTable

FILE_NAME = "journal.sqlite"
BUSY_TIMEOUT_S = 5.0


class Journal(LiveTables, PresenterTables, TraceTable):
    """An open journal. Every method raises WriteError when SQLite cannot write, OutputError when it cannot read.

    One process may have it open while others write; each call, or each ``transaction``, is one short transaction.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open ``path``, and bring an older one up to date.

        Raises OutputError if it is missing (unless ``create``), no journal, or of a version that is not known.
        """
        self.path = path
        if not create and not path.is_file():
            raise OutputError(f"'{path}' does not exist: the folder is not a result of slidetap")
        if create:
            self._take_mode()
        with self._guard():
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            with self._guard():
                self._prepare(create)
        except BaseException:
            self._db.close()
            raise

    def _take_mode(self) -> None:
        """SQLite gives its -wal and -shm the mode of the file, so that is what has to be right."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode_in(self.path.parent)))
        except FileExistsError:
            pass
        except OSError as e:
            raise write_error(self.path, e) from e

    def _prepare(self, create: bool) -> None:
        self._db.execute("PRAGMA foreign_keys = ON")
        if self._version() != SCHEMA_VERSION:
            self._bring_up_to_date(create)
        if create:
            self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")

    def _bring_up_to_date(self, create: bool) -> None:
        with self._transaction():
            version = self._version()  # another process may have been quicker
            if version == SCHEMA_VERSION:
                return
            is_new = create and version == 0 and not self._rows("SELECT 1 FROM sqlite_schema")
            if not is_new and not 0 < version < SCHEMA_VERSION:
                raise OutputError(
                    f"'{self.path}' is a journal of version {version}; this slidetap reads version {SCHEMA_VERSION}"
                )
            for statement in steps_from(version):
                self._db.execute(statement)

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    # -- writing --

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block becomes durable together, or not at all."""
        with self._guard(), self._transaction():
            yield

    def note(self, key: str, value: JsonValue) -> None:
        """Keep one fact about the whole run; an older one of the same key is replaced."""
        self._write("INSERT OR REPLACE INTO note VALUES (?, ?)", (key, _text(value)))

    def add_slide(self, row: SlideRow) -> None:
        """A slide whose picture is on disk already."""
        self._write("INSERT INTO slide VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(row))

    def update_slide(self, row: SlideRow) -> None:
        """The slide of this id has another picture, which is on disk already."""
        self._write(
            "UPDATE slide SET file = ?, bytes = ?, sha256 = ?, width_px = ?, height_px = ?, hash = ?, epoch = ?,"
            " picture_pts_ns = ?, wall_ns = ?, version = ? WHERE id = ?",
            (*astuple(row)[1:], row.id),
        )

    def add_state(self, row: SlideRow) -> None:
        """What a slide was until now, and whose picture is kept; its own row is to say what it is."""
        self._write("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(row))

    def add_capture(self, row: CaptureRow) -> None:
        """A capture of a visit."""
        trigger, dedup = _text(dict(row.trigger)), _text(dict(row.dedup))
        values = (row.epoch, row.pts_ns, row.visit, row.decision, trigger, dedup, row.wall_ns)
        self._write("INSERT INTO capture VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def open_visit(self, slide: int, epoch: int, start_pts_ns: int) -> int:
        """Begin a visit; returns its id."""
        return self._write(
            "INSERT INTO visit (slide, epoch, start_pts_ns) VALUES (?, ?, ?)", (slide, epoch, start_pts_ns)
        )

    def end_visit(self, visit: int, end_pts_ns: int | None) -> None:
        """Set the end of a visit; None opens it again."""
        self._write("UPDATE visit SET end_pts_ns = ? WHERE id = ?", (end_pts_ns, visit))

    def move_visit(self, visit: int, start_pts_ns: int, end_pts_ns: int | None) -> None:
        """When it was is known better now: a gap beside it was filled."""
        values = (start_pts_ns, end_pts_ns, visit)
        self._write("UPDATE visit SET start_pts_ns = ?, end_pts_ns = ? WHERE id = ?", values)

    def merge_visit(self, visit: int, into: int) -> None:
        """It was a part of another one. Call it in a transaction."""
        self._write("UPDATE capture SET visit = ? WHERE visit = ?", (into, visit))
        self._write("DELETE FROM visit WHERE id = ?", (visit,))

    # -- reading --

    def notes(self) -> dict[str, JsonValue]:
        """All facts about the whole run."""
        return {key: json.loads(value) for key, value in self._rows("SELECT key, value FROM note")}

    def has_capture(self, epoch: int, pts_ns: int) -> bool:
        """Whether this capture is in the journal already."""
        return bool(self._rows("SELECT 1 FROM capture WHERE epoch = ? AND pts_ns = ?", (epoch, pts_ns)))

    def has_slide(self, slide: int) -> bool:
        """Whether this slide is in the journal already."""
        return bool(self._rows("SELECT 1 FROM slide WHERE id = ?", (slide,)))

    def slide(self, slide: int) -> SlideRow | None:
        """The slide of this id."""
        rows = self._rows("SELECT * FROM slide WHERE id = ?", (slide,))
        return SlideRow(*rows[0]) if rows else None

    def last_slide(self) -> int:
        """The highest id of a slide; 0 if there is none."""
        return int(self._rows("SELECT coalesce(max(id), 0) FROM slide")[0][0])

    def last_visit(self) -> VisitRow | None:
        """The visit that is open, else the latest. One that was entered later for an earlier time is not meant."""
        rows = self._rows("SELECT * FROM visit ORDER BY end_pts_ns IS NULL DESC, start_pts_ns DESC, id DESC LIMIT 1")
        return VisitRow(*rows[0]) if rows else None

    def last_capture_of(self, visit: int) -> int:
        """The time of a visit's last capture; -1 if it has none."""
        return int(self._rows("SELECT coalesce(max(pts_ns), -1) FROM capture WHERE visit = ?", (visit,))[0][0])

    def slides(self) -> list[SlideRow]:
        """All slides, by id."""
        return [SlideRow(*row) for row in self._rows("SELECT * FROM slide ORDER BY id")]

    def states(self) -> list[SlideRow]:
        """All earlier states of slides that were kept, by id and version."""
        return [SlideRow(*row) for row in self._rows("SELECT * FROM state ORDER BY slide, version")]

    def visits(self) -> list[VisitRow]:
        """All visits in the order in which they were entered."""
        return [VisitRow(*row) for row in self._rows("SELECT * FROM visit ORDER BY id")]

    def captures(self) -> list[CaptureRow]:
        """All captures by epoch and time."""
        rows = self._rows("SELECT * FROM capture ORDER BY epoch, pts_ns")
        return [
            CaptureRow(epoch, pts_ns, visit, decision, json.loads(trigger), json.loads(dedup), wall_ns)
            for epoch, pts_ns, visit, decision, trigger, dedup, wall_ns in rows
        ]

    # -- the end --

    def finish(self) -> None:
        """Fold everything into the one file, so that no -wal and -shm stay beside it, and close it."""
        with self._guard():
            try:
                self._db.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.OperationalError as e:
                if e.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    raise  # busy: another process has it open, and will fold it in when it closes it
        self.close()

    def close(self) -> None:
        """Close the file; may be called again."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
