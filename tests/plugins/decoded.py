"""Runs the decoder over a file, for its tests, and looks at what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Frame, Item, Picture
from pipeline.testing import Harness, frames_of
from stages.decoder import Decoder
from stages.picture import to_bgr

MS = 1_000_000


def decode(path: Path | str, **properties: object) -> tuple[Harness, list[Item]]:
    harness = Harness(Decoder, uri=str(path), **properties)
    return harness, list(harness.run())


def frames(path: Path | str, **properties: object) -> list[Frame]:
    return frames_of(decode(path, **properties)[1])


def times_ms(path: Path, **properties: object) -> list[int]:
    return [frame.pts_ns // MS for frame in frames(path, **properties)]


def bgr(frame: Frame) -> NDArray[np.uint8]:
    assert isinstance(frame.image, Picture)
    return to_bgr(frame.image)


def posted(harness: Harness, name: str) -> dict[str, Any]:
    found = [message.data for message in harness.context.messages if message.name == name]
    assert len(found) == 1, f"{name} was posted {len(found)} times"
    return dict(found[0])
