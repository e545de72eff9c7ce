"""What somebody who watches a training sees: how far the epoch is, and then a line of figures. For train_segmenter."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from segmenter_training import Epoch

_EVERY_S = 10.0  # into a file; a terminal's line is written over instead
_EVERY_ON_TERMINAL_S = 0.5


@dataclass(slots=True)
class Watch:
    """Writes progress to ``errors``, figures to ``out``."""

    epochs: int
    epoch: int = 0
    out: TextIO = field(default_factory=lambda: sys.stdout)
    errors: TextIO = field(default_factory=lambda: sys.stderr)
    _last: float = field(default_factory=time.monotonic)

    def batch(self, done: int, count: int, loss: float) -> None:
        """``done`` of ``count`` batches; now and then, this is told."""
        terminal = self.errors.isatty()
        if time.monotonic() - self._last < (_EVERY_ON_TERMINAL_S if terminal else _EVERY_S):
            return
        self._last = time.monotonic()
        text = f"epoch {self.epoch + 1} of {self.epochs}, batch {done} of {count}, loss {loss:.3f}"
        print(f"\r\x1b[2K{text}" if terminal else text, end="" if terminal else "\n", file=self.errors, flush=True)

    def told(self, line: Epoch) -> None:
        """An epoch is done."""
        self.epoch = line.epoch
        if self.errors.isatty():
            print("\r\x1b[2K", end="", file=self.errors, flush=True)
        print(epoch_text(line), file=self.out, flush=True)


def epoch_text(line: Epoch) -> str:
    """One line: losses, rate, validation, time; a star if it is the best so far."""
    feature = "" if line.feature_loss is None else f" (features {line.feature_loss:.4f})"
    valid = line.valid
    kinds = (("plain", valid.plain), ("face cam", valid.facecam), ("standing", valid.standing))
    ious = ", ".join(f"{kind} {reached:.3f}" for kind, reached in kinds if reached is not None)
    empty = "" if valid.empty is None else f"; {valid.empty:.2%} of empty scenes marked"
    return (
        f"{line.net} epoch {line.epoch}: loss {line.loss:.4f}{feature}, rate {line.rate:.2g}; IoU {ious or '-'}{empty};"
        f" {line.seen} seen, {line.seconds:.0f} s{' *' if line.best else ''}"
    )
