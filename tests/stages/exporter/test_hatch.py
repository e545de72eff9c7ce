"""Presenter-free pictures as bytes and back."""

from __future__ import annotations

import cv2
import numpy as np
import pages
import pytest

from pipeline.frame import Plane
from stages.composite import Composite
from stages.exporter.hatch import GROUND_BGR, STRIPE_BGR, as_png, from_png, hatch, seen_as_png


def decoded(data: bytes) -> Plane:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_what_was_seen_is_as_it_was_and_the_rest_is_hatched() -> None:
    hidden = pages.hiding(0.25, 0.5)
    picture = decoded(as_png(Composite(pages.pixels(1), hidden)))
    assert np.array_equal(picture[hidden == 0], pages.pixels(1)[hidden == 0])
    assert np.array_equal(picture[hidden != 0], hatch(64, 36)[hidden != 0])
    colours = {tuple(colour) for colour in picture[hidden != 0].tolist()}
    assert colours == {STRIPE_BGR, GROUND_BGR}


def test_the_hatch_runs_diagonally_a_quarter_of_it_stripes() -> None:
    pattern = hatch(160, 96)
    assert np.array_equal(pattern[1:, :-1], pattern[:-1, 1:]), "from lower left to upper right"
    assert (pattern == STRIPE_BGR).all(axis=2).mean() == 0.25
    assert np.array_equal(hatch(40, 30), pattern[:30, :40]), "it begins at the corner, whatever the size"


def test_a_picture_is_gone_on_with_from_its_bytes() -> None:
    first = Composite(pages.pixels(1), pages.hiding(0.2, 0.8))
    again = from_png(as_png(first), seen_as_png(first))
    assert again is not None
    assert np.array_equal(again.seen, first.seen)
    for composite in (first, again):
        composite.fill(pages.pixels(2), pages.hiding(0.5, 0.9))
    assert as_png(again) == as_png(first) and seen_as_png(again) == seen_as_png(first)


def test_what_was_wholly_seen_needs_no_mask() -> None:
    whole = Composite(pages.pixels(1))
    assert seen_as_png(whole) is None
    again = from_png(as_png(whole), None)
    assert again is not None and again.revealed == 1 and np.array_equal(again.picture, pages.pixels(1))


@pytest.mark.parametrize("broken", ["no picture", "half a picture", "no mask", "another mask"])
def test_what_cannot_be_read_is_nothing(broken: str) -> None:
    composite = Composite(pages.pixels(1), pages.hiding(0.2, 0.8))
    picture, seen = as_png(composite), seen_as_png(composite)
    given = {
        "no picture": (b"", seen),
        "half a picture": (picture[:20], seen),
        "no mask": (picture, b"x"),
        "another mask": (picture, seen_as_png(Composite(pages.pixels(1, 8, 8), pages.hiding(0, 0.5, (8, 8))))),
    }[broken]
    assert from_png(*given) is None
