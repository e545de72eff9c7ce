"""A mask between two looks."""

from __future__ import annotations

import numpy as np
import pytest
from people import is_person, person, slide

from pipeline.frame import Plane
from stages.segmentation.following import Following, moved

WIDTH, HEIGHT = 320, 180
REACH = 32


def grey(picture: Plane) -> Plane:
    return np.ascontiguousarray(picture.min(axis=2))


def noisy(plane: Plane, seed: int, deviation: float) -> Plane:
    noise = np.random.default_rng(seed).normal(0.0, deviation, plane.shape)
    return np.clip(plane + noise, 0, 255).astype(np.uint8)


def mask_at(x: float) -> Plane:
    return is_person(person(slide(1), x)).astype(np.uint8) * np.uint8(255)


def at(x: float) -> Plane:
    return grey(person(slide(1), x))


def test_a_presenter_who_stands_keeps_the_very_mask() -> None:
    mask = mask_at(0.4)
    assert Following(mask, at(0.4), REACH).at(at(0.4)) is mask


def test_who_walks_on_stays_covered_and_where_they_were_stays_hidden() -> None:
    followed = Following(mask_at(0.4), at(0.4), REACH).at(at(0.46))
    now = mask_at(0.46) > 0
    assert np.count_nonzero(now & (mask_at(0.4) == 0)) > 500, "they have gone somewhere"
    assert np.count_nonzero(followed[now]) >= 0.99 * np.count_nonzero(now)
    assert (followed[mask_at(0.4) > 0] == 255).all()


def test_colour_planes_are_followed_too() -> None:
    following = Following(mask_at(0.4), person(slide(1), 0.4), REACH)
    now = mask_at(0.46) > 0
    assert np.count_nonzero(following.at(person(slide(1), 0.46))[now]) >= 0.95 * np.count_nonzero(now)


def test_what_moves_far_away_is_somebody_elses() -> None:
    plane = at(0.2)
    plane[20:60, 250:300] = 0
    mask = mask_at(0.2)
    assert Following(mask, at(0.2), REACH).at(plane) is mask


@pytest.mark.parametrize("deviation", [2.0, 6.0, 10.0])
def test_noise_adds_nothing(deviation: float) -> None:
    mask = mask_at(0.4)
    followed = Following(mask, noisy(at(0.4), 1, deviation), REACH).at(noisy(at(0.4), 2, deviation))
    assert np.count_nonzero(followed) - np.count_nonzero(mask) < 0.001 * mask.size


def test_another_slide_is_not_taken_for_a_presenter() -> None:
    mask = mask_at(0.4)
    other = 255 - at(0.4)
    assert Following(mask, at(0.4), REACH).at(other) is mask


def test_what_was_added_goes_when_the_presenter_comes_back() -> None:
    mask = mask_at(0.4)
    following = Following(mask, at(0.4), REACH)
    assert following.at(at(0.46)).sum() > mask.sum()
    assert following.at(at(0.4)) is mask


def test_the_mask_given_is_not_changed_and_the_plane_may_be() -> None:
    mask, plane = mask_at(0.4), at(0.4)
    following = Following(mask, plane, REACH)
    plane[:] = 0
    following.at(at(0.46))
    np.testing.assert_array_equal(mask, mask_at(0.4))
    assert following.at(at(0.4)) is mask


@pytest.mark.parametrize("edge", [0.0, 1.0])
def test_a_presenter_at_the_edge_is_followed(edge: float) -> None:
    inwards = abs(edge - 0.06)
    now = mask_at(inwards) > 0
    followed = Following(mask_at(edge), at(edge), REACH).at(at(inwards))
    assert np.count_nonzero(followed[now]) >= 0.95 * np.count_nonzero(now)


@pytest.mark.parametrize("mask", [np.zeros((HEIGHT, WIDTH), np.uint8), np.full((HEIGHT, WIDTH), 255, np.uint8)])
def test_where_there_is_nothing_near_a_mask_it_stays_as_it_is(mask: Plane) -> None:
    assert Following(mask, at(0.4), REACH).at(at(0.46)) is mask


def test_without_a_reach_nothing_is_followed() -> None:
    mask = mask_at(0.4)
    assert Following(mask, at(0.4), 0).at(at(0.46)) is mask


def test_what_moved_is_marked_and_nothing_else() -> None:
    before, now = at(0.4), at(0.4)
    now[100:120, 10:40] = 0
    marked = moved(before, now)
    assert (marked[102:118, 12:38] == 255).all()
    marked[98:122, 8:42] = 0
    assert not marked.any()
