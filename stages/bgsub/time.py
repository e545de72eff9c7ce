"""The time of a model: that of the stream, but without its holes and without its beginning anew with each lecture."""

from __future__ import annotations


class ContinuousTime:
    """Stream time in ns to a time that never goes back. After ``jump`` the next frame follows the last as those
    before it did, whatever its own time is. Until the first jump it is stream time itself.
    """

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._step_ns = 0
        self._ahead_ns = 0
        self._jumped = False

    def goes_back(self, pts_ns: int) -> bool:
        """Whether ``pts_ns`` is before the last frame's, and no jump explains it."""
        return not self._jumped and self._last_ns is not None and pts_ns + self._ahead_ns < self._last_ns

    def jump(self) -> None:
        """The next frame's time has nothing to do with the last one's."""
        self._jumped = True

    def of(self, pts_ns: int) -> int:
        """The time of the next frame."""
        if self._last_ns is not None:
            if self._jumped:
                self._ahead_ns = self._last_ns + self._step_ns - pts_ns
            else:
                self._step_ns = pts_ns + self._ahead_ns - self._last_ns
        self._jumped = False
        self._last_ns = pts_ns + self._ahead_ns
        return self._last_ns
