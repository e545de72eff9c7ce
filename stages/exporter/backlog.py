"""What waits until there is room on the disk: pages and events, in order, so that none overtakes another.

Pages that wait are not acknowledged: should the process die meanwhile, its successor is given them again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.errors import WriteError
from stages.durable import may_pass

# Unacknowledged pages fill the link's window of 32. Some of it stays free: with a full one nothing would move
# upstream, and the pages that find no place here would be lost there, uncounted.
KEPT_PAGES = 24
KEPT_REVEALS = 2  # they only make a slide better, and must not take the place of one
KEPT = 1000  # events too; more are of a disk that is full for hours, and end visits that will not be written

Work: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Work
    release: Work | None
    is_reveal: bool


class Backlog:
    """``full`` is the error because of which things wait; None while nothing does."""

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self.full: WriteError | None = None

    @property
    def pages(self) -> int:
        """Pages that wait."""
        return self._count(reveals=False)

    def do(self, work: Work, defer: Callable[[], Work] | None = None, is_reveal: bool = False) -> bool:
        """Do it now, or later if there is no room; False: no place for it. ``defer``: it is a page, or a reveal.

        Raises WriteError if waiting would not help.
        """
        if self.full is None:
            try:
                work()
            except WriteError as e:
                if not may_pass(e):
                    raise
                self.full = e
            else:
                return True
        if len(self._waiting) >= KEPT or (
            defer is not None and self._count(is_reveal) >= (KEPT_REVEALS if is_reveal else KEPT_PAGES)
        ):
            return False
        self._waiting.append(_Waiting(work, defer() if defer is not None else None, is_reveal))
        return True

    def retry(self, failed: Callable[[WriteError], None]) -> int:
        """Do what waits, as far as there is room; how many pages that were. ``failed`` hears of what is given up."""
        pages = 0
        while self._waiting:
            waiting = self._waiting[0]
            try:
                waiting.work()
                pages += waiting.release is not None and not waiting.is_reveal
            except WriteError as e:
                if may_pass(e):
                    self.full = e
                    return pages
                failed(e)
            self._waiting.popleft()
            if waiting.release is not None:
                waiting.release()
        self.full = None
        return pages

    def _count(self, reveals: bool) -> int:
        return sum(waiting.release is not None and waiting.is_reveal is reveals for waiting in self._waiting)
