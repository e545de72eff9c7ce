"""Packets in groups: which are busy, from where on a group may be left out, and which files are not worth it."""

from __future__ import annotations

import numpy as np
import pytest

from stages.decoder.sparse.coding import Coding
from stages.decoder.sparse.survey import MARGIN, Packets, Survey, grouped

PIXELS = 1280 * 720
STILL, KEY = 40, 30_000


def survey(sizes: list[int], pts: list[int] | None = None, keys: tuple[int, ...] = (0, 60, 120)) -> Survey | str:
    times = np.array(pts if pts is not None else range(len(sizes)), np.int64)
    none = np.full(len(sizes), -1)
    coding = Coding(none, none, none, none < -1, None, None, [None], none + 1)
    return grouped(Packets(times, np.array(sizes, np.int64), coding, list(keys), [*keys], []), PIXELS, 30)


def still(*busy: tuple[int, int], groups: int = 3) -> list[int]:
    """Sizes of a still picture's packets, but for ``busy``: index and size."""
    sizes = [STILL] * (60 * groups)
    for key in range(0, len(sizes), 60):
        sizes[key] = KEY
    for index, size in busy:
        sizes[index] = size
    return sizes


def good(found: Survey | str) -> Survey:
    assert isinstance(found, Survey), found
    return found


def test_a_group_in_which_nothing_happens_may_be_left_out_from_its_keyframe_on() -> None:
    assert [group.stop for group in good(survey(still())).groups] == [0, 60, 120]


def test_a_group_may_be_left_out_a_margin_after_its_last_busy_packet() -> None:
    group = good(survey(still((70, 9000), (75, 9000)))).groups[1]
    assert group.busy_pts == 75
    assert group.stop == 75 + MARGIN + 1


def test_the_keyframe_being_refined_is_nothing_that_happens() -> None:
    assert good(survey(still((61, 1200), (62, 300)))).groups[1].stop == 60


def test_many_small_packets_within_a_second_are_busy_together() -> None:
    busy = [(index, 300) for index in range(70, 90)]
    assert good(survey(still(*busy))).groups[1].stop > 89
    apart = [(index, 300) for index in range(61, 115, 10)]
    assert good(survey(still(*apart))).groups[1].stop == 60


def test_what_is_shown_before_an_earlier_packet_is_decoded_with_it() -> None:
    pts = list(range(180))
    pts[82:87] = [86, 82, 83, 84, 85]
    found = good(survey(still((70, 9000)), pts))
    assert found.groups[1].stop == 87


def test_busy_frames_that_are_shown_before_their_keyframe_tie_it_to_the_group_before() -> None:
    pts = list(range(180))
    pts[60:63] = [62, 60, 61]
    assert good(survey(still((61, 9000)), pts)).groups[1].tied
    assert not good(survey(still((70, 9000)), pts)).groups[1].tied


def test_packets_near_a_busy_one_are_known() -> None:
    near = good(survey(still((90, 9000)))).near
    assert np.flatnonzero(near).tolist() == list(range(90 - MARGIN, 90 + MARGIN + 1))


def test_of_small_packets_those_are_needed_that_are_shown_before_a_busy_one_that_came_first() -> None:
    pts = list(range(180))
    pts[90:94] = [93, 91, 90, 92]
    found = good(survey(still((90, 9000)), pts))
    assert np.flatnonzero(found.needed).tolist() == [90, 91, 92, 93]


@pytest.mark.parametrize(
    ("pts", "why"),
    [
        ([*range(60), *range(59, 179)], "timestamps repeat"),
        ([*range(100, 160), *range(60), *range(200, 260)], "timestamps go back"),
    ],
)
def test_broken_timestamps_are_named(pts: list[int], why: str) -> None:
    assert survey(still(), pts) == why


def test_a_file_in_which_something_happens_all_the_time_is_not_worth_it() -> None:
    found = survey(still(*((index, 4000) for index in range(180) if index % 60 and index % 3)))
    assert isinstance(found, str)
    assert found.startswith("32% of its packets")


def test_a_file_without_a_keyframe_at_its_beginning_is_refused() -> None:
    assert survey(still(), keys=(60, 120)) == "it does not begin with a keyframe"


def test_the_one_change_of_a_group_is_known_by_its_packets_in_the_file() -> None:
    sizes = still((90, 9000))
    assert [group.change for group in good(survey(sizes)).groups] == [None, (90, 90), None]


def test_before_a_keyframe_that_was_not_due_a_group_may_be_quiet() -> None:
    sizes = [KEY, *[STILL] * 39, *still()]
    found = good(survey(sizes, keys=(0, 40, 100, 160)))
    assert [group.quiet for group in found.groups] == [True, False, False, False]


def test_a_group_is_quiet_from_behind_its_last_busy_packet_on_or_not_at_all() -> None:
    busy = [KEY, *[STILL] * 9, 9000, *[STILL] * 39, *still()]
    assert good(survey(busy, keys=(0, 50, 110, 170))).groups[0].quiet
    busy[45] = 300
    assert not good(survey(busy, keys=(0, 50, 110, 170))).groups[0].quiet


def test_a_keyframe_may_be_due_by_the_number_of_frames_or_by_their_times() -> None:
    sizes = [KEY, *[STILL] * 56, *still()]
    assert not good(survey(sizes, keys=(0, 57, 117, 177))).groups[0].quiet
    sizes = [KEY, *[STILL] * 39, *still()]
    slow = [2 * index for index in range(40)] + [index + 40 for index in range(40, 220)]
    assert not good(survey(sizes, slow, keys=(0, 40, 100, 160))).groups[0].quiet
