"""Composes the frames of the test lecture: slide, fade, film, presenter, pointer, noise, in this order.

It stands between the script, which says what is on screen, and the stage, which makes frames of the pixels.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Plane
from stages.testsource.drawing import FILM_BOX, draw_slide
from stages.testsource.film import draw_film
from stages.testsource.presenter import Presenter
from stages.testsource.script import Lecture, Moment

KEPT_STATES = 4  # the slide that is on screen, the one it fades over, and the next build of each
NOISE_FIELDS = 4
NOISE_MARGIN_PX = 64
_ARROW = ((0.0, 0.0), (0.0, 0.78), (0.18, 0.62), (0.3, 0.92), (0.42, 0.87), (0.3, 0.58), (0.54, 0.56))


class Renderer:
    """Draws any frame of a lecture; frames in order are fastest."""

    def __init__(self, lecture: Lecture) -> None:
        p = lecture.properties
        self.lecture = lecture
        self.width, self.height = p.width, p.height
        self._states: OrderedDict[tuple[int, int], Plane] = OrderedDict()
        duration_s = lecture.duration_ns / SECOND_NS
        self._presenter = (
            None if p.presenter == "none" else Presenter(p.presenter, p.width, p.height, duration_s, p.seed)
        )
        self._noise = _Noise(p.width, p.height, p.noise, p.seed) if p.noise > 0 else None
        self._last: tuple[Moment, Plane] | None = None

    def frame(self, number: int) -> Plane:
        """Frame ``number``, uint8 BGR (height, width, 3), read-only. The same object as before if nothing changed."""
        t_ns = self.lecture.pts_ns(number)
        moment = self.lecture.at(t_ns)
        still = self._presenter is None and self._noise is None
        if still and self._last is not None and self._last[0] == moment:
            return self._last[1]
        frame = self._scene(moment)
        if self._presenter is not None:
            self._presenter.paint(frame, t_ns / SECOND_NS)
        if moment.pointer is not None:
            self._point(frame, moment.pointer)
        if self._noise is not None:
            self._noise.add(frame, number)
        frame.flags.writeable = False
        self._last = (moment, frame)
        return frame

    def _scene(self, moment: Moment) -> Plane:
        top = self._state(moment.slide, moment.parts)
        if moment.under is None:
            frame = top.copy()
        else:
            import cv2

            below = self._state(*moment.under)
            frame = cast(Plane, cv2.addWeighted(top, moment.fade, below, 1.0 - moment.fade, 0.0))
        if moment.film_s > 0:
            x0, y0, x1, y1 = self._film_box()
            frame[y0:y1, x0:x1] = draw_film(moment.film_s, x1 - x0, y1 - y0)
        return frame

    def _state(self, slide: int, parts: int) -> Plane:
        """The slide with its first ``parts`` parts; the latest few are kept."""
        key = (slide, parts)
        if key not in self._states:
            content = self.lecture.slides[slide]
            drawn = draw_slide(content, parts, self.width, self.height)
            if content.kind == "film":
                x0, y0, x1, y1 = self._film_box()
                drawn[y0:y1, x0:x1] = draw_film(0.0, x1 - x0, y1 - y0)
            self._states[key] = drawn
            while len(self._states) > KEPT_STATES:
                self._states.popitem(last=False)
        self._states.move_to_end(key)
        return self._states[key]

    def _film_box(self) -> tuple[int, int, int, int]:
        x0, y0 = round(FILM_BOX[0] * self.width), round(FILM_BOX[1] * self.height)
        return x0, y0, max(x0 + 1, round(FILM_BOX[2] * self.width)), max(y0 + 1, round(FILM_BOX[3] * self.height))

    def _point(self, frame: Plane, place: tuple[float, float]) -> None:
        import cv2

        size = max(4.0, min(self.height, self.width) * 0.034)
        corner = (place[0] * self.width, place[1] * self.height)
        arrow = np.array([[(corner[0] + x * size) * 16, (corner[1] + y * size) * 16] for x, y in _ARROW])
        points = np.round(arrow).astype(np.int32)
        cv2.fillPoly(frame, [points], (250, 250, 250), cv2.LINE_AA, 4)
        cv2.polylines(frame, [points], True, (20, 20, 20), max(1, round(size * 0.05)), cv2.LINE_AA, 4)


class _Noise:
    """Gaussian noise per pixel and channel: a few fields, laid on at a random offset for each frame.

    Drawing fresh noise for each frame would take longer than all the rest. A field is kept as what it adds and
    what it takes away, both uint8, because saturating uint8 sums are the fastest there are.
    """

    def __init__(self, width: int, height: int, deviation: float, seed: int) -> None:
        shape = (height + NOISE_MARGIN_PX, width + NOISE_MARGIN_PX, 3)
        self._seed = seed
        self._fields: list[tuple[Plane, Plane]] = []
        for index in range(NOISE_FIELDS):
            generator = np.random.Generator(np.random.PCG64([seed, index]))
            field: NDArray[np.float32] = generator.standard_normal(shape, np.float32)
            field *= deviation
            np.rint(field, out=field)
            plus = np.clip(field, 0, 255).astype(np.uint8)
            minus = np.clip(-field, 0, 255).astype(np.uint8)
            self._fields.append((plus, minus))

    def add(self, frame: Plane, number: int) -> None:
        """Lay the noise of frame ``number`` on ``frame``, in place."""
        import cv2

        rng = random.Random(f"{self._seed}/noise/{number}")
        plus, minus = self._fields[rng.randrange(NOISE_FIELDS)]
        y, x = rng.randrange(NOISE_MARGIN_PX), rng.randrange(NOISE_MARGIN_PX)
        height, width = frame.shape[:2]
        cv2.add(frame, plus[y : y + height, x : x + width], frame)
        cv2.subtract(frame, minus[y : y + height, x : x + width], frame)
