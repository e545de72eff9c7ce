"""Parameter sets say how slice headers are to be read; what is not followed is refused."""

from __future__ import annotations

import pytest
from h264_writing import picture_set, sequence_set

from stages.decoder.h264.bits import Malformed
from stages.decoder.h264.parameters import picture_set_of, sequence_of


@pytest.mark.parametrize("profile", [66, 77, 100])
def test_a_sequence_tells_its_counters_its_size_and_how_much_is_held(profile: int) -> None:
    number, found = sequence_of(sequence_set(profile=profile, number=3))
    assert number == 3
    assert (found.frame_num_bits, found.poc_bits, found.most_references) == (4, 6, 4)
    assert found.size == (320, 192)
    assert (found.frame_nums, found.pocs) == (16, 64)


def test_where_order_follows_frame_num_there_is_no_counter_of_it() -> None:
    _, found = sequence_of(sequence_set(order=2))
    assert (found.poc_bits, found.pocs) == (0, 1)


def test_one_that_holds_nothing_holds_one_all_the_same() -> None:
    assert sequence_of(sequence_set(most=0))[1].most_references == 1


def test_of_fields_two_make_a_picture() -> None:
    assert sequence_of(sequence_set(frames_only=False))[1].size == (320, 384)


def test_cropping_at_the_right_and_the_bottom_leaves_pictures_where_they_are() -> None:
    assert sequence_of(sequence_set(crop=(0, 2, 0, 6)))[1].size == (320, 192)


@pytest.mark.parametrize(
    "refused",
    [
        sequence_set(order=1),
        sequence_set(profile=100, depth=10),
        sequence_set(crop=(1, 0, 0, 0)),
        sequence_set(crop=(0, 0, 1, 0)),
        b"\x67",
    ],
)
def test_what_is_not_followed_is_refused(refused: bytes) -> None:
    with pytest.raises(Malformed):
        sequence_of(refused)


def test_a_picture_set_tells_its_sequence_and_how_slices_are_coded() -> None:
    number, found = picture_set_of(picture_set(number=2, sequence=1, arithmetic=False, weighted=True))
    assert (number, found.sequence, found.arithmetic, found.weighted) == (2, 1, False, True)
    assert found.references == (3, 1)


def test_slice_groups_are_refused() -> None:
    with pytest.raises(Malformed):
        picture_set_of(picture_set(groups=2))
