"""The slides of a lecture so far, and which of them a picture shows."""

from __future__ import annotations

import imagehash
import numpy as np

from stages.dedup.fingerprint import Fingerprint
from stages.dedup.known import KnownSlides


def print_of(*bits: int, second: tuple[int, ...] | None = None) -> Fingerprint:
    def hashed(those: tuple[int, ...]) -> imagehash.ImageHash:
        array = np.zeros((4, 4), np.bool_)
        array.flat[list(those)] = True
        return imagehash.ImageHash(array)

    return Fingerprint(hashed(bits), None if second is None else hashed(second), None)


def test_with_nothing_known_there_is_no_match() -> None:
    assert KnownSlides(3, 0).find(print_of(1)) is None


def test_the_nearest_within_the_distance_is_the_same() -> None:
    known = KnownSlides(3, 0)
    known.add(1, print_of(0, 1, 2))
    known.add(2, print_of(0, 1, 2, 3))
    match = known.find(print_of(0, 1, 2, 3, 4))
    assert match is not None
    assert (match.slide, match.distance, match.same) == (2, 1, True)


def test_over_the_distance_the_nearest_is_named_and_not_the_same() -> None:
    known = KnownSlides(1, 0)
    known.add(7, print_of())
    match = known.find(print_of(1, 2, 3))
    assert match is not None
    assert (match.slide, match.distance, match.same) == (7, 3, False)


def test_one_that_is_confirmed_goes_before_one_that_is_nearer() -> None:
    known = KnownSlides(3, 1)
    known.add(1, print_of(1, second=(9, 10, 11)))
    known.add(2, print_of(1, 2, 3, second=(5,)))
    match = known.find(print_of(1, second=()))
    assert match is not None
    assert (match.slide, match.confirm_distance, match.same) == (2, 1, True)


def test_of_equally_near_slides_the_earlier_one_is_named() -> None:
    known = KnownSlides(2, 0)
    known.add(1, print_of(1))
    known.add(2, print_of(2))
    match = known.find(print_of())
    assert match is not None
    assert (match.slide, match.distance, match.same) == (1, 1, True)


def test_a_slide_added_again_is_known_by_its_new_state() -> None:
    known = KnownSlides(0, 0)
    known.add(1, print_of(1))
    known.add(1, print_of(2))
    assert [match.same for match in (known.find(print_of(1)), known.find(print_of(2))) if match] == [False, True]
