"""A lecture's folder: what is called how in it, how one is made, and what is known of all that there are.

A shared room of the stages. It holds a journal, pictures, segments of the recording and exports, and is for one person
alone: folders 0700, files 0600. Who writes what in it is the business of the stages.
"""

from __future__ import annotations

import re
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from pipeline.errors import OutputError
from stages.durable import sync_folder, write_error
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal

PICTURES = "slides"
SEGMENTS = "segments"
INDEX_NAME = "slides.json"
PDF_NAME = "slides.pdf"
PPTX_NAME = "slides.pptx"
VTT_NAME = "slides.vtt"
RECORDING_NAME = "lecture.mp4"

# Keys of the journal's notes.
LECTURE = "lecture"  # {"name", "title", "begun_wall_ns"}
STATE = "state"  # OPEN or CLOSED
ENDED = "ended_wall_ns"  # when it was closed; null while it is open

OPEN = "open"
CLOSED = "closed"
UNREADABLE = "unreadable"

_FOLDER_MODE = 0o700
_SLUG_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Lecture:
    """What the journal says of a lecture. ``state``: open, closed or unreadable; what is not known is 0 or None."""

    name: str
    path: Path
    title: str
    state: str
    begun_wall_ns: int
    ended_wall_ns: int | None
    slides: int
    segment_bytes: int


def create(root: Path, title: str, wall_ns: int) -> Path:
    """Make a new lecture's folder in ``root``, named after the local time and the title, with an open journal.

    Raises OutputError if it cannot be made, WriteError if there is no room for it; then there is no folder.
    """
    name = "_".join(filter(None, (time.strftime("%Y-%m-%d_%H%M", time.localtime(wall_ns // 10**9)), _slug(title))))
    folder = _new_folder(root, name)
    try:
        with Journal(folder / JOURNAL_NAME, create=True) as journal, journal.transaction():
            journal.note(LECTURE, {"name": folder.name, "title": title, "begun_wall_ns": wall_ns})
            journal.note(STATE, OPEN)
        prepare(folder)
    except OutputError:
        _remove(folder)
        raise
    return folder


def prepare(folder: Path) -> None:
    """Make the folder and its sub-folders, as far as they are not there. Raises WriteError."""
    name = ""
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        for name in (PICTURES, SEGMENTS):
            (folder / name).mkdir(mode=_FOLDER_MODE, exist_ok=True)
        sync_folder(folder)
    except OSError as e:
        raise write_error(folder / name, e) from e


def opened(folder: Path) -> Journal:
    """The journal of a lecture, to be closed by the caller. Raises OutputError if ``folder`` is none."""
    if not folder.is_dir():
        raise OutputError(f"'{folder}' is no folder; name that of a lecture")
    return Journal(folder / JOURNAL_NAME)


def lectures(root: Path) -> list[Lecture]:
    """Every folder in ``root`` with a lecture's journal, oldest first. One that cannot be read is listed as such.

    One that is being removed begins with a dot.
    """
    if not root.is_dir():
        return []
    found = []
    for folder in root.iterdir():
        if not folder.name.startswith(".") and (folder / JOURNAL_NAME).is_file():
            try:
                facts = _facts(folder)
            except OutputError:  # on a full disk SQLite may find no room for what it needs beside the file
                facts = _unreadable(folder)
            if facts is not None:
                found.append(facts)
    return sorted(found, key=lambda each: (each.begun_wall_ns, each.name))


def looked_at(folder: Path) -> Lecture:
    """The facts of one lecture. Raises OutputError if ``folder`` is none or cannot be read."""
    facts = _facts(folder)
    if facts is None:
        raise OutputError(f"'{folder}' is the result of a conversion, no lecture")
    return facts


def _facts(folder: Path) -> Lecture | None:
    """None for the result of a conversion."""
    with opened(folder) as journal:
        notes, slides, segments = journal.notes(), len(journal.slides()), journal.segments()
    given = notes.get(LECTURE)
    if not isinstance(given, dict):
        return None
    state, ended = notes.get(STATE), notes.get(ENDED)
    return Lecture(
        folder.name,
        folder,
        str(given.get("title") or ""),
        state if isinstance(state, str) else OPEN,
        _int(given.get("begun_wall_ns")),
        ended if isinstance(ended, int) and state == CLOSED else None,
        slides,
        sum(segment.bytes for segment in segments if segment.state != "deleted"),
    )


def _unreadable(folder: Path) -> Lecture:
    files = [entry for entry in (folder / SEGMENTS).glob("*") if entry.is_file()]
    begun, size = folder.stat().st_mtime_ns, sum(file.stat().st_size for file in files)
    return Lecture(folder.name, folder, "", UNREADABLE, begun, None, 0, size)


def _new_folder(root: Path, name: str) -> Path:
    try:
        root.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        number = 1
        while True:
            folder = root / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir(mode=_FOLDER_MODE)
            except FileExistsError:
                number += 1
                continue
            sync_folder(root)
            return folder
    except OSError as e:
        raise OutputError(
            f"cannot create a lecture in '{root}': {e.strerror}; name a folder that can be written"
        ) from e


def _remove(folder: Path) -> None:
    for entry in folder.glob(f"{JOURNAL_NAME}*"):
        entry.unlink(missing_ok=True)
    for name in (PICTURES, SEGMENTS):
        if (folder / name).is_dir():
            (folder / name).rmdir()
    folder.rmdir()


def _slug(title: str) -> str:
    """``analysis-ii`` of ``Analysis II``: letters and digits of ASCII, accents left out."""
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_LENGTH].strip("-")


def _int(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
