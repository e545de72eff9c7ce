"""The stages of a pipeline driven by hand, as a tree: what one gives out goes to all that come after it.

Candidates that agree on bgsub share one, those that agree on the trigger too share both. No sockets, no processes, no
account of frames: what counts is which pages come out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Item, Meta, Output, Picture, To
from pipeline.stage import Stage
from stages.tuning.shown import Shown
from stages.unheard import Unheard


class Surroundings(Unheard):
    """The Context of every stage of a trial. ``posted``: the newest message of each name."""

    def __init__(self, shown: Shown, warn: Callable[[str], None]) -> None:
        self._shown = shown
        self._warn = warn
        self.posted: dict[str, Meta] = {}

    def post(self, name: str, data: Meta) -> None:
        self.posted[name] = data

    def warn(self, text: str) -> None:
        self._warn(text)

    def take(self, frame: Frame) -> Picture | None:
        return self._shown.take(frame)


class Taker(Protocol):
    """What a stage's output can go to."""

    def give(self, item: Item) -> None:
        """The next frame or event; CAPS and EOS too."""


class Pages:
    """The end of a branch: the time of each slide's picture, as the exporter would have it."""

    def __init__(self) -> None:
        self._times_ns: dict[object, int] = {}

    def give(self, item: Item) -> None:
        if not isinstance(item, Frame):
            return
        page = item.meta["page"]
        assert isinstance(page, Mapping), "dedup says of each page what it is"
        if page["decision"] in ("new", "grown"):
            self._times_ns[page["slide"]] = item.pts_ns

    @property
    def times_ns(self) -> list[int]:
        """In order of time."""
        return sorted(self._times_ns.values())


class Branch:
    """One stage and what comes after it."""

    def __init__(self, stage: Stage[Any], takers: Sequence[Taker]) -> None:
        self._stage = stage
        self._takers = takers

    def give(self, item: Item) -> None:
        self.pass_on(self.work(item))

    def work(self, item: Item) -> list[Item]:
        """What the stage makes of it."""
        if isinstance(item, Frame):
            return _items(self._stage.process(item))
        match item.kind:
            case EventKind.CAPS:
                caps = next(iter(self._stage.set_caps(Caps.parse(str(item.data["caps"]))).values()))
                return [Event(EventKind.CAPS, item.pts_ns, {"caps": str(caps)})]
            case EventKind.EOS:
                return [*_items(output for output in self._stage.drain() if output is not None), item]
            case _:
                return _items(self._stage.handle(item))

    def pass_on(self, items: Iterable[Item]) -> None:
        """To all that come after it."""
        for item in items:
            for taker in self._takers:
                taker.give(item)


class Aside:
    """A branch whose first stage works in a thread of its own, so that several work at once.

    OpenCV's models draw random numbers, in each thread others: two in one thread would get each other's, and their
    slides would not be those of a pipeline.
    """

    def __init__(self, build: Callable[[], Stage[Any]], takers: Sequence[Taker]) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._branch = Branch(self._thread.submit(build).result(), takers)
        self._working: Future[list[Item]] | None = None

    def begin(self, item: Item) -> None:
        """Work on it; ``finish`` must follow."""
        self._working = self._thread.submit(self._branch.work, item)

    def finish(self) -> None:
        """What came of it goes on, in the thread of the caller."""
        assert self._working is not None, "it was begun"
        self._branch.pass_on(self._working.result())

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)


def _items(outputs: Iterable[Output]) -> list[Item]:
    return [output.item if isinstance(output, To) else output for output in outputs]
