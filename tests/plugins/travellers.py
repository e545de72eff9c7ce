"""Items and bus messages of every kind for hypothesis, and what it means that two of them are the same."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.frame import (
    MATRICES,
    PIX_FMTS,
    ROTATIONS,
    Event,
    EventKind,
    Flags,
    Frame,
    Item,
    Layout,
    Picture,
    Plane,
    Ticket,
    Value,
)
from pipeline.messages import (
    BusMessage,
    Described,
    Drain,
    Element,
    Failure,
    Finished,
    Heartbeat,
    Hello,
    Ledger,
    Play,
    Relink,
    StateChanged,
    Tell,
    Unlink,
    Warn,
)
from pipeline.states import State

CAPS = Caps.of("video/raw", format="gray8", width=8, height=6)

int64 = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**63 - 1)
names = st.text(max_size=12)
floats = st.floats(allow_nan=False)
plain: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | int64 | floats | names | st.binary(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
metas = st.dictionaries(names, plain, max_size=4)
layouts = st.builds(
    Layout,
    st.sampled_from(PIX_FMTS),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from(MATRICES),
    st.booleans(),
    st.sampled_from(ROTATIONS),
    st.floats(1 / 64, 64),
)
tickets = st.builds(Ticket, names, counts, counts, layouts)
sides = st.integers(1, 6)
shapes = st.tuples(sides, sides) | st.tuples(sides, sides, st.integers(1, 4)) | st.tuples(st.integers(1, 70_000))


def plane(shape: tuple[int, ...], first: int = 0) -> Plane:
    """Samples that all differ from their neighbours, so that a wrong stride shows."""
    return (np.arange(first, first + int(np.prod(shape))) % 251).astype(np.uint8).reshape(shape)


def picture(layout: Layout) -> Picture:
    """A picture of that layout with samples as ``plane`` makes them."""
    return Picture(layout, tuple(plane(shape, index) for index, shape in enumerate(layout.plane_shapes())))


frames = st.builds(
    Frame,
    counts,
    int64,
    st.just(CAPS),
    st.lists(shapes.map(plane), max_size=4).map(tuple),
    st.none() | tickets | layouts.map(picture),
    metas,
    st.sampled_from([Flags.NONE, Flags.DISCONT, Flags.GAP, Flags.DISCONT | Flags.GAP]),
    counts,
    counts,
)
events = st.builds(Event, st.sampled_from(EventKind), int64, metas)
items: st.SearchStrategy[Item] = frames | events

ledgers = st.builds(Ledger, int64, int64, int64, st.dictionaries(names, counts, max_size=3), int64, int64, int64, int64)
ledger_maps = st.dictionaries(names, ledgers, max_size=3)
texts = st.dictionaries(names, names, max_size=3)
messages: st.SearchStrategy[BusMessage] = st.one_of(
    st.builds(Hello, names, counts),
    st.builds(Described, names, st.none() | names, texts),
    st.builds(StateChanged, names, st.sampled_from(State), st.sampled_from(State)),
    st.builds(Heartbeat, names, names, ledger_maps),
    st.builds(Warn, names, names),
    st.builds(Failure, names, names, names, names),
    st.builds(Finished, names, ledger_maps),
    st.builds(Element, names, names, metas),
    st.builds(Play, texts),
    st.just(Drain()),
    st.builds(Tell, names, names, metas),
    st.builds(Relink, names),
    st.builds(Unlink, names),
)


def same_planes(a: tuple[Plane, ...], b: tuple[Plane, ...]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def same(a: Item, b: Item) -> bool:
    """Equal in every field, and in every sample of every plane."""
    if isinstance(a, Event) or isinstance(b, Event):
        return a == b
    if isinstance(a.image, Picture) and isinstance(b.image, Picture):
        pictures = a.image.layout == b.image.layout and same_planes(a.image.planes, b.image.planes)
    else:
        pictures = a.image == b.image
    rest = [(f.seq, f.pts_ns, f.caps, f.meta, f.flags, f.epoch, f.wall_ns) for f in (a, b)]
    return pictures and rest[0] == rest[1] and same_planes(a.planes, b.planes)
