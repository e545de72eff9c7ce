"""The source as a stage: caps, planes, pictures, pts, and what it says on the bus."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import EventKind, Frame, Picture
from pipeline.testing import Harness, events_of, frames_of
from stages.testsource import TestSource
from stages.testsource.stage import full_picture

SMALL = {"width": 320, "height": 180, "fps": 10, "duration": 4, "plane_width": 160}


def source(harness: Harness) -> TestSource:
    assert isinstance(harness.stage, TestSource)
    return harness.stage


def run(**properties: object) -> tuple[Harness, list[Frame]]:
    harness = Harness(TestSource, **{**SMALL, **properties})
    return harness, frames_of(harness.run())


def test_caps_come_first_and_describe_plane_and_picture() -> None:
    harness = Harness(TestSource, **SMALL)
    items = list(harness.run())
    caps = Caps.parse(str(events_of(items[:1], EventKind.CAPS)[0].data["caps"]))
    assert {key: caps.value(key) for key in caps.fields} == {
        "format": "gray8", "width": 160, "height": 90, "picture_width": 320, "picture_height": 180, "rate": 10,
    }  # fmt: skip
    assert all(frame.planes[0].shape == (90, 160) for frame in frames_of(items))


def test_every_frame_has_its_pts_and_is_in_the_ledger() -> None:
    harness, frames = run(fps=30000 / 1001)
    assert [frame.seq for frame in frames] == list(range(119))
    assert [frame.pts_ns for frame in frames[:3]] == [0, 33_366_667, 66_733_333]
    assert harness.ledger.missing == 0


def test_rate_gives_fewer_frames_with_the_pts_they_have_in_the_lecture() -> None:
    _, every = run()
    _, some = run(rate=4)
    assert [frame.pts_ns for frame in some] == [round(n * 2.5) * 100_000_000 for n in range(16)]
    by_pts = {frame.pts_ns: frame for frame in every}
    assert all(np.array_equal(frame.planes[0], by_pts[frame.pts_ns].planes[0]) for frame in some)


def test_the_far_end_may_ask_for_colour() -> None:
    harness = Harness(TestSource, **SMALL)
    source(harness).negotiate({"frames": Caps.of("video/raw", format="bgr24")})
    frame = frames_of(harness.run())[0]
    assert frame.caps.value("format") == "bgr24"
    assert frame.planes[0].shape == (90, 160, 3)


def test_grey_is_chosen_where_both_are_allowed() -> None:
    harness = Harness(TestSource, **SMALL)
    source(harness).negotiate({"frames": Caps.of("video/raw", format=("bgr24", "gray8"))})
    assert frames_of(harness.run())[0].caps.value("format") == "gray8"


@pytest.mark.parametrize(("asked", "shapes"), [("small", [(90, 160), (18, 32, 2)]), ("", [(90, 160)])])
def test_chroma_goes_with_grey_where_it_is_asked_for(asked: str, shapes: list[tuple[int, ...]]) -> None:
    harness = Harness(TestSource, **SMALL)
    wanted = {"format": "gray8", **({"chroma": asked} if asked else {})}
    source(harness).negotiate({"frames": Caps.of("video/raw", **wanted)})
    frame = frames_of(harness.run())[0]
    assert [plane.shape for plane in frame.planes] == shapes
    assert all(plane.std() > 1 for plane in frame.planes)


def test_the_plane_is_never_larger_than_the_picture() -> None:
    _, frames = run(plane_width=640)
    assert frames[0].planes[0].shape == (180, 320)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "bgr24"])
@pytest.mark.parametrize("size", [(320, 180), (321, 181)])
def test_the_picture_has_the_shapes_of_its_layout(pix_fmt: str, size: tuple[int, int]) -> None:
    _, frames = run(pix_fmt=pix_fmt, width=size[0], height=size[1], duration=0.2)
    picture = frames[0].image
    assert isinstance(picture, Picture)
    assert (picture.layout.pix_fmt, picture.layout.width, picture.layout.height) == (pix_fmt, *size)
    assert tuple(plane.shape for plane in picture.planes) == picture.layout.plane_shapes()


def test_yuv_turns_back_into_the_colours_drawn() -> None:
    bgr = np.zeros((16, 16, 3), np.uint8)
    bgr[:] = (40, 120, 200)
    picture = full_picture(bgr, "yuv420p")
    packed = np.concatenate([plane.reshape(-1) for plane in picture.planes]).reshape(24, 16)
    assert np.abs(cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420).astype(int) - bgr).max() <= 3


def test_stream_and_truth_are_on_the_bus() -> None:
    harness, frames = run()
    said = {message.name: message.data for message in harness.context.messages}
    assert said["stream"]["frames"] == len(frames)
    assert said["stream"]["duration_ns"] == 4_000_000_000
    assert said["truth"]["slides"]


def test_a_drain_ends_the_lecture() -> None:
    harness = Harness(TestSource, **SMALL)
    items = harness.run()
    next(items)
    next(items)
    source(harness).finish()
    assert frames_of(items) == []


def test_a_mistyped_property_is_named() -> None:
    with pytest.raises(ConfigError, match="presenter"):
        Harness(TestSource, presenter="dance")
    with pytest.raises(ConfigError, match="did you mean 'presenter'"):
        Harness(TestSource, presentr="pip")
