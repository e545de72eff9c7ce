"""Reveals over events, breaks, lost pictures and links: in their place, and every frame is accounted for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from revealing_views import (
    CAPS,
    HEIGHT,
    SOMEBODY,
    TENTH,
    WIDTH,
    Shown,
    bgr,
    gathered,
    hidden,
    is_reveal,
    kinds,
    outline,
    reveals,
    share,
    slide,
)

from pipeline.frame import Event, EventKind, Flags, Frame, Layout, Picture
from pipeline.testing import Harness, frames_of
from pipeline.wire import decode_item, encode_item
from stages.presenter import Presenter, carrying
from stages.trigger import Trigger

POLICIES = [("settle", "first"), ("settle", "last"), ("settle", "both"), ("delay", "first")]


@pytest.mark.parametrize("how", ["first", "last", "both"])
@pytest.mark.parametrize("kind", [EventKind.GAP, EventKind.EPOCH, EventKind.LECTURE_STOP, EventKind.LECTURE_START])
def test_what_is_to_be_revealed_goes_before_an_event(how: str, kind: EventKind) -> None:
    stream = Shown(picture=how)
    stream.stay(4, 40)
    stream.stay(24, 12)
    event = Event(kind, 0, {"lecture": "monday", "folder": "/lectures/monday"})
    items = stream.harness.event(event)
    assert stream.harness.ledger.held == stream.harness.ledger.missing == 0
    late = {"first": [], "last": ["capture"], "both": ["capture"]}[how]
    assert sorted(kinds(items)[:-2]) == [*late, "reveal"]
    assert kinds(items)[-2:] == ["visit-end", kind.value]
    assert np.array_equal(gathered([*stream.items, *items]).picture, slide())


def test_a_break_without_an_event_ends_a_view_and_its_reveals() -> None:
    stream = Shown()
    stream.stay(4, 40)
    stream.stay(24, 3)
    items = stream.push(24, flags=Flags.DISCONT)
    assert kinds(items) == ["reveal", "visit-end"]
    assert reveals(items)[0].flags is Flags.NONE
    stream.stay(10, 3, number=1)
    assert reveals(stream.end()) == []


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_lost_pictures_reveal_nothing_and_are_counted(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(4, 10)
    stream.stay(24, 30, lost=True)
    assert reveals(stream.items) == []
    lost = stream.harness.ledger.dropped["no-picture"]
    assert lost > 0
    stream.stay(24, 30)
    stream.push(24, 50.0)
    if how != "last":
        assert len(reveals(stream.items)) == 1


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_a_new_size_is_another_view(how: str) -> None:
    """Whoever compares frames says nothing of its first one, and the slide may be another."""
    stream = Shown(picture=how)
    stream.stay(4, 40)
    stream.harness.caps(CAPS)
    stream.push(24, None, number=1)
    stream.stay(24, 40, number=1)
    stream.end()
    assert kinds(stream.items) == ["capture", *(["capture"] if how == "both" else []), "visit-end"] * 2
    assert np.array_equal(bgr(frames_of(stream.items)[-1])[:, :24], slide(1)[:, :24])


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_what_comes_out_from_behind_somebody_who_hid_all_of_it_is_another_view(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(4, 40)
    for percent in (None, None, 0.0):
        mask = Presenter(np.full((HEIGHT, WIDTH), 255 if percent is None else 0, np.uint8))
        image = Picture(Layout("bgr24", WIDTH, HEIGHT), (slide(1),))
        frame = Frame(stream.now, stream.now * TENTH, CAPS, (), image, {"foreground_percent": percent})
        stream.items += stream.harness.push(carrying(frame, (), mask))
        stream.now += 1
    stream.stay(24, 40, number=1)
    stream.end()
    captures = ["capture"] * (2 if how == "both" else 1)
    assert kinds(stream.items)[: len(captures) + 1] == [*captures, "visit-end"]
    assert kinds(stream.items).count("visit-end") == 2
    assert np.array_equal(bgr(frames_of(stream.items)[-1])[:, :24], slide(1)[:, :24])


def test_a_view_whose_first_picture_was_lost_is_revealed_like_any_other() -> None:
    stream = Shown(picture="last")
    stream.stay(4, 5)
    stream.push(4, lost=True)
    stream.stay(4, 30)
    stream.stay(24, 40)
    assert kinds(stream.push(24, 50.0)) == ["capture", "reveal", "visit-end"]
    assert stream.harness.ledger.dropped["no-picture"] == 1


def test_with_last_captures_get_their_pictures_where_frames_are_few() -> None:
    """At one frame in two seconds each could be a moment; they take turns."""
    stream = Shown(picture="last", settle_time=0.0)
    for _ in range(20):
        stream.push(4)
        stream.now += 19
    (capture, *_) = frames_of(stream.push(4, 50.0))
    assert capture.pts_ns >= stream.now * TENTH - 3 * 20 * TENTH


@pytest.mark.parametrize("how", ["first", "last"])
def test_a_reveal_crosses_a_link_as_it_is(how: str) -> None:
    stream = Shown(picture=how)
    for x in (4, 24):
        stream.stay(x, 40)
    stream.push(24, 50.0)
    (reveal,) = reveals(stream.items)
    number, item = decode_item(encode_item(7, reveal), reveal.caps)
    assert number == 7
    assert isinstance(item, Frame)
    assert np.array_equal(bgr(item), bgr(reveal))
    assert item.meta == reveal.meta
    assert len(item.planes) == len(reveal.planes)


def test_where_nobody_looks_for_a_presenter_captures_are_what_they_were() -> None:
    harness = Harness(Trigger, settle_time=0.5)
    harness.caps(CAPS)
    image = Picture(Layout("bgr24", WIDTH, HEIGHT), (slide(),))
    frames = [Frame(n, n * TENTH, CAPS, (), image, {"foreground_percent": 0.0}) for n in range(10)]
    (capture,) = frames_of([item for frame in frames for item in harness.push(frame)])
    assert (capture.planes, set(capture.meta)) == ((), {"foreground_percent", "capture"})


@pytest.mark.parametrize("how", ["last", "first"])
def test_a_picture_of_another_size_in_one_view_ends_what_was_gathered(how: str) -> None:
    stream = Shown(picture=how)
    for x in (4, 12, 20):
        stream.stay(x, 20)
    small = Picture(Layout("bgr24", 10, 6), (np.zeros((6, 10, 3), np.uint8),))
    for n in range(60):
        frame = Frame(stream.now, stream.now * TENTH, CAPS, (), small, {"foreground_percent": 0.0})
        x = 30 if n < 30 else 4
        stream.items += stream.harness.push(carrying(frame, (), Presenter(outline(x))))  # type: ignore[arg-type]
        stream.now += 1
        assert stream.harness.ledger.missing == 0
    stream.end()
    if how == "last":
        assert {bgr(frame).shape for frame in frames_of(stream.items)} == {(6, 10, 3)}


actions = st.lists(
    st.one_of(
        st.tuples(
            st.integers(1, 25),
            st.one_of(st.none(), st.integers(0, 32)),
            st.sampled_from([0.0, 0.0, 0.0, 0.1, 5.0, None]),
            st.integers(0, 12),
        ),
        st.sampled_from([EventKind.GAP, EventKind.EPOCH, EventKind.LECTURE_STOP, EventKind.LECTURE_START]),
        st.sampled_from(["lost", "discont", "back", "skip"]),
    ),
    max_size=25,
)


@given(actions, st.sampled_from(POLICIES), st.sampled_from([0.0, 0.6, 3.0]))
def test_whatever_comes_reveals_follow_their_capture_and_every_frame_is_accounted_for(
    coming: list[Any], how: tuple[str, str], margin: float
) -> None:
    stream = Shown(policy=how[0], picture=how[1], margin=margin)
    number = 0
    for action in coming:
        if isinstance(action, EventKind):
            stream.items += stream.harness.event(Event(action, 0, {"lecture": "monday", "folder": "/m"}))
        elif action == "lost":
            stream.push(3, lost=True)
        elif action == "discont":
            stream.push(3, flags=Flags.DISCONT)
        elif action in ("back", "skip"):
            stream.now = max(0, stream.now + (-15 if action == "back" else 15))
        else:
            tenths, x, percent, age = action
            number += percent == 5.0
            stream.stay(x, tenths, percent=percent, number=number, age=age)
    stream.end()
    last: Frame | None = None
    for item in stream.items:
        if isinstance(item, Event):
            last = None if item.kind is EventKind.VISIT_END else last
        else:
            assert last is not None or not is_reveal(item)
            assert last is None or item.pts_ns >= last.pts_ns
            last = item
            if is_reveal(item):
                assert share(item) >= 0.003
                mask = hidden(item)
                seen = np.ones((HEIGHT, WIDTH), bool) if mask is None else mask == 0
                assert SOMEBODY not in bgr(item)[seen]
