"""From a network's answers to the mask of every frame."""

from __future__ import annotations

import numpy as np
import pytest
from people import is_person, person, slide

from pipeline.frame import SECOND_NS, Plane
from stages.segmentation.looking import Look
from stages.segmentation.presence import Terms
from stages.segmentation.segmenter import Segmented
from stages.segmentation.sights import Margins, Sights, enlarged

HALF = SECOND_NS // 2


def look(x: float | None, number: int) -> Look:
    """Somebody at ``x``, or nobody, in the ``number``-th look."""
    picture = slide(1) if x is None else person(slide(1), x)
    return Look(picture, np.ascontiguousarray(picture.min(axis=2)), number * HALF, lost=False, stretch=0)


def answer(of: Look, size: int = 2) -> Segmented:
    """At a half of the picture's size."""
    green = is_person(of.picture)[::size, ::size]
    return Segmented(green.astype(np.uint8) * np.uint8(255), green.astype(np.float32))


class Watched:
    def __init__(self, *places: float | None, dilation: float = 0.0) -> None:
        self.sights = Sights(Terms(), Margins(dilation, 0.1))
        self.looks = [look(x, number) for number, x in enumerate(places)]
        for each in self.looks:
            self.sights.see(each, answer(each))

    def mask(self) -> Plane:
        newest = self.looks[-1]
        presenter = self.sights.presenter(newest.plane, newest.pts_ns)
        assert presenter is not None
        return presenter.mask


def test_the_mask_has_the_size_of_the_plane() -> None:
    mask = Watched(0.39, 0.4).mask()
    assert mask.shape == (180, 320)
    assert np.count_nonzero((mask > 0) ^ is_person(person(slide(1), 0.4))) < 0.01 * mask.size


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_it_is_enlarged_by_a_share_of_the_width(share: float) -> None:
    thin, wide = Watched(0.39, 0.4).mask(), Watched(0.39, 0.4, dilation=share).mask()
    columns = np.flatnonzero(thin.any(axis=0)), np.flatnonzero(wide.any(axis=0))
    assert columns[0][0] - columns[1][0] == columns[1][-1] - columns[0][-1] == round(share * 320)
    np.testing.assert_array_equal(wide, enlarged(thin, round(share * 320)))


def test_a_mask_that_fails_once_leaves_the_one_before_with_its_own_time() -> None:
    watched = Watched(0.39, 0.4, None)
    presenter = watched.sights.presenter(watched.looks[1].plane, 2 * HALF)
    assert presenter is not None
    assert presenter.age_ns == HALF


def test_who_left_and_what_is_forgotten_is_nobody() -> None:
    watched = Watched(0.39, 0.4, None, None)
    assert watched.sights.presenter(watched.looks[-1].plane, 3 * HALF) is None
    again = Watched(0.39, 0.4)
    assert again.sights.there
    again.sights.forget()
    assert not again.sights.there
    assert again.sights.presenter(again.looks[-1].plane, 2 * HALF) is None


def test_a_person_in_a_picture_is_a_part_of_the_slide_unless_any_will_do() -> None:
    still = [look(0.4, number) for number in range(4)]
    for role, wanted in (("presenter", False), ("any", True)):
        sights = Sights(Terms(role), Margins(0.0, 0.1))  # type: ignore[arg-type]
        for each in still:
            sights.see(each, answer(each))
        assert sights.there is wanted


def test_nothing_is_as_large_as_it_was_and_a_pixel_is_a_disc() -> None:
    nothing = np.zeros((20, 20), np.uint8)
    assert not enlarged(nothing, 5).any()
    nothing[10, 10] = 255
    disc = enlarged(nothing, 4)
    assert (disc[10, 6], disc[10, 14], disc[10, 5], disc[6, 6]) == (255, 255, 0, 0)
    assert set(np.unique(disc)) == {0, 255}
