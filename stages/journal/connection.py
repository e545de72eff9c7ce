"""SQLite underneath the journal: one statement or one transaction, and errors that say which file and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from pipeline.errors import OutputError
from stages.durable import write_error

Parameter: TypeAlias = "int | float | str | bytes | None"


class Connection:
    """An open file of ``path``."""

    path: Path
    _db: sqlite3.Connection

    def _write(self, statement: str, values: tuple[Parameter, ...]) -> int:
        """Do it; the id of the row that was inserted, else 0."""
        with self._guard():
            return self._db.execute(statement, values).lastrowid or 0

    def _rows(self, query: str, values: tuple[Parameter, ...] = ()) -> list[tuple]:  # type: ignore[type-arg]  # SQLite has no types
        with self._guard():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite may have rolled back by itself when the disk was full
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as e:
            raise write_error(self.path, e) from e
        except sqlite3.DatabaseError as e:
            raise OutputError(f"'{self.path}' is not a journal that can be used: {e}") from e
