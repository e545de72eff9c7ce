"""What is on a picture: growth, earlier states, other slides; as tiles and edges see it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.frame import Plane
from stages.dedup.content import Content, Likeness, Rules

RULES = Rules(same_percent=0.6, kept_percent=90, touched_percent=25)
LINES = ["alpha beta gamma", "one two three four", "what is left to do", "and a last remark"]


def slide(*lines: str, size: tuple[int, int] = (360, 640)) -> Plane:
    image = np.full(size, 240, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (30, 60 + 80 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 20, 3)
    return image


def chart(*heights: int) -> Plane:
    image = slide("profit per year")
    for column, height in enumerate(heights):
        cv2.rectangle(image, (80 + 90 * column, 340 - height), (140 + 90 * column, 340), 90, -1)
    return image


def likeness(before: Plane, after: Plane) -> Likeness:
    return Content(before).looked_at().against(Content(after).looked_at())


def test_a_bullet_more_is_growth_and_a_bullet_less_an_earlier_state() -> None:
    two, three = slide(*LINES[:2]), slide(*LINES[:3])
    assert likeness(two, three).grown(RULES)
    assert not likeness(two, three).covered(RULES)
    assert likeness(three, two).covered(RULES)
    assert not likeness(three, two).grown(RULES)


def test_another_slide_is_neither() -> None:
    seen = likeness(slide(*LINES[:2]), slide(*LINES[2:]))
    assert not seen.grown(RULES)
    assert not seen.covered(RULES)


def test_a_chart_with_other_bars_is_another_slide_though_it_shares_title_and_place() -> None:
    seen = likeness(chart(40, 150, 90, 200), chart(160, 60, 210, 100))
    assert not seen.grown(RULES)
    assert not seen.covered(RULES)


def test_a_cursor_makes_no_other_slide() -> None:
    pointed = slide(*LINES)
    cv2.circle(pointed, (500, 300), 5, 0, -1)
    assert likeness(slide(*LINES), pointed).covered(RULES) or likeness(slide(*LINES), pointed).grown(RULES)


def test_noise_is_no_difference() -> None:
    grain = np.random.default_rng(1).normal(0, 4, (360, 640))
    noisy = np.clip(slide(*LINES) + grain, 0, 255).astype(np.uint8)
    assert likeness(slide(*LINES), noisy).covered(RULES)


def test_anything_grows_out_of_an_empty_picture() -> None:
    assert likeness(slide(), slide(*LINES)).grown(RULES)


def test_pictures_of_other_proportions_have_nothing_in_common() -> None:
    seen = likeness(slide(*LINES), slide(*LINES, size=(480, 640)))
    assert not seen.grown(RULES)
    assert not seen.covered(RULES)


@pytest.mark.parametrize("size", [(1, 1), (5, 640), (7, 3)])
def test_a_picture_smaller_than_a_tile_can_be_compared(size: tuple[int, int]) -> None:
    assert likeness(np.zeros(size, np.uint8), np.full(size, 255, np.uint8)).differing == 100
    assert likeness(np.zeros(size, np.uint8), np.zeros(size, np.uint8)).differing == 0


def test_the_plane_is_packed_and_comes_back_as_it_was() -> None:
    content = Content(slide(*LINES))
    assert len(content._packed) < slide().size // 4
    assert likeness(slide(*LINES), slide(*LINES)) == Likeness(0.0, 100.0, 0.0, 100.0, 0.0)


def test_growth_needs_the_edges_to_be_kept_and_the_places_with_edges_to_be_left_alone() -> None:
    assert Likeness(40.0, 90.0, 25.0, 10.0, 90.0).grown(RULES)
    assert not Likeness(40.0, 89.9, 25.0, 10.0, 90.0).grown(RULES)
    assert not Likeness(40.0, 90.0, 25.1, 10.0, 90.0).grown(RULES)


def test_an_earlier_state_has_its_own_edges_covered_or_hardly_differs_at_all() -> None:
    assert Likeness(40.0, 10.0, 90.0, 90.0, 25.0).covered(RULES)
    assert not Likeness(40.0, 10.0, 90.0, 89.9, 25.0).covered(RULES)
    assert not Likeness(40.0, 10.0, 90.0, 90.0, 25.1).covered(RULES)
    assert Likeness(0.6, 10.0, 90.0, 10.0, 90.0).covered(RULES)


def test_what_can_be_seen_alters_a_tile_and_noise_does_not() -> None:
    dotted = slide(*LINES)
    cv2.line(dotted, (400, 340), (440, 340), 160, 2)
    assert 0 < likeness(slide(*LINES), dotted).altered < 1
    grain = np.random.default_rng(1).normal(0, 5, (360, 640))
    noisy = np.clip(slide(*LINES) + grain, 0, 255).astype(np.uint8)
    assert likeness(slide(*LINES), noisy).altered == 0


def test_contents_are_equal_if_every_pixel_is() -> None:
    dotted = slide(*LINES)
    dotted[3, 4] -= 1
    assert Content(slide(*LINES)).equals(Content(slide(*LINES)))
    assert not Content(slide(*LINES)).equals(Content(dotted))


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_comparing_the_other_way_round_swaps_what_is_said_of_each(one: int, other: int) -> None:
    before, after = (np.random.default_rng(seed).integers(0, 256, (60, 80), dtype=np.uint8) for seed in (one, other))
    there, back = likeness(before, after), likeness(after, before)
    assert (there.differing, there.kept, there.touched) == (back.differing, back.kept_back, back.touched_back)


def hidden(columns: slice, size: tuple[int, int] = (360, 640)) -> Plane:
    mask = np.zeros(size, np.uint8)
    mask[:, columns] = 255
    return mask


def test_what_is_hidden_in_either_picture_is_left_out() -> None:
    covered = slide(*LINES)
    covered[:, 400:] = 90
    veiled = Content(covered, hidden(slice(400, 640))).looked_at()
    for likeness in (Content(slide(*LINES)).looked_at().against(veiled), veiled.against(Content(covered).looked_at())):
        assert (likeness.differing, likeness.kept, likeness.kept_back) == (0, 100, 100)
        assert 55 < likeness.visible < 63


def test_pictures_of_which_too_little_is_visible_are_neither_equal_nor_grown() -> None:
    left, right = (
        Content(slide(), hidden(slice(0, 320))).looked_at(),
        Content(slide(), hidden(slice(300, 640))).looked_at(),
    )
    likeness = left.against(right)
    assert likeness.says_nothing
    assert not likeness.covered(RULES)
    assert not likeness.grown(RULES)


def test_the_more_is_hidden_the_more_must_the_rest_agree() -> None:
    assert Likeness(40.0, 95.0, 12.0, 10.0, 90.0).grown(RULES)
    assert not Likeness(40.0, 95.0, 12.0, 10.0, 90.0, visible=60).grown(RULES)
    assert Likeness(40.0, 99.0, 2.0, 10.0, 90.0, visible=60).grown(RULES)


def test_what_another_picture_shows_takes_the_place_of_what_is_hidden() -> None:
    covered = slide(*LINES)
    covered[:, 400:] = 90
    whole = Content(covered, hidden(slice(400, 640))).over(Content(slide(*LINES)))
    assert whole.equals(Content(slide(*LINES)))
    part = Content(covered, hidden(slice(400, 640))).over(Content(covered, hidden(slice(500, 640))))
    assert part.hidden_percent == pytest.approx(100 * 140 / 640)


def test_what_a_picture_shows_of_another_for_the_first_time_is_a_share_of_it() -> None:
    one, other = Content(slide(), hidden(slice(0, 320))), Content(slide(), hidden(slice(160, 480)))
    assert other.unseen_in(one) == pytest.approx(0.25)
    assert one.unseen_in(Content(slide())) == 0
