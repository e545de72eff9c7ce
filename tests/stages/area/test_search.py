"""The slide area of rooms, screens and talks whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
import rooms
from numpy.typing import NDArray

from pipeline.frame import Plane
from stages.area.changes import grey, small
from stages.area.found import Area, NoArea
from stages.area.rectified import rectify
from stages.area.search import CONFIDENT, find, look

WIDE, OLD = 16 / 9, 4 / 3


def looked(pages: Sequence[Plane]) -> Area | NoArea:
    height, width = pages[0].shape[:2]
    return find([small(page) for page in pages], lambda n: grey(pages[n]), (width, height))


def area_of(pages: Sequence[Plane]) -> Area:
    found = looked(pages)
    assert isinstance(found, Area), found
    return found


def reason_of(pages: Sequence[Plane]) -> str:
    found = looked(pages)
    assert isinstance(found, NoArea), found.corners
    return found.reason


@pytest.mark.parametrize(
    ("corners", "aspect", "back"),
    [
        (rooms.corners(WIDE), WIDE, None),
        (rooms.corners(OLD, turned=-25, tilted=-4, far=2.4, at=(0.1, -0.05)), OLD, None),
        (rooms.corners(WIDE, turned=2, tilted=1, far=1.7), WIDE, None),
        (rooms.corners(WIDE, turned=12), WIDE, 18),
    ],
    ids=["from-the-left", "from-the-right", "from-the-middle", "dark-slides"],
)
def test_the_corners_of_a_slide_on_a_wall_are_found_whoever_stands_before_it(
    corners: NDArray[np.float64],
    aspect: float,
    back: int | None,
) -> None:
    found = area_of(rooms.pages(rooms.Room(corners), 6, aspect=aspect, back=back))
    assert np.abs(found.corners - corners).max() < 2
    assert found.aspect == pytest.approx(aspect, abs=0.001) and found.aspect_name == {WIDE: "16:9", OLD: "4:3"}[aspect]
    assert found.confidence >= 0.8 and found.evidence.changes == 5
    assert min(found.evidence.borders) > 0.7 and found.evidence.changed > 0.6 and found.evidence.outside < 0.2


def test_upright_it_is_the_slide_that_was_shown() -> None:
    room = rooms.Room()
    found = area_of(rooms.pages(room, 5, people=False, drift=0.0))
    upright = rectify(room.picture(rooms.slide(3), 3), found.corners, found.aspect)
    height, width = upright.shape[:2]
    assert abs(width / height - WIDE) < 0.01
    shown = 25 + room.light * cv2.resize(rooms.slide(3), (width, height), interpolation=cv2.INTER_AREA)
    blurred = [cv2.GaussianBlur(np.asarray(each, np.float32), (0, 0), 1.5) for each in (upright, shown)]
    assert np.abs(blurred[0] - blurred[1]).mean() < 3
    # Nothing of the wall is at the edges, and nothing of the slide is missing there.
    assert np.abs(upright[3:-3, 3:-3][[0, -1]].astype(float) - shown[3:-3, 3:-3][[0, -1]]).mean() < 6


def test_who_always_stands_at_the_same_place_hides_a_border_and_no_more() -> None:
    room = rooms.Room()
    pages = [room.picture(rooms.slide(n), n, person=0.62) for n in range(7)]
    assert np.abs(area_of(pages).corners - room.corners).max() < 2


def test_a_recording_of_a_screen_has_none() -> None:
    pages = [rooms.slide(n, back=250) for n in range(6)]
    found = looked(pages)
    assert isinstance(found, NoArea) and found.is_screen
    assert "recording of a screen" in found.reason


def test_a_screen_is_told_from_a_few_pages_and_no_picture_is_asked_for_in_full() -> None:
    asked: list[int] = []

    def page(n: int) -> Plane:
        asked.append(n)
        return small(rooms.slide(n, back=250))

    def picture(n: int) -> Plane:
        raise AssertionError("a full picture of a screen")

    found = look(200, page, picture, (960, 540))
    assert isinstance(found, NoArea) and found.is_screen
    assert len(asked) == 6 and asked[0] == 0 and asked[-1] == 199


def test_a_window_on_a_screen_is_no_room() -> None:
    pages = []
    for n in range(6):
        desk = np.full((720, 1280, 3), 90, np.uint8)
        desk[:40] = 30
        desk[100:550, 200:1000] = rooms.slide(n)
        pages.append(desk)
    assert "recording of a screen" in reason_of(pages)


def test_a_room_in_which_only_people_move_has_none() -> None:
    room = rooms.Room()
    poster = rooms.slide(1)
    rng = np.random.default_rng(4)
    pages = [room.picture(poster, n, person=float(rng.uniform(0.05, 0.9))) for n in range(8)]
    assert isinstance(looked(pages), NoArea)


def test_slides_that_fade_into_the_wall_have_no_borders_and_are_not_cut_out() -> None:
    wall = np.full((720, 1280, 3), 200, np.float32)
    pages = []
    for n in range(6):
        text = np.zeros((720, 1280, 3), np.float32)
        text[150:510, 300:940] = 250 - cv2.resize(rooms.slide(n, back=250), (640, 360)).astype(np.float32)
        noise = np.random.default_rng(n).normal(0, 3, wall.shape)
        pages.append(np.clip(wall - 0.6 * text + noise, 0, 255).astype(np.uint8))
    assert "no straight borders" in reason_of(pages)


@pytest.mark.parametrize("count", [1, 3])
def test_a_few_pages_are_too_few(count: int) -> None:
    assert "too few" in reason_of(rooms.pages(rooms.Room(), count))


def test_pages_that_show_one_slide_again_and_again_have_too_few_changes() -> None:
    room = rooms.Room()
    pages = [room.picture(rooms.slide(n // 5), n) for n in range(7)]
    assert reason_of(pages) == "too few changes of the slide: 1, and 3 are needed"


def test_a_camera_that_was_moved_half_way_has_none() -> None:
    room = rooms.Room()
    pages = [room.picture(rooms.slide(n), n, moved=(70, -30) if n >= 4 else (0, 0)) for n in range(8)]
    assert reason_of(pages) == "the camera seems to have been moved: 4 of 8 pages show the room otherwise"


def test_pages_that_were_zoomed_are_left_aside_and_said() -> None:
    room = rooms.Room()
    zoomed = (2, 6)
    pages = [
        room.picture(rooms.slide(n), n, zoom=1.3 if n in zoomed else 1.0, moved=(-110, -60) if n in zoomed else (0, 0))
        for n in range(9)
    ]
    found = area_of(pages)
    assert np.abs(found.corners - room.corners).max() < 2
    assert found.evidence.elsewhere == 2
    assert [n for n, page in enumerate(pages) if not found.place.is_shown(small(page))] == list(zoomed)


def test_a_camera_that_is_moved_too_often_has_none_and_it_says_so() -> None:
    room = rooms.Room()
    rng = np.random.default_rng(2)
    moved = [(0.0, 0.0) if n % 2 else (rng.uniform(-90, 90), rng.uniform(-90, 90)) for n in range(11)]
    pages = [room.picture(rooms.slide(n), n, moved=each) for n, each in enumerate(moved)]
    found = looked(pages)
    assert isinstance(found, NoArea) and found.confidence < CONFIDENT
