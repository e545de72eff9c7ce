"""A live source that plays the packets of a film as a camera would send them; child processes import it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from packets import PACKETS, Camera

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Output, caps_event
from pipeline.stage import Properties, Source


class FilmingProperties(Properties):
    film: str
    speed: float = 1.0


class Filming(Source[FilmingProperties]):
    """One connection; never drops a packet: without room it waits."""

    properties_type = FilmingProperties
    summary = "films"

    def start(self) -> None:
        self.ended = False

    @property
    def live(self) -> bool:
        return True

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"packets": PACKETS}

    def finish(self) -> None:
        self.ended = True

    def produce(self) -> Iterator[Output | None]:
        camera = Camera(Path(self.properties.film))
        yield camera.connect()
        yield caps_event(PACKETS)
        begin = time.monotonic()
        for frame in camera.frames():
            due = begin + frame.pts_ns / SECOND_NS / self.properties.speed
            while not self.ended and (time.monotonic() < due or not self.context.room("packets")):
                yield None
            if self.ended:
                return
            yield frame
        while not self.ended:
            yield None
