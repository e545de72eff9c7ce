"""Rooms that a camera looks at, with their truth: slides on a wall, somebody before them, noise, changing exposure."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane

SIZE = (960, 540)
FOCAL_PX = 1125.0


def corners(
    aspect: float = 16 / 9,
    *,
    turned: float = 18.0,
    tilted: float = 5.0,
    far: float = 2.0,
    at: tuple[float, float] = (-0.08, -0.12),
) -> NDArray[np.float64]:
    """A slide on a wall, as a camera sees it: top left, top right, bottom right, bottom left, x and y in px.

    In degrees; ``far`` and ``at`` in widths of the slide.
    """
    yaw, pitch = np.radians(turned), np.radians(tilted)
    across = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    up = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    w, h = 0.5, 0.5 / aspect
    slide_of = np.array([[-w, -h, 0], [w, -h, 0], [w, h, 0], [-w, h, 0]])
    seen = slide_of @ (up @ across).T + np.array([*at, far])
    return np.asarray(seen[:, :2] / seen[:, 2:] * FOCAL_PX + (np.array(SIZE) - 1) / 2)


@dataclass(frozen=True)
class Room:
    """A wall with a door and a floor before it, and slides at ``corners`` of it. ``light``: of a slide's levels."""

    corners: NDArray[np.float64] = field(default_factory=corners)
    size: tuple[int, int] = SIZE
    noise: float = 3.0
    light: float = 0.8

    def picture(
        self,
        slide: Plane | None,
        seed: int,
        *,
        person: float | None = None,
        gain: float = 1.0,
        moved: tuple[float, float] = (0.0, 0.0),
        zoom: float = 1.0,
    ) -> Plane:
        """What the camera sees: BGR (h, w, 3). ``person``: where somebody stands, as a share of the width.

        ``moved``: by how many px the camera was.
        """
        made = self._wall()
        if slide is not None:
            sh, sw = slide.shape[:2]
            edges = np.array([[0, 0], [sw, 0], [sw, sh], [0, sh]], np.float32) - 0.5
            turn = cv2.getPerspectiveTransform(edges, self.corners.astype(np.float32))
            shown = cv2.warpPerspective(slide.astype(np.float32), turn, self.size, flags=cv2.INTER_AREA)
            whole = cv2.warpPerspective(np.ones((sh, sw), np.float32), turn, self.size, flags=cv2.INTER_LINEAR)
            made = made * (1 - whole[..., None]) + (25 + self.light * shown) * whole[..., None]
        if person is not None:
            _stand(made, round(person * self.size[0]), seed)
        if moved != (0.0, 0.0) or zoom != 1.0:
            turn = np.array([[zoom, 0, moved[0]], [0, zoom, moved[1]]], np.float32)
            made = cv2.warpAffine(made, turn, self.size, borderMode=cv2.BORDER_REFLECT)
        noise = np.random.default_rng(seed).normal(0, self.noise, made.shape)
        return np.clip(np.rint(gain * made + noise), 0, 255).astype(np.uint8)

    def _wall(self) -> NDArray[np.float32]:
        width, height = self.size
        across = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
        made = np.broadcast_to(120 - 35 * across, (height, width, 3)).copy()
        floor = round(0.78 * height)
        made[floor:] = (45, 70, 95)
        cv2.line(made, (0, floor), (width, floor), (30, 30, 30), 5)
        cv2.rectangle(made, (round(0.86 * width), round(0.2 * height)), (round(0.97 * width), floor), (60, 60, 75), -1)
        return made


def slide(seed: int, aspect: float = 16 / 9, back: int | None = None) -> Plane:
    """A slide with a title, lines of text and a figure, BGR; ``back``: the level of its background."""
    rng = np.random.default_rng(1000 + seed)
    width, height = 800, round(800 / aspect)
    level = int(rng.choice([250, 240, 225])) if back is None else back
    ink = 30 if level > 127 else 235
    made = np.full((height, width, 3), level, np.uint8)
    title = "".join(rng.choice(list("ABCDEFGHIKLMNOPRST"), int(rng.integers(7, 15))))
    cv2.putText(made, title, (width // 16, height // 6), 0, height / 300, (ink,) * 3, max(2, height // 150))
    for row in range(4, 12):
        end = int(width * rng.uniform(0.4, 0.93))
        y = height * row // 13
        for x in range(width // 16, end, width // 30):
            letter = int(rng.integers(width // 80, width // 34))
            cv2.rectangle(made, (x, y), (x + letter, y + height // 40), (ink,) * 3, -1)
    if rng.random() < 0.7:
        x, y = int(rng.uniform(0.05, 0.55) * width), int(rng.uniform(0.3, 0.5) * height)
        colour = [int(c) for c in rng.integers(30, 220, 3)]
        cv2.rectangle(made, (x, y), (x + width // 3, y + height // 3), colour, -1)
    return made


def pages(
    room: Room,
    count: int,
    *,
    aspect: float = 16 / 9,
    people: bool = True,
    drift: float = 0.12,
    back: int | None = None,
) -> list[Plane]:
    """A picture a slide, with an exposure of its own, and somebody before every second one, always somewhere else."""
    rng = np.random.default_rng(count)
    made = []
    for n in range(count):
        person = float(rng.uniform(0.05, 0.9)) if people and n % 2 else None
        gain = 1 + drift * float(rng.uniform(-1, 1))
        made.append(room.picture(slide(n, aspect, back), n, person=person, gain=gain))
    return made


def _stand(made: NDArray[np.float32], x: int, seed: int) -> None:
    """Somebody as high as half of the picture, feet on the floor."""
    height = made.shape[0]
    rng = np.random.default_rng(seed)
    coat, feet, tall = [float(c) for c in rng.integers(20, 110, 3)], round(0.93 * height), round(0.55 * height)
    cv2.ellipse(made, (x, feet - tall // 2), (tall // 7, tall // 2), 0, 0, 360, coat, -1)
    cv2.circle(made, (x, feet - tall), tall // 11, (120.0, 150.0, 190.0), -1)
    cv2.line(made, (x - tall // 20, feet - tall // 3), (x - tall // 14, feet), (30.0, 30.0, 30.0), tall // 14)
    cv2.line(made, (x + tall // 20, feet - tall // 3), (x + tall // 12, feet), (30.0, 30.0, 30.0), tall // 14)
