"""The chroma plane beside a grey one: who is given it, how large it is, and what tiles it falls on."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.caps import Caps
from pipeline.frame import Frame
from stages.chroma import chroma_of, chroma_size, in_tiles, is_asked_for
from stages.presenter import Presenter, carrying, presenter_of

CAPS = Caps.of("video/raw", format="gray8")
GREY = np.zeros((90, 160), np.uint8)


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [
        ({"frames": "video/raw,format=gray8,chroma=small"}, True),
        ({"frames": "video/raw,format=gray8"}, False),
        ({"others": "video/raw,format=gray8,chroma=small"}, False),
    ],
)
def test_only_who_asks_is_given_it(allowed: dict[str, str], asked: bool) -> None:
    assert is_asked_for({pad: Caps.parse(caps) for pad, caps in allowed.items()}, "frames") is asked


def test_it_is_found_whatever_else_travels_with_the_frame() -> None:
    chroma, mask = np.full((18, 32, 2), 128, np.uint8), np.full((90, 160), 255, np.uint8)
    assert chroma_of(Frame(0, 0, CAPS, (GREY,))) is None
    assert chroma_of(carrying(Frame(0, 0, CAPS), (GREY,), Presenter(mask))) is None
    frame = carrying(Frame(0, 0, CAPS), (GREY, chroma), Presenter(mask))
    assert chroma_of(frame) is chroma
    presenter = presenter_of(frame)
    assert presenter is not None
    assert presenter.mask is mask


@pytest.mark.parametrize(("plane", "size"), [((640, 360), (128, 72)), ((640, 353), (128, 71)), ((3, 2), (1, 1))])
def test_it_has_a_sample_for_every_five_pixels(plane: tuple[int, int], size: tuple[int, int]) -> None:
    assert chroma_size(*plane) == size


@pytest.mark.parametrize(("shape", "tile_px"), [((360, 640), 10), ((353, 640), 10), ((360, 637), 20), ((90, 160), 7)])
def test_a_sample_that_is_set_sets_its_tile_and_none_beyond_its_neighbours(
    shape: tuple[int, int], tile_px: int
) -> None:
    width, height = chroma_size(shape[1], shape[0])
    for row, column in ((0, 0), (height // 2, width // 3), (height // 3, width // 2)):
        samples = np.zeros((height, width), np.uint8)
        samples[row, column] = 255
        tiles = in_tiles(samples, shape, tile_px)
        assert tiles.shape == (shape[0] // tile_px, shape[1] // tile_px)
        at = (int((row + 0.5) * shape[0] / height) // tile_px, int((column + 0.5) * shape[1] / width) // tile_px)
        assert tiles[at]
        assert np.abs(np.argwhere(tiles) - at).max() <= 1


def test_a_plane_smaller_than_a_tile_is_one() -> None:
    assert in_tiles(np.full((1, 1), 255, np.uint8), (4, 5), 10).tolist() == [[True]]
