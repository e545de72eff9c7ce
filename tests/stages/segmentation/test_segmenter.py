"""Pictures in, masks out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stages.segmentation.models import MODELS, ModelSpec
from stages.segmentation.segmenter import Segmenter
from stages.segmentation.session import Session

pytest.importorskip("onnxruntime", reason="runs the networks of these tests")

Tiny = Callable[..., Path]


@pytest.fixture
def spec() -> ModelSpec:
    return dataclasses.replace(MODELS["u2netp"], mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


@pytest.fixture
def segmenter(tiny: Tiny, spec: ModelSpec) -> Segmenter:
    """Finds what is red: the sigmoid of 10 red - 5."""
    path = tiny(("n", 3, 24, 32), weights=(10.0, 0.0, 0.0), bias=-5.0)
    return Segmenter(Session(path, batch=3, device="cpu", threads=1), spec)


def picture(left: int = 0, right: int = 0, height: int = 240, width: int = 320) -> np.ndarray:
    """Black, red from ``left`` to ``right``."""
    made = np.zeros((height, width, 3), np.uint8)
    made[:, left:right, 2] = 255
    return made


def test_what_the_network_finds_is_in_the_mask(segmenter: Segmenter) -> None:
    (found,) = segmenter.segment([picture(100, 200)])
    assert found.mask.shape == found.probabilities.shape == (24, 32)
    np.testing.assert_array_equal(found.mask[:, 10:20], 255)
    assert np.count_nonzero(found.mask) == 240
    assert found.probabilities[0, 15] == pytest.approx(1 / (1 + math.exp(-5)), abs=1e-6)


def test_nothing_found_is_an_empty_mask_and_the_probabilities_as_they_are(segmenter: Segmenter) -> None:
    (found,) = segmenter.segment([picture()])
    assert not found.mask.any()
    assert found.probabilities.max() == pytest.approx(1 / (1 + math.exp(5)), abs=1e-6)


def test_any_number_of_pictures_of_any_size_goes_through_in_order(segmenter: Segmenter) -> None:
    pictures = [picture(0, (10 + 20 * each) * 2, 480, 640) for each in range(7)]
    found = segmenter.segment([*pictures, picture(0, 320)])
    assert [np.count_nonzero(each.mask[12]) for each in found] == [1, 3, 5, 7, 9, 11, 13, 32]


def test_results_are_not_overwritten_by_the_next(segmenter: Segmenter) -> None:
    (first,) = segmenter.segment([picture(0, 320)])
    segmenter.segment([picture()])
    assert first.mask.all()
    assert first.probabilities.min() > 0.9


def test_no_pictures_give_no_masks(segmenter: Segmenter) -> None:
    assert segmenter.segment([]) == []
