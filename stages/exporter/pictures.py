"""Pictures to bytes: PNG, JPEG or WebP. The exporter calls it for each new slide; it writes no file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from pipeline.errors import WriteError
from pipeline.frame import Plane

Format: TypeAlias = Literal["png", "jpeg", "webp"]

SUFFIXES: dict[Format, str] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
LARGEST_PX: dict[Format, int] = {"png": 2**31 - 1, "jpeg": 65_535, "webp": 16_383}  # what the formats can hold


def encode(picture: Plane, form: Format, quality: int) -> bytes:
    """The encoded bytes of ``picture``, BGR uint8 (h, w, 3). ``quality`` 1..100 is for JPEG and WebP.

    Raises WriteError if the format cannot hold a picture of that size, or the encoder fails.
    """
    import cv2  # 0.1 s that the start of the process need not wait for

    height, width = picture.shape[:2]
    if max(width, height) > LARGEST_PX[form]:
        raise WriteError(f"{form} holds pictures of up to {LARGEST_PX[form]} px, not {width}x{height}; use format=png")
    # Run lengths only: decoded 1080p lectures take 30 to 60 ms and come out smaller than at level 1 (30 to 70 ms)
    # and as small as at level 3 (30 to 100 ms). The compression level has no say in this strategy.
    parameters = {
        "png": [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE],
        "jpeg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        "webp": [cv2.IMWRITE_WEBP_QUALITY, quality],
    }[form]
    try:
        done, data = cv2.imencode(SUFFIXES[form], picture, parameters)
    except cv2.error as e:
        raise WriteError(f"cannot encode a picture of {width}x{height} px as {form}: {e.err}") from e
    if not done:
        raise WriteError(f"cannot encode a picture of {width}x{height} px as {form}")
    return data.tobytes()


def as_png_or_jpeg(path: Path) -> bytes:
    """The bytes of a picture file; a WebP becomes a PNG of the same pixels, as PDF and PowerPoint know no WebP."""
    data = path.read_bytes()
    if path.suffix != SUFFIXES["webp"]:
        return data
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise WriteError(f"'{path}' is no picture that can be read")
    return encode(picture.astype(np.uint8, copy=False), "png", 100)
