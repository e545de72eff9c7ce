"""Which state a live source is in, judged from what came and what it shows; pure, instants are given.

A slide that does not change is none of these: ``frozen`` needs an encoder that says the picture changed while it did
not, ``black`` and ``no-signal`` need a picture without any detail, or with that of a test card.
"""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Plane

_BLACK_AFTER_NS = 2 * SECOND_NS
_CARD_AFTER_NS = 5 * SECOND_NS
_BLACK_MEAN, _BLACK_PEAK = 14.0, 40.0  # of 255; a black slide with a line of text has a peak far above
_SIGNS_SHARE = 0.9  # of the packets since the picture changed last
_FEWEST_SIGNS = 10
# Seven bars of SMPTE ECR 1-1978 / EBU bars without their white and black ones, as (B, G, R) high or low.
_BARS = ((1, 1, 1), (0, 1, 1), (1, 1, 0), (0, 1, 0), (1, 0, 1), (0, 0, 1), (1, 0, 0))
_FLAT = 6.0  # standard deviation in grey levels of what counts as one colour, compression included


class SourceState(enum.IntEnum):
    """The number is the value of the metric ``source_state``."""

    CONNECTING = 0
    LIVE = 1
    STALLED = 2
    BLACK = 3
    FROZEN = 4
    NO_SIGNAL = 5
    LOST = 6

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", "-")


class PictureWatch:
    """Black, frozen or a card: what pictures alone can tell."""

    def __init__(self, frozen_after_ns: int) -> None:
        self._frozen_after_ns = frozen_after_ns
        self.reset()

    def reset(self) -> None:
        """A new connection: nothing is known."""
        self._black_since_ns: int | None = None
        self._card_since_ns: int | None = None
        self._changed_ns: int | None = None
        self._now_ns = 0
        self._signs = self._packets = 0

    def packet(self, changed: bool) -> None:
        """A packet came; ``changed``: its encoder coded more than "as before"."""
        self._packets += 1
        self._signs += changed

    @property
    def still(self) -> bool:
        """Whether the picture has not changed for a second: only then is it worth looking into packets."""
        return self._changed_ns is not None and self._now_ns - self._changed_ns > SECOND_NS

    def picture(self, plane: Plane, same: bool, now_ns: int) -> None:
        """A picture was decoded; ``same``: equal to the one before to the last bit."""
        self._now_ns = now_ns
        if not same or self._changed_ns is None:
            self._changed_ns = now_ns
            self._signs = self._packets = 0
            self._black_since_ns = (self._black_since_ns or now_ns) if is_black(plane) else None

    def card(self, shown: bool, now_ns: int) -> None:
        """Whether the picture looks like a card; asked about once a second."""
        self._card_since_ns = (self._card_since_ns or now_ns) if shown else None

    def state(self) -> SourceState:
        """BLACK, NO_SIGNAL, FROZEN, or else LIVE."""
        if self._for_ns(self._black_since_ns) > _BLACK_AFTER_NS:
            return SourceState.BLACK
        if self._for_ns(self._card_since_ns) > _CARD_AFTER_NS:
            return SourceState.NO_SIGNAL
        signs = self._packets >= _FEWEST_SIGNS and self._signs >= _SIGNS_SHARE * self._packets
        if signs and self._for_ns(self._changed_ns) > self._frozen_after_ns:
            return SourceState.FROZEN
        return SourceState.LIVE

    def _for_ns(self, since_ns: int | None) -> int:
        return 0 if since_ns is None else self._now_ns - since_ns


def is_black(plane: Plane) -> bool:
    """Whether an analysis plane is near black all over, without detail."""
    return float(plane.mean()) < _BLACK_MEAN and int(plane.max()) < _BLACK_PEAK


def is_card(small: Plane) -> bool:
    """Whether a small BGR picture (about 64x36) is a blue screen or the bars that devices show without a signal."""
    colours = small.reshape(-1, 3).astype(np.float32)
    if float(colours.std(axis=0).max()) < _FLAT:
        blue, green, red = (float(value) for value in colours.mean(axis=0))
        return blue > 90 and blue - max(green, red) > 60 and min(green, red) < 60
    return _is_bars(small)


def _is_bars(small: Plane) -> bool:
    upper = small[: small.shape[0] // 2].astype(np.float32)
    for first, count in ((0, 7), (1, 8)):  # without and with a white bar before and a black one behind
        width = upper.shape[1] / count
        if all(
            _is_bar(upper[:, round((index + 0.25) * width) : round((index + 0.75) * width)], bar)
            for index, bar in enumerate(_BARS if not first else ((1, 1, 1), *_BARS[1:], (0, 0, 0)))
        ):
            return True
    return False


def _is_bar(part: NDArray[np.float32], bar: tuple[int, int, int]) -> bool:
    flat = part.reshape(-1, 3)
    if flat.shape[0] == 0 or float(flat.std(axis=0).max()) > _FLAT:
        return False
    means = flat.mean(axis=0)
    return all((mean > 120) if high else (mean < 70) for mean, high in zip(means, bar, strict=True))
