"""A mask service with a network whose answers are known by looking, in this process, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from pipeline.errors import StageError
from pipeline.frame import Plane
from pipeline.link.hub import Hub
from pipeline.link.keys import ServerKeys
from pipeline.link.service import Service
from stages.segmentation.batching import Terms
from stages.segmentation.masks import mask_of
from stages.segmentation.protocol import Offer
from stages.segmentation.segmenter import Segmented
from stages.segmentation.serving import MaskService

SIZE = (24, 32)
OFFER = Offer("reds", "sha256:12ab", SIZE, (0.0,) * 3, (1.0,) * 3, 0.5, False, "gpu", 4, 3)
TERMS = Terms(batch=4, max_wait_ns=0, outstanding=3, room=8)
POISON = 13  # a picture of this value is one that the network fails on
_WAIT_S = 20.0


class Reds:
    """Finds what is red. ``gate``: while it is not set, masks are being made. ``batches``: pictures of each."""

    device = "gpu"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[int] = []
        self.closed = False

    def segment(self, pictures: Sequence[Plane]) -> list[Segmented]:
        assert self.gate.wait(_WAIT_S)
        self.batches.append(len(pictures))
        if any(int(picture.max()) == POISON for picture in pictures):
            raise StageError("model 'reds' gives NaN")
        made = []
        for picture in pictures:
            red = picture if picture.ndim == 2 else picture[:, :, 2]
            probabilities = red.astype(np.float32) / np.float32(255)
            made.append(Segmented(mask_of(probabilities, OFFER.threshold), probabilities))
        return made

    def close(self) -> None:
        self.closed = True


def picture(left: int, right: int, size: tuple[int, int] = SIZE, value: int = 255) -> Plane:
    """Black, red from ``left`` to ``right``."""
    made = np.zeros((*size, 3), np.uint8)
    made[:, left:right, 2] = value
    return made


class Serving:
    """Runs in a thread of its own from ``with`` on; at its end it is closed, however it ended.

    ``left``: it answers nothing any more. ``error``: what it ended by, if it did on its own.
    """

    def __init__(
        self,
        masks: Reds,
        address: str = "tcp://127.0.0.1:*",
        keys: ServerKeys | None = None,
        offer: Offer = OFFER,
        terms: Terms = TERMS,
    ) -> None:
        self._hub = Hub()
        self.service = Service(self._hub, address, keys, 3 * SIZE[0] * SIZE[1])
        self.serving = MaskService(self._hub, self.service, masks, offer, terms)
        self.address = self.service.address
        self.error: Exception | None = None
        self.left = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Serving:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """At once: what is in it is not answered."""
        self._stopping.set()
        self._thread.join(_WAIT_S)
        assert not self._thread.is_alive()

    def abandon(self) -> None:
        """What is being made when this returns is not answered."""
        self._stopping.set()
        assert self.left.wait(_WAIT_S)

    def until(self, enough: Callable[[dict[str, int]], bool]) -> None:
        """Waits until its figures are so."""
        deadline = time.monotonic() + _WAIT_S
        pause = threading.Event()
        while not enough(self.serving.figures):
            assert time.monotonic() < deadline, self.serving.figures
            pause.wait(0.005)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() and not self.serving.drained:
                self.serving.turn()
        except Exception as e:  # noqa: BLE001 - the test looks at it
            self.error = e
        finally:
            self.left.set()
            self.serving.close()
            self._hub.close()
