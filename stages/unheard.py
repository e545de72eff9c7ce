"""The Context of a stage that is driven by hand, with nobody who listens or counts. A shared room of the stages.

For commands that ask a stage about pictures they have: no pipeline runs, so nothing is acknowledged, and there is no
pool.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.frame import Frame, Meta, Picture


class Unheard:
    """Implements ``pipeline.stage.Context``. A frame's picture is the one it carries."""

    incarnation = began_ns = 0

    def post(self, name: str, data: Meta) -> None:
        """Nobody listens."""

    def warn(self, text: str) -> None:
        """Nobody listens."""

    def take(self, frame: Frame) -> Picture | None:
        return frame.image if isinstance(frame.image, Picture) else None

    def dropped(self, reason: str, count: int) -> None:
        """Nobody counts."""

    def held(self, change: int) -> None:
        """Nobody counts."""

    def defer(self) -> Callable[[], None]:
        return lambda: None

    def room(self, pad: str) -> bool:
        return True
