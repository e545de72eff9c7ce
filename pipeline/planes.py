"""Analysis planes and packets as raw parts of a message: which shapes there are, and how large they may be. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from pipeline.errors import WireError

if TYPE_CHECKING:
    from pipeline.frame import Plane

MAX_PART_BYTES = 1 << 28  # one 8-bit plane of 16384 x 16384
MAX_SIDE_PX = 16384
MAX_SAMPLES = 4  # in one pixel of a plane

Part: TypeAlias = "bytes | memoryview"


def is_count(value: object) -> TypeGuard[int]:
    """Whether it is a whole number, not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_side(value: object) -> TypeGuard[int]:
    """Whether a plane may be that many pixels wide or high."""
    return is_count(value) and 0 < value <= MAX_SIDE_PX


def checked_shape(entry: object) -> tuple[int, ...]:
    """Height, width and perhaps samples, or a length in bytes, as they stand in a header or in an array."""
    if isinstance(entry, list | tuple) and len(entry) == 1 and is_count(entry[0]) and 0 < entry[0] <= MAX_PART_BYTES:
        return (entry[0],)
    if isinstance(entry, list | tuple) and len(entry) in (2, 3) and all(map(is_side, entry)):
        shape: tuple[int, ...] = tuple(entry)
        if max(shape[2:], default=1) <= MAX_SAMPLES:
            return shape
    raise WireError("field 'planes' holds no valid shape")


def sendable(plane: Plane) -> Plane:
    """The plane, contiguous. Raises WireError for what the far end would refuse."""
    import numpy as np  # not at the top: the supervisor only knows bus messages, and starts in half the time

    try:
        checked_shape(plane.shape)
    except WireError as e:
        raise WireError(f"a plane of shape {plane.shape} cannot be sent; (h, w), (h, w, 1 to 4) and (n,) can") from e
    if plane.dtype != np.uint8:
        raise WireError(f"a plane of {plane.dtype} cannot be sent; convert it to uint8")
    if plane.nbytes > MAX_PART_BYTES:
        raise WireError(f"a plane of {plane.nbytes} bytes is over the limit of {MAX_PART_BYTES}; scale it down")
    return np.ascontiguousarray(plane)


def planes_of(raw: Sequence[Part], shapes: Sequence[tuple[int, ...]]) -> list[Plane]:
    """The received parts as arrays, read-only views. Raises WireError."""
    if len(raw) != len(shapes):
        raise WireError(f"{len(raw)} raw parts where the header says {len(shapes)}")
    import numpy as np

    planes: list[Plane] = []
    for part, shape in zip(raw, shapes, strict=True):
        if len(part) != math.prod(shape):
            raise WireError(f"a plane of shape {shape} in {len(part)} bytes")
        planes.append(np.frombuffer(part, np.uint8).reshape(shape))
    return planes
