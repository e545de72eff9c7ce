"""What the journal has of presenter-free slides: their files, which pixels were seen, and which moments are in them."""

from __future__ import annotations

from dataclasses import astuple

from stages.journal.connection import Connection
from stages.journal.rows import PresenterFreeRow, RevealRow

_COLUMNS = "slide, hidden, revealed, file, bytes, sha256, version, pts_ns"


class PresenterTables(Connection):
    """Raises as ``Journal`` does."""

    def set_presenter_free(self, row: PresenterFreeRow, seen: bytes | None) -> None:
        """A slide's presenter-free picture, which is on disk already, in place of an older one.

        ``seen``: a PNG as large as the picture, white where a pixel was seen; None if all of them were.
        """
        self._write(
            f"INSERT OR REPLACE INTO presenter_free ({_COLUMNS}, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*astuple(row), seen),
        )

    def drop_presenter_free(self, slide: int) -> None:
        """Nobody knows what is hidden in the slide's picture."""
        self._write("DELETE FROM presenter_free WHERE slide = ?", (slide,))

    def presenter_free(self, slide: int) -> PresenterFreeRow | None:
        """Of one slide; None if nobody looked for a presenter."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM presenter_free WHERE slide = ?", (slide,))
        return PresenterFreeRow(*rows[0]) if rows else None

    def presenter_free_seen(self, slide: int) -> bytes | None:
        """As it was set."""
        rows = self._rows("SELECT seen FROM presenter_free WHERE slide = ?", (slide,))
        return rows[0][0] if rows else None

    def all_presenter_free(self) -> list[PresenterFreeRow]:
        """Of all slides, by slide."""
        return [PresenterFreeRow(*row) for row in self._rows(f"SELECT {_COLUMNS} FROM presenter_free ORDER BY slide")]

    def add_reveal(self, row: RevealRow) -> None:
        """This moment is in the slide's presenter-free picture."""
        self._write("INSERT INTO reveal VALUES (?, ?, ?, ?)", astuple(row))

    def has_reveal(self, epoch: int, pts_ns: int, digest: int) -> bool:
        """Whether this moment is in a presenter-free picture already."""
        found = self._rows(
            "SELECT 1 FROM reveal WHERE epoch = ? AND pts_ns = ? AND digest = ?", (epoch, pts_ns, digest)
        )
        return bool(found)

    def reveals(self) -> list[RevealRow]:
        """All of them by epoch and time."""
        return [RevealRow(*row) for row in self._rows("SELECT * FROM reveal ORDER BY epoch, pts_ns, digest")]
