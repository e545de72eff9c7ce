"""A Harness of the trigger that keeps its trace to itself, for tests of what is captured and when visits end."""

from __future__ import annotations

from pipeline.frame import Event, EventKind, Frame, Item
from pipeline.testing import Harness


class Untraced(Harness):
    """Gives out everything but TRACE."""

    def push(self, frame: Frame) -> list[Item]:
        return _without(super().push(frame))

    def event(self, event: Event) -> list[Item]:
        return _without(super().event(event))

    def eos(self) -> list[Item]:
        return _without(super().eos())


def _without(items: list[Item]) -> list[Item]:
    return [item for item in items if not isinstance(item, Event) or item.kind is not EventKind.TRACE]
