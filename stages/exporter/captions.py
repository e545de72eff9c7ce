"""slides.vtt (W3C WebVTT): which slide is shown when, as captions that a player shows beside the recording."""

from __future__ import annotations

from pathlib import Path

from stages.durable import write_bytes
from stages.exporter.model import Index
from stages.lecture import VTT_NAME

_MS = 1_000_000


def write_vtt(folder: Path, index: Index, zero_ns: int = 0) -> Path:
    """Make slides.vtt in ``folder``; a cue for each visit. ``zero_ns``: the time at which the video begins.

    Raises WriteError.
    """
    path = folder / VTT_NAME
    write_bytes(path, captions(index, zero_ns).encode())
    return path


def captions(index: Index, zero_ns: int = 0) -> str:
    """The text of the file. A visit that has no end lasts to the next one, the last one to its last capture."""
    visits = [(visit.start_ns, slide.number, visit) for slide in index.slides for visit in slide.visits]
    visits.sort(key=lambda shown: shown[:2])
    lines = ["WEBVTT", ""]
    for place, (start_ns, number, visit) in enumerate(visits):
        known_ns = [visit.start_ns, *(capture.pts_ns for capture in visit.captures)]
        next_ns = visits[place + 1][0] if place + 1 < len(visits) else max(known_ns)
        start = max(0, start_ns - zero_ns) // _MS
        end = ((visit.end_ns if visit.end_ns is not None else next_ns) - zero_ns) // _MS
        if end > start:  # a cue without length is none
            lines += [f"{_timestamp(start)} --> {_timestamp(end)}", f"Slide {number}", ""]
    return "\n".join(lines)


def _timestamp(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"
