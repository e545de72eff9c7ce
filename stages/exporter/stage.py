"""The exporter as a stage: each new page becomes a picture file and a row, in a result's folder or in a lecture's.

It stands last, after dedup. What becomes of pages and events in the one case and the other, ``conversion`` and
``lecturing`` say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.caps import Caps
from pipeline.errors import CapsError, StageError
from pipeline.frame import Event, Frame, Output
from pipeline.stage import Context, Stage
from stages.exporter.pictures import LARGEST_PX
from stages.exporter.properties import ExporterProperties

if TYPE_CHECKING:
    from stages.exporter.conversion import Conversion
    from stages.exporter.lecturing import Lecturing


class Exporter(Stage[ExporterProperties]):
    """Posts ``slide`` for each new slide, ``grown`` for each new picture of an old one, ``revealed`` for each new
    presenter-free one, and ``result`` at the end.

    Of a lecture it posts ``lecture`` when it has begun or ended it, and ``figures``.
    """

    properties_type = ExporterProperties
    summary = "writes slides as pictures, PDF, PowerPoint and slides.json"

    def __init__(
        self,
        properties: ExporterProperties,
        context: Context,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(properties, context)
        self._clock = clock
        self._wall = wall
        self._mode: Conversion | Lecturing | None = None

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("slide/page")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {}

    def start(self) -> None:
        """Claim LOCATION.partial. Raises OutputError if LOCATION exists, is in use, or cannot be created."""
        # One of the two is needed, and only once all stages are there, for which the first frame waits.
        if self.properties.location:
            from stages.exporter.conversion import Conversion

            self._mode = Conversion(self.properties, self.context)
        else:
            from stages.exporter.lecturing import Lecturing

            self._mode = Lecturing(self.properties, self.context, self._clock, self._wall)

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        """Refuse pictures that the format cannot hold, before the first one comes. Raises CapsError."""
        form = self.properties.format
        for edge in ("picture_width", "picture_height"):
            size = caps.value(edge) if edge in caps.fields else 0
            if isinstance(size, int) and size > LARGEST_PX[form]:
                raise CapsError(f"{form} holds pictures of up to {LARGEST_PX[form]} px, not {size}; use format=png")
        return {}

    def process(self, frame: Frame) -> Iterable[Output]:
        """Write the picture of a new page, then its row. A reveal makes the presenter-free picture of its slide better.

        Raises WriteError when the disk is full, unless it is a lecture's: that waits until there is room.
        """
        self._started().process(frame)
        return ()

    def handle(self, event: Event) -> Iterable[Output]:
        """VISIT_END ends the visit that is open; a lecture's begin, end and gaps are written down."""
        self._started().handle(event)
        return ()

    def tick(self) -> Iterable[Output]:
        self._started().tick()
        return ()

    def drain(self) -> Iterator[Output | None]:
        """EOS: end the last visit and make what is to be made. Raises WriteError or OutputError for a conversion."""
        yield from self._started().drain()

    def stop(self) -> None:
        """Close the journal. A run that did not get to its end leaves slides.json for what it has."""
        if self._mode is not None:
            self._mode.stop()
        self._mode = None

    def _started(self) -> Conversion | Lecturing:
        if self._mode is None:
            raise StageError("the exporter was not started")
        return self._mode
