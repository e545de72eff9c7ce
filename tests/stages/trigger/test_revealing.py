"""Masks compared, masks trusted, and moments watched: which pixels of which frame may be shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.frame import Plane
from stages.presenter import Presenter
from stages.trigger.revealing import WATCHED_NS, Sharpness, Watched, both, either, uncovered

TENTH = 100_000_000
HEIGHT, WIDTH = 10, 20


def mask(start: int, stop: int, height: int = HEIGHT, width: int = WIDTH) -> Plane:
    made = np.zeros((height, width), np.uint8)
    made[:, start:stop] = 255
    return made


def somebody(age_tenths: int = 0, start: int = 0, stop: int = 5) -> Presenter:
    return Presenter(mask(start, stop), age_tenths * TENTH)


def test_uncovered_is_the_share_of_the_picture_that_one_mask_hides_and_the_other_does_not() -> None:
    assert uncovered(mask(0, 10), mask(4, 20)) == 4 / 20
    assert uncovered(mask(0, 10), None) == 10 / 20
    assert uncovered(None, mask(0, 10)) == 0
    assert uncovered(mask(0, 10), mask(0, 20)) == 0


masks = st.one_of(st.none(), st.builds(mask, st.integers(0, 20), st.integers(0, 20)))


@given(masks, masks)
def test_what_is_hidden_by_both_either_or_one_adds_up(one: Plane | None, other: Plane | None) -> None:
    def size(hidden: Plane | None) -> int:
        return 0 if hidden is None else int((hidden > 0).sum())

    assert size(both(one, other)) + size(either(one, other)) == size(one) + size(other)
    assert round(uncovered(one, other) * HEIGHT * WIDTH) == size(one) - size(both(one, other))


def test_masks_of_two_sizes_are_compared_at_the_size_of_the_first() -> None:
    large = mask(0, 20, 20, 40)
    assert uncovered(mask(0, 15), large) == 5 / 20
    united = either(mask(0, 5), large)
    assert united is not None
    assert np.array_equal(united, mask(0, 10))


def test_a_mask_of_the_frame_itself_fits_and_an_older_one_does_not() -> None:
    sharpness = Sharpness()
    ages = [0, 1, 2, 3, 4, 0, 1]
    assert [sharpness.fits(n * TENTH, somebody(age)) for n, age in enumerate(ages)] == [
        True,
        True,
        False,
        False,
        False,
        True,
        True,
    ]


def test_where_masks_are_always_late_the_youngest_fit() -> None:
    sharpness = Sharpness()
    assert [sharpness.fits(n * TENTH, somebody(4 + n % 5)) for n in range(20)][5:10] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_mask_that_is_older_than_a_second_never_fits() -> None:
    sharpness = Sharpness()
    assert not any(sharpness.fits(n * TENTH, somebody(11 + n % 2)) for n in range(40))


def test_nobody_is_believed_once_nobody_was_there_for_a_while() -> None:
    sharpness = Sharpness()
    assert sharpness.fits(0, None)
    sharpness.fits(TENTH, somebody())
    fits = [sharpness.fits(n * TENTH, None) for n in range(2, 20)]
    assert fits == [n * TENTH - TENTH >= WATCHED_NS for n in range(2, 20)]
    sharpness.fits(20 * TENTH, somebody())
    sharpness.forget()
    assert sharpness.fits(21 * TENTH, None)


def test_a_moment_hides_also_where_somebody_was_soon_after() -> None:
    watched: Watched[str] = Watched(0)
    watched.see(0, somebody(0, 0, 5))
    watched.keep("the moment")
    watched.see(TENTH, somebody(1, 3, 8))
    watched.see(2 * TENTH, None)
    moment = watched.ripe(WATCHED_NS)
    assert moment is not None
    assert moment.hidden is not None
    assert np.array_equal(moment.hidden, mask(0, 8))


@pytest.mark.parametrize(("margin", "ripe"), [(0, WATCHED_NS), (3 * WATCHED_NS, 3 * WATCHED_NS)])
def test_a_moment_is_ripe_when_it_is_as_old_as_the_margin_and_a_presenter_needs_to_be_found(
    margin: int, ripe: int
) -> None:
    watched: Watched[str] = Watched(margin)
    watched.see(7, somebody())
    watched.keep("the moment")
    assert watched.ripe(7 + ripe - 1) is None
    assert not watched.wants
    assert watched.ripe(7 + ripe) is not None
    assert watched.ripe(7 + ripe) is None
    assert watched.wants


def test_a_moment_waits_for_one_that_is_captured_after_it() -> None:
    watched: Watched[str] = Watched(0)
    watched.see(TENTH, somebody())
    watched.keep("the moment")
    assert watched.ripe(100 * TENTH, before_ns=TENTH) is None
    assert watched.ripe(100 * TENTH, before_ns=2 * TENTH) is not None
