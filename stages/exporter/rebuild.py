"""Make the exports of a folder anew from its journal, or check its pictures: ``python -m stages.exporter.rebuild``.

For a DIR.partial that a crash left behind, and for any finished DIR. It changes neither pictures nor slides.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ExitCode, OutputError, PipelineError
from stages.exporter import documents, index
from stages.exporter.folder import Lock
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal


def rebuild(folder: Path, *, pdf: bool = False, pptx: bool = False) -> index.Index:
    """Write slides.json, and the PDF and PPTX if asked for. Returns what slides.json says.

    Raises OutputError if ``folder`` is no result, is being written, or lacks a picture; WriteError.
    """
    with _opened(folder) as journal:
        made = index.load(journal)
        index.write(folder, journal)
        if pdf:
            for _ in documents.write_pdf(folder, made):
                pass
        if pptx:
            for _ in documents.write_pptx(folder, made):
                pass
        return made


def check(folder: Path) -> list[str]:
    """A line for each picture of the journal that is missing or was changed. Raises OutputError for no result."""
    with Journal(folder / JOURNAL_NAME) as journal:
        slides = journal.slides()
    found = []
    for slide in slides:
        path = folder / slide.file
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as e:
            found.append(f"'{path}' cannot be read: {e.strerror}")
            continue
        if digest != slide.sha256:
            found.append(f"'{path}' was changed after it was written")
    return found


@contextmanager
def _opened(folder: Path) -> Iterator[Journal]:
    """The journal of a folder that nobody else writes in."""
    try:
        lock = Lock(folder)
    except OSError as e:
        raise OutputError(f"'{folder}' cannot be opened: {e.strerror}") from e
    try:
        with Journal(folder / JOURNAL_NAME) as journal:
            yield journal
    finally:
        lock.release()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.exporter.rebuild",
        description="Make slides.json, and if asked for PDF and PPTX, anew from a folder's journal.",
    )
    parser.add_argument("folder", type=Path, help="a result's folder, or the .partial one of a run that failed")
    parser.add_argument("--pdf", action="store_true", help="make slides.pdf too")
    parser.add_argument("--pptx", action="store_true", help="make slides.pptx too")
    parser.add_argument("--check", action="store_true", help="only compare the pictures with their checksums")
    given = parser.parse_args(arguments)
    try:
        if given.check:
            problems = check(given.folder)
            print("\n".join(problems) or "every picture is as it was written")
            return ExitCode.IO_ERROR if problems else ExitCode.OK
        made = rebuild(given.folder, pdf=given.pdf, pptx=given.pptx)
    except PipelineError as e:
        print(e, file=sys.stderr)
        return e.exit_code
    print(f"{len(made.slides)} slides in '{given.folder / index.FILE_NAME}'")
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
