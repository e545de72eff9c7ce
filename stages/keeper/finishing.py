"""What is done for a lecture that has ended: gaps are filled from the recording, exports are made.

Runs as a process of its own (``python -m stages.keeper.finishing FOLDER --backfill --pdf ...``), at low priority, and
may be killed at any time: done again, it does what is left. The last line it prints says what it made.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipeline.errors import OutputError, PipelineError
from stages.keeper.endings import FINISHED
from stages.lecture import SEGMENTS, opened

EXPORTS = ("json", "pdf", "pptx", "vtt", "video")
_LOCK = ".finishing"
_NICE = 10
_PR_SET_PDEATHSIG = 1
_RECORDER_S = 10.0  # in which the recorder has ended its last segment
_ABANDONED_S = 60.0  # a growing file that does not grow any more: its recorder is gone


def finish(
    folder: Path, exports: Sequence[str], with_backfill: bool, segmentation: Mapping[str, object] | None = None
) -> str:
    """Do it; a sentence about what was made. Raises PipelineError, once all that could be made is.

    ``segmentation``: properties of the live pipeline's stage that finds the presenter, None if it has none.
    """
    from stages.exporting import ExportOptions, export

    said: list[str] = []
    failed: PipelineError | None = None
    with _alone(folder):
        _wait_for_recorder(folder)
        if with_backfill:
            from stages.keeper.backfill import backfill, convert_file

            try:
                done = backfill(folder, partial(convert_file, segmentation=segmentation))
                if done.gaps:
                    said.append(f"{_count(done.gaps, 'gap')} filled, {_count(done.slides, 'more slide')}")
            except PipelineError as e:
                failed = e
        options = ExportOptions(
            pdf="pdf" in exports,
            pptx="pptx" in exports,
            json="json" in exports,
            vtt="vtt" in exports,
            video="video" in exports and _has_recording(folder),
        )
        if options.chosen:
            made = export(folder, options)
            said.append(f"{_count(made.slides, 'slide')}, {', '.join(file.name for file in made.files) or 'no files'}")
        if failed is not None:
            raise failed
        with opened(folder) as journal:
            journal.note(FINISHED, {"wall_ns": time.time_ns(), "exports": list(exports)})
    return "; ".join(said) or "nothing was to be made"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises OutputError if another process is at it."""
    try:
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as e:
        raise OutputError(f"cannot work in '{folder}': {e.strerror}") from e
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as e:
        raise OutputError(f"'{folder}' is being finished by another process") from e
    finally:
        os.close(handle)


def _wait_for_recorder(
    folder: Path, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Its last segment is complete soon after the lecture; one that nobody ends any more is salvaged."""
    until = clock() + _RECORDER_S
    while _is_growing(folder):
        if clock() >= until:
            _salvage(folder)
            return
        sleep(0.2)


def _is_growing(folder: Path) -> bool:
    with opened(folder) as journal:
        return any(segment.state == "open" for segment in journal.segments())


def _salvage(folder: Path) -> None:
    from stages.recorder.leftovers import put_right
    from stages.recorder.logbook import Logbook

    files = [path for path in (folder / SEGMENTS).glob("*") if path.is_file()]
    if files and time.time() - max(path.stat().st_mtime for path in files) < _ABANDONED_S:
        raise OutputError(f"'{folder}' is still being recorded into")
    try:
        put_right(folder, folder / SEGMENTS, Logbook(folder))
    except OSError as e:
        raise OutputError(f"the recording in '{folder}' cannot be put right: {e.strerror}") from e


def _has_recording(folder: Path) -> bool:
    with opened(folder) as journal:
        return any(segment.state != "deleted" for segment in journal.segments())


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def main(arguments: Sequence[str]) -> int:
    """0, or 1 and a line on standard error."""
    parser = argparse.ArgumentParser(prog="finishing")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backfill", action="store_true")
    parser.add_argument("--segmentation", type=json.loads, metavar="JSON")
    for name in EXPORTS:
        parser.add_argument(f"--{name}", dest="exports", action="append_const", const=name)
    given = parser.parse_args(arguments)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(_NICE)
    try:
        text = finish(given.folder, given.exports or [], given.backfill, given.segmentation)
    except PipelineError as e:
        sys.stderr.write(f"{' '.join(str(e).split())}\n")
        return 1
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
