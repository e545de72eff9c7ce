"""Whether all that happens in a group of pictures is one change, a cut or a short transition, told from the sizes of
its packets. Pure.

A cut costs an encoder one large packet, a fade or a wipe a row of them, and a second of small ones that make it finer;
before and after nothing takes more than a still picture does. Nothing can come to rest in a row without a gap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BUSY_SHARE = 0.06  # of the keyframe: so much within a second is something that happens
# Shares of the largest packet, and of all of the change, of those in the second behind it that make it finer.
_FINER = 0.125
_ALL_FINER = 0.3
_GAPS_A_SECOND = 5  # what rests for less is not captured: see the trigger's settle_time
# Shares of the largest packet or of the keyframe, the smaller one, of packets on which nothing happens.
_STILL = 0.01
_ALL_STILL = 0.1
_ALL_QUIET = 0.02
_SLACK_BYTES = 16
_EVEN = 1.5  # times what is usual, and what is still


def change_of(sizes: NDArray[np.int64], still: int, a_second: int) -> tuple[int, int] | None:
    """The indices of the first and the last packet of the one change; None if none, or more, happens or may.

    ``sizes``: of all packets of a group in order of decoding, the keyframe's first. ``still``: of a packet of which
    nothing changes. ``a_second``: so many packets.
    """
    above = np.maximum(sizes - still, 0)
    key, above[0] = int(sizes[0]), 0
    settled = _settled(a_second)
    largest = int(above.max())
    if largest <= BUSY_SHARE * key:
        return None
    ref, gap = min(key, largest), a_second // _GAPS_A_SECOND
    most, in_all = _STILL * ref + _SLACK_BYTES, _ALL_STILL * ref
    large = np.flatnonzero(above > _FINER * largest)
    last = int(large[-1])
    first = max(1, int(large[0]) - gap)
    first += int(np.argmax(above[first:] > most))
    if last - first > a_second or np.any(np.diff(large) > max(1, gap)) or last + gap >= len(sizes):
        return None
    behind = last + 1 + a_second
    if int(above[last + 1 : behind].sum()) > _ALL_FINER * int(above[first : last + 1].sum()):
        return None
    if int(above[1 : min(first, settled)].sum()) > BUSY_SHARE * key:
        return None
    is_still = _is_still(above[behind:], most, in_all) or _is_even(sizes[behind:], still)
    return (first, last) if is_still and _is_still(above[settled:first], most, in_all) else None


def is_quiet(sizes: NDArray[np.int64], busy: int, still: int, a_second: int) -> bool:
    """Whether nothing changes behind packet ``busy``, the last of those or the keyframe, once that is made finer."""
    above = np.maximum(sizes[busy + _settled(a_second) :] - still, 0)
    return _is_still(above, _SLACK_BYTES, _ALL_QUIET * int(sizes[0]))


def _settled(a_second: int) -> int:
    """In half a second a picture has been made as fine as it will be."""
    return -(-a_second // 2)


def _is_even(sizes: NDArray[np.int64], still: int) -> bool:
    """Whether all packets take about the same, as of a still picture that takes somewhat more than others."""
    usual = float(np.percentile(sizes, 75))
    return usual <= _EVEN * still and int(sizes.max()) <= _EVEN * usual + _SLACK_BYTES


def _is_still(above: NDArray[np.int64], most: float, in_all: float) -> bool:
    return not above.size or bool(above.max() <= most and above.sum() <= in_all)
