"""One change in a group of pictures is told from the sizes of its packets, and what is more, or may be, is not."""

from __future__ import annotations

import numpy as np
import pytest

from stages.decoder.sparse.cuts import change_of, is_quiet

STILL, KEY, A_SECOND, LENGTH = 100, 30_000, 30, 240
REFINED = (0, 700, 300, 150)  # what follows a keyframe, or a cut


def change(*parts: tuple[int, tuple[int, ...]], length: int = LENGTH) -> tuple[int, int] | None:
    """``parts``: an index, and the sizes of the packets from there on; all others are those of a still picture."""
    sizes = np.full(length, 40, np.int64)
    sizes[: len(REFINED)] = REFINED
    sizes[0] = KEY
    for index, taken in parts:
        sizes[index : index + len(taken)] = taken
    return change_of(sizes, STILL, A_SECOND)


def test_a_cut_is_one_large_packet_and_what_makes_it_finer() -> None:
    assert change((100, (20_000, 900, 60, 60, 500))) == (100, 100)


def test_a_fade_is_a_row_of_large_packets() -> None:
    row = (2_000, 6_000, 90, 9_000, 12_000, 800, 12_000, 7_000)
    assert change((100, row)) == (100, 107)


def test_how_a_fade_begins_is_part_of_it_however_little_that_takes() -> None:
    assert change((96, (900, 40, 700, 40, 9_000, 9_000))) == (96, 101)


def test_where_all_packets_are_still_there_is_no_change() -> None:
    assert change() is None


def test_what_makes_the_keyframe_or_the_last_busy_packet_finer_is_quiet_and_nothing_later_is() -> None:
    sizes = np.full(LENGTH, 40, np.int64)
    sizes[:4] = (KEY, *REFINED[1:])
    assert is_quiet(sizes, 0, STILL, A_SECOND)
    sizes[100:103] = (20_000, 900, 300)
    assert not is_quiet(sizes, 0, STILL, A_SECOND)
    assert is_quiet(sizes, 100, STILL, A_SECOND)
    sizes[200] = STILL + 17
    assert not is_quiet(sizes, 100, STILL, A_SECOND)
    sizes[200], sizes[150:] = 40, STILL + 10
    assert not is_quiet(sizes, 100, STILL, A_SECOND)


def test_a_still_picture_may_take_somewhat_more_behind_the_cut() -> None:
    assert change((100, (20_000,)), (132, (145, 130, 120, 140) * 27)) == (100, 100)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (((60, (20_000,)), (150, (20_000,))), "two cuts"),
        (((60, (20_000,)), (70, (9_000,))), "something that is shown for a third of a second"),
        (((60, (6_000,) * 40),), "motion for more than a second"),
        (((60, (20_000,)), (61, (2_000,) * 20)), "more than refinement behind the cut"),
        (((100, (20_000,)), (150, (900,))), "something small long after the cut"),
        (((60, (900,)), (100, (20_000,))), "something small before the cut"),
        (((2, (1_500,) * 5), (100, (20_000,))), "something in the first half second"),
        (((100, (20_000,)), (140, (145, 187, 139, 226, 208, 40, 40, 297, 284, 150, 407) * 8)), "a pen behind the cut"),
        (((100, (20_000,)), (140, (190, 180) * 50)), "behind the cut no packet is still"),
        (((235, (20_000,)),), "a change that may go on in the next group"),
        (((120, (500,)),), "something small and nothing else"),
        (((120, (110,) * 100),), "something that moves slowly"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_more_than_one_change_is_decoded(parts: tuple[tuple[int, tuple[int, ...]], ...], why: str) -> None:
    assert change(*parts) is None, why
