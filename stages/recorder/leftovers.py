"""What a killed recorder left in a folder: its growing file is salvaged, its rows are put right.

Runs when a folder is taken up, before anything is written there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.frame import SECOND_NS
from stages.durable import sync_folder
from stages.media.pieces import PART
from stages.media.salvage import Contents, contents, salvage
from stages.recorder.logbook import Logbook
from stages.recorder.memory import Recorded


@dataclass(frozen=True, slots=True)
class Salvaged:
    """``file`` is relative to the folder. ``state``: salvaged, complete, or deleted for one that held nothing."""

    file: str
    state: str
    bytes: int


def put_right(folder: Path, segments: Path, logbook: Logbook) -> list[Salvaged]:
    """Salvage all growing files and end the rows that are open. Raises OSError."""
    done: list[Salvaged] = []
    memories = {memory.file: memory for memory in logbook.memories()}
    rows = {row.file: row for row in logbook.segments() if row.state == "open"}
    parts = {str(path.relative_to(folder))[: -len(PART)]: path for path in sorted(segments.glob(f"*{PART}"))}
    for file in sorted({*parts, *rows}):
        final, row = folder / file, rows.get(file)
        found, state = (_salvage(parts[file], final), "salvaged") if file in parts else (_whole(final), "complete")
        size = found.bytes if found else 0
        state = state if found else "deleted"
        if row is not None:
            end_ns = row.start_pts_ns
            if found is not None:
                memory = memories.get(file)
                stream = memory.streams.index(memory.first_stream) if memory else 0
                begin = found.pts[stream][0] if found.pts[stream] else min(map(min, filter(None, found.pts)))
                end_ns += max(0, round((found.end - begin) * SECOND_NS))
            logbook.end(row.id, end_ns, size, state)
        done.append(Salvaged(file, state, size))
    return done


def recorded(folder: Path, logbook: Logbook) -> list[Recorded]:
    """What can be recognised of the last segments."""
    found: list[Recorded] = []
    for memory in logbook.memories():
        held = _whole(folder / memory.file)
        if held is not None and len(held.pts) == len(memory.streams):
            found.append(Recorded(memory, held))
    return found


def _salvage(part: Path, final: Path) -> Contents | None:
    found = salvage(part)
    if found is None:
        part.unlink()
    else:
        os.rename(part, final)
    sync_folder(part.parent)
    return found


def _whole(path: Path) -> Contents | None:
    return contents(path) if path.is_file() else None
