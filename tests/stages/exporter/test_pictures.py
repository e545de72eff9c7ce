from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pages
import pytest

from pipeline.errors import WriteError
from stages.exporter.pictures import encode


def test_png_loses_nothing(tmp_path: Path) -> None:
    plane = pages.pixels(1, 33, 17)
    (tmp_path / "a.png").write_bytes(encode(plane, "png", 1))
    assert np.array_equal(pages.read(tmp_path / "a.png"), plane)


def test_an_encoder_that_returns_false_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imencode", lambda *_: (False, np.empty(0, np.uint8)))
    with pytest.raises(WriteError, match="cannot encode a picture of 64x36 px as png"):
        encode(pages.pixels(1), "png", 95)


def test_an_encoder_that_raises_is_the_same_error() -> None:
    with pytest.raises(WriteError, match="cannot encode a picture of 0x0 px as png"):
        encode(np.empty((0, 0, 3), np.uint8), "png", 95)


def test_a_size_that_webp_cannot_hold_is_refused_with_a_way_out() -> None:
    with pytest.raises(WriteError, match="webp holds pictures of up to 16383 px, not 16384x1; use format=png"):
        encode(np.zeros((1, 16384, 3), np.uint8), "webp", 95)
