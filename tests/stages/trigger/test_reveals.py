"""A view that somebody stands before is revealed bit by bit: the slide's own pixels, after its capture, none twice."""

from __future__ import annotations

import numpy as np
import pytest
from revealing_views import (
    BROAD,
    HEIGHT,
    SOMEBODY,
    TENTH,
    WIDTH,
    Shown,
    bgr,
    gathered,
    hidden,
    kinds,
    outline,
    reveals,
    share,
    slide,
)

from pipeline.testing import frames_of
from stages.composite import Composite
from stages.presenter import looked_for


@pytest.mark.parametrize("how", ["first", "both"])
def test_what_a_presenter_walks_away_from_is_revealed_after_the_capture(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(4, 10)
    items = stream.stay(24, 40)
    (reveal,) = reveals(items)
    assert kinds(stream.items[:2]) == ["capture", "reveal"]
    assert reveal.pts_ns >= 10 * TENTH
    assert share(reveal) == BROAD * (HEIGHT - 4) / (WIDTH * HEIGHT)
    assert np.array_equal(hidden(reveal), outline(24))  # type: ignore[arg-type]
    assert reveal.caps.media == "slide/capture"
    composite = gathered(stream.items)
    assert composite.revealed == 1
    assert np.array_equal(composite.picture, slide())


def test_with_last_one_reveal_follows_the_capture_with_all_that_was_seen() -> None:
    stream = Shown(picture="last")
    for x in (0, 6, 12, 18, 24, 30):
        stream.stay(x, 25)
    items = stream.push(30, 50.0)
    assert kinds(items) == ["capture", "reveal", "visit-end"]
    capture, reveal = frames_of(items)
    assert (reveal.seq, reveal.pts_ns) == (capture.seq, capture.pts_ns)
    assert hidden(reveal) is None
    assert np.array_equal(bgr(reveal), slide())
    assert share(reveal) == BROAD * (HEIGHT - 4) / (WIDTH * HEIGHT)
    assert stream.harness.ledger.dropped["merged"] > 0
    stream.end()


def test_with_last_what_was_never_seen_is_still_hidden_in_the_reveal() -> None:
    stream = Shown(picture="last")
    stream.stay(10, 30)
    stream.stay(14, 30)
    stream.push(14, 50.0)
    (reveal,) = reveals(stream.items)
    never = np.zeros((HEIGHT, WIDTH), np.uint8)
    never[4:, 14:18] = 255
    assert np.array_equal(hidden(reveal), never)  # type: ignore[arg-type]
    assert np.array_equal(bgr(reveal)[never == 0], slide()[never == 0])


def test_with_last_the_slide_is_revealed_as_it_was_before_somebody_came() -> None:
    stream = Shown(picture="last")
    stream.stay(None, 40)
    stream.stay(10, 40)
    stream.push(10, 50.0)
    (reveal,) = reveals(stream.items)
    assert hidden(reveal) is None
    assert np.array_equal(bgr(reveal), slide())


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_where_nobody_stands_nothing_is_revealed(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(None, 80)
    stream.stay(None, 5, percent=50.0)
    stream.stay(None, 80)
    stream.end()
    assert reveals(stream.items) == []
    assert all(looked_for(frame) and frame.planes == () for frame in frames_of(stream.items))


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_a_presenter_who_stands_still_or_trembles_reveals_nothing(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(10, 80)
    stream.end()
    assert reveals(stream.items) == []
    (*_, capture) = frames_of(stream.items)
    assert np.array_equal(hidden(capture), outline(10))  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_pixels_of_the_next_slide_are_in_no_reveal(how: str) -> None:
    """The motion of a new slide is seen late: its first frames come while the old view is still at rest."""
    stream = Shown(picture=how)
    stream.stay(4, 40)
    stream.stay(24, 6, number=1)
    stream.push(14, 50.0, number=1)
    assert kinds(stream.items) == ["capture", "capture", "visit-end"][how != "both" :]
    composite = gathered(stream.items[:-1])
    assert np.array_equal(composite.picture[composite.seen > 0], slide()[composite.seen > 0])


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_somebody_who_is_found_a_second_late_is_in_no_reveal(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(4, 40)
    stream.stay(None, 30)
    stream.stay(20, 10, masked=False)
    stream.stay(20, 40)
    stream.push(20, 50.0)
    for reveal in reveals(stream.items):
        mask = hidden(reveal)
        seen = np.ones((HEIGHT, WIDTH), bool) if mask is None else mask == 0
        assert np.array_equal(bgr(reveal)[seen], slide()[seen])
    assert gathered(stream.items).revealed == 1


def test_reveals_come_at_most_once_a_second_and_each_shows_what_none_before_it_did() -> None:
    stream = Shown()
    for n in range(300):
        stream.push(abs((n // 5) % 60 - 30))
    told = reveals(stream.items)
    assert len(told) >= 2
    assert all(b.pts_ns - a.pts_ns >= 10 * TENTH for a, b in zip(told, told[1:], strict=False))
    composite = Composite(bgr(frames_of(stream.items)[0]), hidden(frames_of(stream.items)[0]))
    for reveal in told:
        assert composite.renew(bgr(reveal), hidden(reveal)) >= 0.003


@pytest.mark.parametrize("margin", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("tenths", range(60, 85))
def test_with_both_frames_go_out_in_order_of_time_whenever_the_view_is_left(margin: float, tenths: int) -> None:
    stream = Shown(picture="both", margin=margin)
    for n in range(tenths):
        stream.push(min(n // 2, 32))
    stream.push(10, 50.0)
    stream.end()
    times = [frame.pts_ns for frame in frames_of(stream.items)]
    assert len(reveals(stream.items)) > 0
    assert times == sorted(set(times))


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_a_view_in_which_something_moves_reveals_nothing(how: str) -> None:
    stream = Shown(picture=how, settle_percent=0.01, start_percent=5.0)
    stream.stay(4, 10)
    stream.stay(24, 60, percent=1.0)
    stream.end()
    assert reveals(stream.items) == []


@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_frames_whose_masks_are_old_reveal_nothing_where_younger_ones_come(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(4, 30)
    for n in range(2, 42):
        age = n % 5
        stream.push(24, age=age, drawn=24 if age < 2 else 14)
    stream.push(24, 50.0)
    (reveal,) = reveals(stream.items)
    mask = hidden(reveal)
    assert SOMEBODY not in (bgr(reveal) if mask is None else bgr(reveal)[mask == 0])


@pytest.mark.parametrize("how", ["first", "both"])
def test_a_presenter_found_just_after_the_capture_is_revealed_too(how: str) -> None:
    stream = Shown(picture=how)
    stream.stay(4, 8, masked=False)
    stream.stay(4, 10)
    stream.stay(24, 40)
    assert np.array_equal(gathered(stream.items).picture, slide())
