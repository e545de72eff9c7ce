"""What a presenter hides weighs nothing, for every method: however they walk, come and go, whatever was behind."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from pipeline.caps import Caps
from pipeline.frame import Flags, Frame, Plane
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.bgsub.properties import Method
from stages.presenter import Presenter, carrying, looked_for, presenter_of

METHODS = list(get_args(Method))
MODELS = [method for method in METHODS if method not in ("tiles", "frame_diff")]
WIDTH, HEIGHT = 160, 90
TENTH = 100_000_000
AREA = WIDTH * HEIGHT


class Room:
    """Pushes slides with somebody before them, at 10 frames/s, and the exact mask of who it is."""

    def __init__(self, **properties: object) -> None:
        self.harness = Harness(Bgsub, **properties)
        assert isinstance(self.harness.stage, Bgsub)
        self.grey = self.harness.stage.sink_caps.value("format") == "gray8"
        self.caps = Caps.of("video/raw", format="gray8" if self.grey else "bgr24", width=WIDTH, height=HEIGHT)
        self.harness.caps(self.caps)
        self.now = 0

    def show(
        self, slide: Plane, x: int | None, mask: Plane | None = None, flags: Flags = Flags.NONE, marked: bool = True
    ) -> float | None:
        """A frame with the presenter at ``x``; None: without. ``mask``: instead of theirs."""
        plane = slide.copy()
        if x is not None:
            plane[30:, x : x + 24] = np.random.default_rng(self.now).integers(0, 256, plane[30:, x : x + 24].shape)
            mask = outline(x) if mask is None else mask
        shown = plane if self.grey else np.repeat(plane[:, :, None], 3, axis=2)
        frame = Frame(self.now, self.now * TENTH, self.caps, (shown,), flags=flags)
        if marked:
            frame = carrying(frame, frame.planes, None if mask is None else Presenter(mask))
        (self.out,) = frames_of(self.harness.push(frame))
        self.now += 1
        value = self.out.meta["foreground_percent"]
        assert value is None or isinstance(value, float)
        return value

    def rest(self, slide: Plane, frames: int = 60, x: int | None = None) -> None:
        for _ in range(frames):
            self.show(slide, x)


def outline(x: int) -> Plane:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[30:, x : x + 24] = 255
    return mask


def slide(level: int = 200) -> Plane:
    image = np.full((HEIGHT, WIDTH), level, np.uint8)
    image[10:80:8, 10:150] = 20
    image[20:70, 40:50] = 90
    return image


def walk(frames: int) -> list[int]:
    """Positions from the left to the right and back, 5 px a frame."""
    return [abs((5 * n + 130) % 260 - 130) for n in range(frames)]


@pytest.mark.parametrize("method", METHODS)
def test_a_presenter_who_walks_is_no_motion(method: str) -> None:
    room = Room(method=method)
    room.rest(slide())
    assert [room.show(slide(), x) for x in walk(80)] == [0.0] * 80


# lsbp judges a pixel by its surroundings, so that what comes out for the first time changes what is beside it.
@pytest.mark.parametrize("method", [method for method in METHODS if method != "lsbp"])
def test_a_presenter_who_was_there_from_the_beginning_is_no_motion_either(method: str) -> None:
    room = Room(method=method)
    room.rest(slide(), x=130)
    assert [room.show(slide(), x) for x in walk(80)] == [0.0] * 80


@pytest.mark.parametrize("method", METHODS)
def test_a_presenter_who_comes_and_goes_or_jumps_is_no_motion(method: str) -> None:
    room = Room(method=method)
    room.rest(slide())
    path = [None, 40, 40, None, None, 100, 0, 0, 130, None, *[70] * 30, None, None, None]
    assert [room.show(slide(), x) for x in path] == [0.0] * len(path)


@pytest.mark.parametrize("method", METHODS)
def test_a_new_slide_is_seen_beside_a_presenter_who_walks(method: str) -> None:
    room = Room(method=method)
    path = walk(80)
    room.rest(slide())
    for x in path[:40]:
        room.show(slide(), x)
    after = [room.show(slide(100), x) for x in path[40:44]]
    assert max(value for value in after if value is not None) > 80


@pytest.mark.parametrize("method", METHODS)
def test_what_changed_behind_a_presenter_is_no_motion_when_they_step_aside(method: str) -> None:
    room = Room(method=method)
    room.rest(slide())
    room.rest(slide(), 20, x=40)
    changed = slide()
    changed[40:60, 44:60] = 120
    assert [room.show(changed, 40), room.show(changed, 100)] == [0.0, 0.0]
    assert [room.show(changed, 100) for _ in range(40)] == [0.0] * 40
    assert [room.show(changed, None) for _ in range(10)] == [0.0] * 10


@pytest.mark.parametrize("method", METHODS)
def test_a_change_beside_the_presenter_counts_of_what_is_visible(method: str) -> None:
    room = Room(method=method)
    half = np.zeros((HEIGHT, WIDTH), np.uint8)
    half[:, : WIDTH // 2] = 255
    grey = np.full((HEIGHT, WIDTH), 60, np.uint8)
    for _ in range(60):
        room.show(grey, None, half)
    changed = grey.copy()
    changed[20:60, 100:140] = 250
    values = [value for value in (room.show(changed, None, half) for _ in range(3)) if value is not None]
    shares = {"tiles": 1600, "frame_diff": 46 * 46 - 20}  # an ellipse of 7 px rounds the corners
    assert max(values) == pytest.approx(100 * shares.get(method, 1600) / (AREA / 2), rel=0.3)


@pytest.mark.parametrize("method", METHODS)
def test_of_a_picture_that_is_nearly_all_hidden_nothing_is_known(method: str) -> None:
    room = Room(method=method)
    room.rest(slide())
    everything = np.full((HEIGHT, WIDTH), 255, np.uint8)
    assert [room.show(slide(), None, everything) for _ in range(5)][2:] == [None] * 3
    everything[:1] = 0
    assert [room.show(slide(), None, everything) for _ in range(5)][2:] == [None] * 3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(45, 80), (360, 640), (41, 73)])
def test_a_mask_of_another_size_hides_the_same(method: str, size: tuple[int, int]) -> None:
    room = Room(method=method)
    room.rest(slide())
    values = []
    for x in walk(40):
        mask = np.zeros(size, np.uint8)
        sx, sy = size[1] / WIDTH, size[0] / HEIGHT
        mask[int(30 * sy) :, int(x * sx) : int((x + 24) * sx) + 1] = 255
        values.append(room.show(slide(), x, mask))
    assert values == [0.0] * 40


@pytest.mark.parametrize("method", METHODS)
def test_where_nobody_is_found_all_is_as_if_nobody_looked(method: str) -> None:
    looked, plain = Room(method=method), Room(method=method)
    slides = [slide(200)] * 30 + [slide(120)] * 10 + [slide(60)] * 10
    assert [looked.show(s, None) for s in slides] == [plain.show(s, None, marked=False) for s in slides]
    assert looked_for(looked.out)
    assert not looked_for(plain.out)
    assert plain.out.planes == looked.out.planes == ()


@pytest.mark.parametrize("method", METHODS)
def test_after_a_break_a_presenter_is_no_motion(method: str) -> None:
    room = Room(method=method)
    room.rest(slide())
    room.rest(slide(), 20, x=40)
    assert room.show(slide(), 100, flags=Flags.DISCONT) is None
    assert [room.show(slide(), x) for x in walk(30)][1:] == [0.0] * 29


@pytest.mark.parametrize("foreground", [False, True])
@pytest.mark.parametrize("method", ["tiles", "knn"])
def test_the_mask_goes_on_behind_that_of_the_foreground(method: str, foreground: bool) -> None:
    room = Room(method=method, mask=foreground)
    room.rest(slide(), 10)
    room.show(slide(), 40)
    found = presenter_of(room.out)
    assert found is not None
    assert np.array_equal(found.mask, outline(40))
    assert len(room.out.planes) == 1 + foreground


def test_tiles_do_not_remember_as_restless_what_was_hidden() -> None:
    room = Room()
    room.rest(slide())
    room.rest(slide(), 60, x=40)
    for _ in range(4):
        room.show(slide(), None)
    changed = slide()
    changed[40:90, 40:64] = 120
    after = [room.show(changed, None) for _ in range(3)]
    assert max(value for value in after if value is not None) > 5


def test_tiles_measure_the_noise_of_what_is_visible() -> None:
    """A mask over most of the picture hides wild motion; the still rest has no noise, so a faint change shows."""
    room = Room()
    rng = np.random.default_rng(1)
    most = np.zeros((HEIGHT, WIDTH), np.uint8)
    most[:, :120] = 255

    def frame(level: int) -> Plane:
        image = np.full((HEIGHT, WIDTH), level, np.uint8)
        image[:, :120] = rng.integers(0, 256, (HEIGHT, 120))
        return image

    for _ in range(30):
        room.show(frame(100), None, most)
    after = [room.show(frame(115), None, most) for _ in range(4)]
    assert max(value for value in after if value is not None) > 90


@pytest.mark.parametrize("method", MODELS)
def test_a_model_keeps_what_it_learned_behind_a_presenter(method: str) -> None:
    """Once nobody hides it any more, a change there is a change like any other."""
    room = Room(method=method)
    room.rest(slide())
    room.rest(slide(), 40, x=40)
    room.rest(slide(), 20)
    changed = slide()
    changed[32:88, 42:62] = 120
    after = [room.show(changed, None) for _ in range(3)]
    assert max(value for value in after if value is not None) > 3
