"""Pictures of one view become one: pixels of the right moment, none from behind a mask, none invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.frame import Plane
from stages.composite import Composite

HEIGHT, WIDTH = 12, 20


def picture(level: int) -> Plane:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def left_of(column: int) -> Plane:
    made = np.zeros((HEIGHT, WIDTH), np.uint8)
    made[:, :column] = 255
    return made


def test_a_picture_that_nothing_hides_is_all_seen_and_a_copy() -> None:
    first = picture(7)
    composite = Composite(first)
    first[:] = 9
    assert composite.revealed == 1
    assert (composite.picture == 7).all()


def test_what_was_hidden_is_filled_from_another_moment_and_nothing_else() -> None:
    composite = Composite(picture(7), left_of(8))
    assert composite.revealed == 12 / 20
    assert composite.fill(picture(9), left_of(3)) == 5 / 20
    assert composite.revealed == 17 / 20
    assert np.unique(composite.picture[:, :3]) == 7  # as it was: not seen
    assert np.unique(composite.picture[:, 3:8]) == 9
    assert np.unique(composite.picture[:, 8:]) == 7


def test_what_a_later_moment_shows_takes_the_place_of_what_was_there() -> None:
    composite = Composite(picture(7), left_of(8))
    assert composite.renew(picture(9), left_of(3)) == 5 / 20
    assert np.unique(composite.picture[:, :3]) == 7
    assert np.unique(composite.picture[:, 3:]) == 9
    assert np.array_equal(composite.seen == 0, left_of(3) > 0)


def test_a_moment_that_shows_nothing_changes_nothing() -> None:
    composite = Composite(picture(7), left_of(8))
    assert composite.renew(picture(9), left_of(WIDTH)) == composite.fill(picture(9), left_of(WIDTH)) == 0
    assert np.unique(composite.picture) == 7


@pytest.mark.parametrize("scale", [0.5, 2])
def test_a_mask_of_another_size_hides_at_least_what_it_covers(scale: float) -> None:
    mask = np.zeros((round(HEIGHT * scale), round(WIDTH * scale)), np.uint8)
    mask[:, : round(8 * scale)] = 255
    seen = Composite(picture(7), mask).seen
    assert not seen[:, :8].any()
    assert seen[:, 10:].all()


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a picture of \(3, 4, 3\) does not show a view of \(12, 20, 3\)"):
        Composite(picture(7)).fill(np.zeros((3, 4, 3), np.uint8))


moments = st.lists(st.tuples(st.booleans(), st.integers(0, 255), st.integers(0, 2**16)), min_size=1, max_size=8)


@given(moments)
def test_each_pixel_is_of_the_newest_moment_that_renewed_it_or_the_first_that_filled_it(
    coming: list[tuple[bool, int, int]],
) -> None:
    def hidden(seed: int) -> Plane:
        return np.where(np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.6, 255, 0).astype(np.uint8)

    _, level, seed = coming[0]
    composite = Composite(picture(level), hidden(seed))
    right, seen = picture(level), hidden(seed) == 0
    for renews, level, seed in coming[1:]:
        visible = hidden(seed) == 0
        new = (composite.renew if renews else composite.fill)(picture(level), hidden(seed))
        assert new == pytest.approx((visible & ~seen).mean())
        right[visible if renews else visible & ~seen] = level
        seen |= visible
    assert np.array_equal(composite.picture, right)
    assert np.array_equal(composite.seen, np.where(seen, 255, 0))
    assert composite.revealed == seen.mean()
