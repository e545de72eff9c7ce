"""Reconnects, lectures and time: what each method forgets, what it keeps, and that nothing delays a capture."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Flags, Frame, Plane
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.bgsub.properties import Method
from stages.bgsub.time import ContinuousTime
from stages.unseen import is_unseen, unseen

METHODS = list(get_args(Method))
WIDTH, HEIGHT = 160, 90
TENTH = 100_000_000
CALM = 0.2  # percent below which the trigger of the default preset calls a view calm


class Camera:
    """Pushes planes at 10 frames/s; ``now`` is the time of the next frame in tenths of a second."""

    def __init__(self, **properties: object) -> None:
        self.harness = Harness(Bgsub, **properties)
        stage = self.harness.stage
        assert isinstance(stage, Bgsub)
        self.grey = stage.sink_caps.value("format") == "gray8"
        caps = Caps.of("video/raw", format="gray8" if self.grey else "bgr24", width=WIDTH, height=HEIGHT)
        self.harness.caps(caps)
        self.now = 0

    def push(self, *planes: Plane, flags: Flags = Flags.NONE) -> list[float | None]:
        seen: list[float | None] = []
        for plane in planes:
            shown = plane if self.grey else np.repeat(plane[:, :, None], 3, axis=2)
            frame = Frame(self.now, self.now * TENTH, Caps.of("video/raw"), (shown,), flags=flags)
            flags = Flags.NONE
            (out,) = frames_of(self.harness.push(frame))
            value = out.meta["foreground_percent"]
            assert value is None or isinstance(value, float)
            seen.append(value)
            self.now += 1
        return seen

    def tell(self, kind: EventKind) -> None:
        assert self.harness.event(event := Event(kind, self.now * TENTH)) == [event]


def still(level: int = 30) -> Plane:
    return np.full((HEIGHT, WIDTH), level, np.uint8)


def grainy(seed: int, sigma: float = 8) -> Plane:
    return np.clip(still(120) + np.random.default_rng(seed).normal(0, sigma, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)


def with_face(seed: int) -> Plane:
    image = still()
    image[50:80, 120:150] = np.random.default_rng(seed).integers(0, 256, (30, 30), dtype=np.uint8)
    return image


def calm_from(values: list[float | None]) -> int:
    """The first frame from which on everything is calm, as the trigger sees it."""
    moving = [n for n, value in enumerate(values) if value is None or value >= CALM]
    return moving[-1] + 1 if moving else 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("how", ["flag", "epoch", "gap", "time"])
def test_nothing_is_known_of_the_first_frame_after_a_break(method: str, how: str) -> None:
    camera = Camera(method=method)
    assert camera.push(*[still()] * 60)[-1] is not None
    if how == "time":
        camera.now -= 30
    elif how != "flag":
        camera.tell(EventKind(how))
    assert camera.push(still(), flags=Flags.DISCONT if how == "flag" else Flags.NONE) == [None]


@pytest.mark.parametrize("method", METHODS)
def test_the_same_scene_after_a_break_is_at_rest_within_half_a_second(method: str) -> None:
    camera = Camera(method=method)
    camera.push(*[still()] * 60)
    camera.now += 300
    assert calm_from(camera.push(*[still()] * 20, flags=Flags.DISCONT)) <= 5


@pytest.mark.parametrize("method", ["auto", "tiles", "frame_diff"])
def test_what_was_before_a_break_is_not_compared_with_what_comes_after(method: str) -> None:
    camera = Camera(method=method)
    camera.push(*[still(30)] * 20)
    camera.now += 50
    after = camera.push(*[still(200)] * 20, flags=Flags.DISCONT)
    assert [value for value in after if value is not None and value > 0] == []


@pytest.mark.parametrize("kind", [EventKind.LECTURE_START, EventKind.LECTURE_STOP])
@pytest.mark.parametrize("method", METHODS)
def test_a_lecture_sets_the_time_and_nothing_else(method: str, kind: EventKind) -> None:
    camera = Camera(method=method)
    camera.now = 5000
    images = [with_face(n) for n in range(60)]
    before = camera.push(*images[:40])
    camera.tell(kind)
    camera.now = 3
    after = camera.push(*images[40:])
    assert before + after == Camera(method=method).push(*images)


def test_tiles_know_after_a_break_what_never_rested_before_it() -> None:
    camera = Camera()
    camera.push(*[with_face(n) for n in range(60)])
    camera.now += 40
    assert calm_from(camera.push(*[with_face(n) for n in range(60, 90)], flags=Flags.DISCONT)) == 2


@pytest.mark.parametrize("sigma", [0, 3, 12])
def test_tiles_are_calm_an_interval_after_the_first_frame_however_noisy_it_is(sigma: float) -> None:
    camera = Camera()
    assert calm_from(camera.push(*[grainy(n, sigma) for n in range(30)])) == 2


def test_tiles_measure_the_noise_anew_after_a_break() -> None:
    camera = Camera()
    camera.push(*[still(120)] * 40)
    assert calm_from(camera.push(*[grainy(n, 12) for n in range(30)], flags=Flags.DISCONT)) == 2


@pytest.mark.parametrize("offset", [0, 1])
def test_tiles_are_calm_at_most_two_intervals_after_motion_has_ended(offset: int) -> None:
    camera = Camera()
    camera.push(*[still()] * (20 + offset))
    sliding = [still() for _ in range(8)]
    for n, image in enumerate(sliding):
        image[20:60, 10 * n : 10 * n + 40] = 230
    camera.push(*sliding)
    assert calm_from(camera.push(*[sliding[-1]] * 20)) <= 3


@given(st.lists(st.one_of(st.integers(0, 5), st.integers(-1000, 1000).map(str)), max_size=40))
def test_continuous_time_never_goes_back_and_keeps_the_steps_between_jumps(steps: list[int | str]) -> None:
    time, pts, last = ContinuousTime(), 5000, -1
    for step in steps:
        if isinstance(step, str):
            time.jump()
            pts += int(step)
            now = time.of(pts)
        else:
            pts += step
            assert not time.goes_back(pts)
            now = time.of(pts)
            assert last in (-1, now - step)
        assert now >= last
        last = now


def test_while_the_picture_changes_unseen_nothing_is_known_and_the_model_is_not_asked() -> None:
    camera = Camera()
    grey = np.full((HEIGHT, WIDTH), 90, np.uint8)
    camera.push(grey, grey, grey)
    frame = Frame(9, 3 * TENTH, Caps.of("video/raw"), (255 - grey,))
    (out,) = frames_of(camera.harness.push(unseen(frame)))
    assert out.meta["foreground_percent"] is None and is_unseen(out) and not out.planes
    camera.now = 4
    assert camera.push(grey, grey) == [0.0, 0.0]
