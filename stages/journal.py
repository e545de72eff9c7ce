"""The journal of one lecture's folder: an SQLite file that says which slides exist and when each was shown.

The exporter writes it, one transaction for each page, after the picture is safely on disk; exports are made from
it. Other processes may open it beside the exporter. It knows tables, not what a visit means.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from pydantic import JsonValue

from pipeline.errors import OutputError
from stages.durable import write_error

FILE_NAME = "journal.sqlite"
SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 5.0

_SCHEMA = """
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE slide (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, hash TEXT NOT NULL,
    epoch INTEGER NOT NULL, picture_pts_ns INTEGER NOT NULL
);
CREATE TABLE visit (
    id INTEGER PRIMARY KEY, slide INTEGER NOT NULL REFERENCES slide (id),
    epoch INTEGER NOT NULL, start_pts_ns INTEGER NOT NULL, end_pts_ns INTEGER
);
CREATE TABLE capture (
    epoch INTEGER NOT NULL, pts_ns INTEGER NOT NULL, visit INTEGER NOT NULL REFERENCES visit (id),
    decision TEXT NOT NULL, trigger TEXT NOT NULL, dedup TEXT NOT NULL,
    PRIMARY KEY (epoch, pts_ns)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class SlideRow:
    """A slide and its picture. ``file`` is relative to the lecture's folder; ``hash`` is dedup's, in hex."""

    id: int
    file: str
    bytes: int
    sha256: str
    width_px: int
    height_px: int
    hash: str
    epoch: int
    picture_pts_ns: int


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A stretch of time in which a slide was shown; ``end_pts_ns`` is None while it lasts."""

    id: int
    slide: int
    epoch: int
    start_pts_ns: int
    end_pts_ns: int | None


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """One capture and what became of it; ``trigger`` and ``dedup`` are what those stages said of it."""

    epoch: int
    pts_ns: int
    visit: int
    decision: str
    trigger: Mapping[str, JsonValue]
    dedup: Mapping[str, JsonValue]


class Journal:
    """An open journal. Every method raises WriteError when SQLite cannot write, OutputError when it cannot read."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open ``path``. Raises OutputError if it is missing (unless ``create``), no journal, or of another version."""
        self.path = path
        if not create and not path.is_file():
            raise OutputError(f"'{path}' does not exist: the folder is not a result of slidetap")
        with self._guard():
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            with self._guard():
                self._prepare(create)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, create: bool) -> None:
        self._db.execute("PRAGMA foreign_keys = ON")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0 and create:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise OutputError(
                f"'{self.path}' is a journal of version {version}; this slidetap reads version {SCHEMA_VERSION}"
            )
        self._db.execute("PRAGMA synchronous = FULL")

    # -- writing --

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block becomes durable together, or not at all."""
        with self._guard():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite may have rolled back by itself when the disk was full
                    self._db.execute("ROLLBACK")
                raise

    def note(self, key: str, value: JsonValue) -> None:
        """Keep one fact about the whole run; an older one of the same key is replaced."""
        with self._guard():
            self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (key, _text(value)))

    def add_slide(self, row: SlideRow) -> None:
        """A slide whose picture is on disk already."""
        with self._guard():
            self._db.execute("INSERT INTO slide VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(row))

    def add_capture(self, row: CaptureRow) -> None:
        """A capture of a visit."""
        values = (row.epoch, row.pts_ns, row.visit, row.decision, _text(dict(row.trigger)), _text(dict(row.dedup)))
        with self._guard():
            self._db.execute("INSERT INTO capture VALUES (?, ?, ?, ?, ?, ?)", values)

    def open_visit(self, slide: int, epoch: int, start_pts_ns: int) -> int:
        """Begin a visit; returns its id."""
        with self._guard():
            cursor = self._db.execute(
                "INSERT INTO visit (slide, epoch, start_pts_ns) VALUES (?, ?, ?)", (slide, epoch, start_pts_ns)
            )
        assert cursor.lastrowid is not None  # SQLite sets it for every INSERT into a rowid table
        return cursor.lastrowid

    def end_visit(self, visit: int, end_pts_ns: int | None) -> None:
        """Set the end of a visit; None opens it again."""
        with self._guard():
            self._db.execute("UPDATE visit SET end_pts_ns = ? WHERE id = ?", (end_pts_ns, visit))

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

    def last_visit(self) -> VisitRow | None:
        """The visit that was begun last."""
        rows = self._rows("SELECT * FROM visit ORDER BY id DESC LIMIT 1")
        return VisitRow(*rows[0]) if rows else None

    def slides(self) -> list[SlideRow]:
        """All slides, by id."""
        return [SlideRow(*row) for row in self._rows("SELECT * FROM slide ORDER BY id")]

    def visits(self) -> list[VisitRow]:
        """All visits in the order in which they began."""
        return [VisitRow(*row) for row in self._rows("SELECT * FROM visit ORDER BY id")]

    def captures(self) -> list[CaptureRow]:
        """All captures by time."""
        rows = self._rows("SELECT * FROM capture ORDER BY epoch, pts_ns")
        return [
            CaptureRow(epoch, pts_ns, visit, decision, json.loads(trigger), json.loads(dedup))
            for epoch, pts_ns, visit, decision, trigger, dedup in rows
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

    # -- inside --

    def _rows(self, query: str, values: tuple[int, ...] = ()) -> list[tuple]:  # type: ignore[type-arg]  # SQLite has no types
        with self._guard():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as e:
            raise write_error(self.path, e) from e
        except sqlite3.DatabaseError as e:
            raise OutputError(f"'{self.path}' is not a journal that can be used: {e}") from e


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
