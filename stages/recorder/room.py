"""Whether the disk has room: pauses the recording when it has not, and says once that it did.

The gap in the journal ends only when something was recorded again: a disk that is full for good is one pause, not many.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.stage import Context
from stages.recorder.logbook import Logbook

_SLACK = 1 << 18  # bytes above the floor before a paused recording goes on, so that it does not stumble at once


class Room:
    """``paused``: why nothing is recorded now; empty if something may be."""

    def __init__(self, folder: Path, floor: int, logbook: Logbook, context: Context) -> None:
        self.paused = ""
        self._folder, self._floor, self._logbook, self._context = folder, floor, logbook, context

    def shortage(self) -> str:
        """Look at the disk: end the pause if there is room, or say what is lacking."""
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError:
            return ""  # the folder is gone: writing to it is going to say so
        if self.paused and free >= self._floor + _SLACK:
            self.paused = ""
        if self.paused or free >= self._floor:
            return ""
        return f"only {free >> 20} MiB are free and the floor is {self._floor >> 20} MiB"

    def pause(self, why: str, pts_ns: int) -> None:
        """From ``pts_ns`` on nothing is recorded."""
        self.paused = why
        if self._logbook.in_gap:
            return  # it tried to go on and could not; that it is paused was said already
        self._logbook.forget()
        self._logbook.open_gap(pts_ns, "disk-full")
        self._context.post("recording", {"state": "paused", "why": why})
        self._context.warn(f"recording is paused: {why}; it goes on as soon as there is room")

    def recovered(self, pts_ns: int) -> None:
        """Something is durable that begins at ``pts_ns``; that ends the gap before it."""
        if self._logbook.in_gap and not self.paused:
            self._logbook.close_gap(pts_ns)
            self._context.post("recording", {"state": "on", "why": ""})
