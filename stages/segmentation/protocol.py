"""What a client and a mask service say to each other: which calls there are, and what must be in each. Pure.

A client says hello and is offered a network; then it sends pictures at that network's size, uint8 BGR or grey, and gets
probabilities as uint8, a 255th each. The service normalises, the client makes masks: each of them is the same as local.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from pipeline.call import Call
from pipeline.errors import WireError
from pipeline.frame import Plane
from pipeline.header import Header
from stages.segmentation.masks import Probabilities

VERSION = 1
SERVICE = "masks"
LARGEST_SIDE = 4096  # of a network's input, px
LONGEST_PATIENCE_MS = 600_000

HELLO, OFFER, PICTURE, MASK = "hello", "offer", "picture", "mask"
BUSY, LATE, FAILED, UNKNOWN = "busy", "late", "failed", "unknown"

_FULL = np.float32(255)
_LEVELS = np.arange(256, dtype=np.float32) / _FULL  # what ``from_bytes`` makes of a byte


@dataclass(frozen=True, slots=True)
class Offer:
    """The network of a service. ``size``: height and width of its input. ``digest``: of its file, algorithm:hex.
    ``device``: where it runs now. ``outstanding``: pictures that one client may have there unanswered.
    """

    model: str
    digest: str
    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    threshold: float
    full_picture: bool
    device: str
    batch: int
    outstanding: int


def hello(number: int) -> Call:
    """The first call of every connection."""
    return Call(HELLO, number, {"service": SERVICE, "version": VERSION})


def check_hello(call: Call) -> None:
    """Raises WireError for a client that speaks another language."""
    body = Header(dict(call.data))
    service, version = body.text("service"), body.integer("version")
    if (service, version) != (SERVICE, VERSION):
        raise WireError(
            f"'{service[:40]}' version {version} is not spoken here, but {SERVICE} version {VERSION}: "
            "run the same release at both ends"
        )


def offering(number: int, offer: Offer) -> Call:
    """The answer to hello."""
    return Call(OFFER, number, asdict(offer))


def offer_of(call: Call) -> Offer:
    """Raises WireError for one that no service of ours makes."""
    body = Header(dict(call.data))
    height, width = (_between(each, 1, LARGEST_SIDE) for each in _listed(body, "size", 2))
    threshold = _number(body.get("threshold"))
    if not 0 < threshold < 1:
        raise WireError("field 'threshold' is no probability")
    return Offer(
        model=body.text("model"),
        digest=body.text("digest"),
        size=(height, width),
        mean=_triple(body, "mean"),
        std=_triple(body, "std"),
        threshold=threshold,
        full_picture=body.get("full_picture") is True,
        device=body.text("device"),
        batch=body.integer("batch", 1),
        outstanding=body.integer("outstanding", 1),
    )


def asking(number: int, picture: Plane, patience_ms: int) -> Call:
    """For the mask of ``picture``, at the network's size, for which its client waits so long."""
    return Call(PICTURE, number, {"patience_ms": patience_ms}, (picture,))


def asked(call: Call, size: tuple[int, int]) -> tuple[Plane, int]:
    """The picture and its client's patience in ms. Raises WireError for any other size than the network's."""
    if len(call.planes) != 1 or call.planes[0].shape not in (size, (*size, 3)):
        shapes = [plane.shape for plane in call.planes]
        raise WireError(f"pictures of shape {shapes} where one of {(*size, 3)} or {size} was expected")
    return call.planes[0], Header(dict(call.data)).integer("patience_ms", 0, LONGEST_PATIENCE_MS)


def answering(number: int, probabilities: Probabilities, threshold: float, device: str) -> Call:
    """With what the network gave, (height, width), and where."""
    return Call(MASK, number, {"device": device}, (to_bytes(probabilities, threshold),))


def answered(call: Call, size: tuple[int, int]) -> tuple[Probabilities, str]:
    """Probabilities and device. Raises WireError."""
    if len(call.planes) != 1 or call.planes[0].shape != size:
        raise WireError(f"a mask of shape {[plane.shape for plane in call.planes]} where {size} was expected")
    return from_bytes(call.planes[0]), Header(dict(call.data)).text("device")


def why_of(call: Call) -> str:
    """The reason that an answer gives."""
    why = call.data.get("why")
    return why[:300] if isinstance(why, str) else "it gives no reason"


def to_bytes(probabilities: Probabilities, threshold: float) -> Plane:
    """Probabilities in 255ths, uint8: rounded, but never across the threshold, so that the mask is the same."""
    nearest: Plane = cv2.convertScaleAbs(probabilities, alpha=255.0).astype(np.uint8, copy=False)
    lowest = int(np.searchsorted(_LEVELS, np.float32(threshold), "right"))  # of those above it
    above = probabilities > np.float32(threshold)
    across = above != (nearest >= lowest)
    nearest[across & above] = lowest
    nearest[across & ~above] = lowest - 1
    return nearest


def from_bytes(plane: Plane) -> Probabilities:
    """The inverse, float32."""
    return plane.astype(np.float32) / _FULL


def _listed(body: Header, key: str, length: int) -> Sequence[object]:
    value = body.sequence(key, length)
    if len(value) != length:
        raise WireError(f"field '{key}' is not a list of {length}")
    return value


def _triple(body: Header, key: str) -> tuple[float, float, float]:
    first, second, third = map(_number, _listed(body, key, 3))
    return first, second, third


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WireError("a field of an offer is no number")
    return float(value)


def _between(value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise WireError(f"a field of an offer is not a whole number from {low} to {high}")
    return value
