"""Names of segments: the wall time at which they begin, in UTC, and never one that a segment had before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from pipeline.frame import SECOND_NS


class Names:
    """``taken``: names that a folder has had, also of files that are gone."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def new(self, wall_ns: int, suffix: str) -> str:
        """20261124T101500.123Z.mp4, with -2 and so on behind it if the clock was set back to where it has been."""
        at = datetime.fromtimestamp(wall_ns // SECOND_NS, UTC).strftime("%Y%m%dT%H%M%S")
        stem = name = f"{at}.{wall_ns // 1_000_000 % 1000:03}Z"
        count = 1
        while (file := f"{name}.{suffix}") in self._taken:
            count += 1
            name = f"{stem}-{count}"
        self._taken.add(file)
        return file
