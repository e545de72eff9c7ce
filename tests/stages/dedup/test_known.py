"""The slides of a lecture so far, and which of them a picture shows."""

from __future__ import annotations

from functools import partial

import imagehash
import numpy as np

from stages.dedup.content import Content, Rules
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


class Loads:
    """Slides of an earlier process; ``asked`` are those that were loaded, ``lost`` those without a picture."""

    def __init__(self, known: KnownSlides, slides: dict[int, Fingerprint], *, hashed: bool = True) -> None:
        self.asked: list[int] = []
        self.lost: set[int] = set()
        for slide, whole in slides.items():
            known.recall(slide, whole.first if hashed else None, partial(self._load, slide, whole))

    def _load(self, slide: int, whole: Fingerprint) -> Fingerprint | None:
        self.asked.append(slide)
        return None if slide in self.lost else whole


def with_content(*bits: int, seed: int | None = None) -> Fingerprint:
    """The first bit says what is on it, unless ``seed`` does."""
    plane = np.random.default_rng(bits[0] if seed is None else seed).integers(0, 256, (40, 40), dtype=np.uint8)
    return Fingerprint(print_of(*bits).first, None, Content(plane))


def by_content() -> KnownSlides:
    return KnownSlides(2, 0, Rules(same_percent=0.6, kept_percent=90, touched_percent=25))


def test_recalled_slides_are_loaded_only_if_they_are_near_and_only_once() -> None:
    known = by_content()
    loads = Loads(known, {1: with_content(0), 2: with_content(5, 6, 7, 8), 3: with_content(0, 1, 2, 3, 4)})
    for _ in range(2):
        match = known.find(with_content(0, 1))
        assert match is not None
        assert (match.slide, match.same) == (1, True)
    assert loads.asked == [1]


def test_a_recalled_slide_without_a_picture_must_be_nearer_than_one_with() -> None:
    known = by_content()
    loads = Loads(known, {1: with_content(0, 1)})
    loads.lost.add(1)
    found = [known.find(with_content(*bits)) for bits in ((0, 1), (0, 1, 2), (0, 1, 2, 3))]
    assert [match.same for match in found if match] == [True, True, False]
    assert loads.asked == [1]


def test_a_slide_whose_hash_is_not_known_is_loaded_to_be_compared_and_left_out_if_that_fails() -> None:
    known = by_content()
    loads = Loads(known, {1: with_content(0), 2: with_content(9)}, hashed=False)
    loads.lost.add(2)
    assert [match.same for match in (known.find(with_content(0)), known.find(with_content(9))) if match] == [
        True,
        False,
    ]
    assert loads.asked == [1, 2]


def test_for_one_picture_no_more_than_a_hundred_slides_are_loaded() -> None:
    known = by_content()
    loads = Loads(known, {n: with_content(0, seed=n) for n in range(1, 251)})
    counts = []
    for _ in range(3):
        known.find(with_content(0))
        counts.append(len(loads.asked))
    assert counts == [100, 200, 250]


def test_slides_can_be_loaded_ahead_newest_first() -> None:
    known = by_content()
    loads = Loads(known, {1: with_content(0), 2: with_content(1), 3: with_content(2)})
    assert [known.load_one() for _ in range(4)] == [True, True, False, False]
    assert loads.asked == [3, 2, 1]


def test_a_recalled_slide_that_is_added_anew_is_not_loaded() -> None:
    known = by_content()
    loads = Loads(known, {1: with_content(0)})
    known.add(1, with_content(0))
    assert known.content(1) is not None
    assert loads.asked == []
