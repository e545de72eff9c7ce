"""Mode keyframes against a camera: what is decoded, what the stages behind make of it, and where it decodes all."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from driving import Driven
from rtsp import Clip, RtspServer, picture_clip

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, EventKind, Flags, Frame, Item, Meta, Plane
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.decoder import Decoder
from stages.decoder.live import regularity
from stages.decoder.live.arrivals import Arrived
from stages.decoder.live.decoding import PacketDecoder, Stamp, Taken
from stages.presets import PRESETS
from stages.trigger import Trigger
from stages.unseen import is_unseen

FPS = 10
GREY, WHITE = 60, 230  # of the left of the two slides


def slide(shade: int) -> Plane:
    made = np.full((180, 320, 3), 128, np.uint8)
    made[:, :200] = shade
    return made


def film(*parts: tuple[int, float], gop_s: float = 1.0, codec: str = "h264") -> Clip:
    """Slides by their shades, each for so many seconds."""
    pictures = [slide(shade) for shade, seconds in parts for _ in range(round(seconds * FPS))]
    return picture_clip(pictures, FPS, gop_s, codec=codec)


STILL = film((GREY, 4.0))
CHANGES = film((GREY, 2.5), (WHITE, 3.5))


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each packet that is decoded, whether it is a keyframe."""
    found: list[bool] = []
    honest = PacketDecoder.feed

    def feed(self: PacketDecoder, arrived: Arrived, stamp: Stamp) -> list[Taken]:
        found.append(arrived.key)
        return honest(self, arrived, stamp)

    monkeypatch.setattr(PacketDecoder, "feed", feed)
    return found


def shade(frame: Frame) -> int:
    """Of the slide that it shows."""
    return min((GREY, WHITE), key=lambda one: abs(one - int(frame.planes[0][20, 20])))


def captured(items: list[Item]) -> Iterator[Frame]:
    """What bgsub and trigger of the live preset make of what the decoder gave."""
    bgsub, trigger = (Harness(kind, **PRESETS["live"][name]) for kind, name in ((Bgsub, "bgsub"), (Trigger, "trigger")))
    for item in items:
        if isinstance(item, Frame):
            given: list[Item] = [out for frame in frames_of(bgsub.push(item)) for out in trigger.push(frame)]
        elif item.kind is EventKind.CAPS:
            caps = Caps.parse(str(item.data["caps"]))
            trigger.caps(bgsub.caps(caps)["motion"])
            given = []
        else:
            given = [out for event in bgsub.event(item) for out in trigger.event(event)]  # type: ignore[arg-type]
        yield from frames_of(given)


def warnings_of(driven: Driven) -> list[str]:
    return driven.harness.context.warnings


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_keyframes_alone_are_decoded_and_all_packets_are_recorded(codec: str, fed: list[bool]) -> None:
    with RtspServer(film((GREY, 4.0), codec=codec)) as server:
        with Driven(server.url(), packets=True, mode="keyframes") as driven:
            driven.until(lambda: len(fed) >= 4)
        assert all(fed)
        assert not warnings_of(driven)
        ticks = [int(str(packet.meta["pts"])) for packet in driven.frames("packets") if packet.meta["pts"] is not None]
        assert len(ticks) >= 28 and set(np.diff(ticks)) == {9000}


def test_a_still_picture_is_shown_again_without_being_made_again(fed: list[bool]) -> None:
    with RtspServer(STILL) as server, Driven(server.url(), mode="keyframes") as driven:
        driven.until_frames(12)
    frames = driven.frames()
    steps = np.diff([frame.pts_ns for frame in frames]) / SECOND_NS
    assert steps.min() > 0.09 and steps.max() < 0.6
    assert len({id(frame.image) for frame in frames}) <= len(fed) < 6
    assert not any(map(is_unseen, frames))


@pytest.mark.parametrize(("mode", "most"), [("keyframes", 0.8), ("full", 5.0)])
def test_where_packets_are_not_decoded_the_loop_wakes_for_several_of_them_at_once(mode: str, most: float) -> None:
    with RtspServer(STILL) as server, Driven(server.url(), mode=mode) as driven:
        driven.until(lambda: driven.figures()["packets_total"] > 5)
        before, packets = driven.idle, driven.figures()["packets_total"]
        driven.until(lambda: driven.figures()["packets_total"] > packets + 25)
    for_each = (driven.idle - before) / 25
    assert most / 10 < for_each < most


def test_every_packet_has_its_place_in_the_books() -> None:
    with RtspServer(CHANGES) as server, Driven(server.url(), mode="keyframes") as driven:
        driven.until(lambda: driven.figures()["packets_total"] > 60)
        server.cut()
        driven.until(lambda: bool(driven.events(EventKind.GAP)))
        drops = driven.harness.context.drops
        assert len(driven.frames()) + drops.total() == driven.figures()["packets_total"]
    assert set(drops) == {"unchanged", "keyframes"}


def test_a_view_that_changes_between_two_keyframes_is_captured_as_it_is_at_rest() -> None:
    with RtspServer(CHANGES) as server, Driven(server.url(), mode="keyframes") as driven:
        zero_ns = server.truth.zero_ns - time.monotonic_ns() + time.time_ns()
        driven.until(lambda: any(shade(frame) == WHITE for frame in driven.frames()))
        driven.until_frames(4)
    assert sum(map(is_unseen, driven.frames())) == 1
    shown = [item for pad, item in driven.outputs if pad == "frames"]
    captures = list(captured(shown))
    assert [shade_of(capture) for capture in captures] == [GREY, WHITE]
    assert 3.0 < (captures[1].wall_ns - zero_ns) / SECOND_NS % 6 < 4.5


def shade_of(capture: Frame) -> int:
    assert capture.image is not None and not hasattr(capture.image, "slot")
    luma = capture.image.planes[0]  # type: ignore[union-attr]
    return min((GREY, WHITE), key=lambda one: abs(one - int(luma[40, 40])))


def test_what_moves_all_the_time_is_not_called_settled() -> None:
    moving = film(*[((GREY, WHITE)[(n + n // FPS) % 2], 0.1) for n in range(40)])
    with RtspServer(moving) as server, Driven(server.url(), mode="keyframes") as driven:
        driven.until_frames(10)
    assert not list(captured([item for pad, item in driven.outputs if pad == "frames"]))


def test_a_view_that_two_keyframes_show_is_settled_whatever_moved_between() -> None:
    flickers = film(*[(one, 0.5) for _ in range(4) for one in (GREY, WHITE)])
    with RtspServer(flickers) as server, Driven(server.url(), mode="keyframes") as driven:
        driven.until_frames(10)
    captures = list(captured([item for pad, item in driven.outputs if pad == "frames"]))
    assert {shade_of(capture) for capture in captures} == {GREY}


def test_after_a_reconnect_it_begins_with_a_keyframe_again(fed: list[bool]) -> None:
    with RtspServer(STILL) as server, Driven(server.url(), mode="keyframes") as driven:
        driven.until_frames(4)
        server.cut()
        driven.until(lambda: driven.frames()[-1].epoch == 2)
        driven.until_frames(4)
        assert driven.kinds() == ["epoch", "caps", "frame", "gap", "epoch", "frame"]
    assert all(fed)
    firsts = [frame for frame in driven.frames() if frame.seq == 0]
    assert [frame.flags for frame in firsts] == [Flags.DISCONT] * 2
    times = [item.pts_ns for _, item in driven.outputs]
    assert times == sorted(times)


def test_a_lecture_that_begins_gets_the_view_that_is_on_screen() -> None:
    with RtspServer(film((GREY, 4.0), gop_s=4.0)) as server, Driven(server.url(), mode="keyframes", hold=0.5) as driven:
        driven.until_frames(3)
        lecture: Meta = {"lecture": "a", "folder": "/a", "zero_ns": time.monotonic_ns()}
        driven.stage.told("lecture-start", lecture)
        driven.until(lambda: bool(driven.events(EventKind.LECTURE_START)))
        begun_ns = driven.events(EventKind.LECTURE_START)[0].pts_ns
        driven.until_frames(2)
        assert driven.frames()[-1].pts_ns - begun_ns < 1.5 * SECOND_NS


def test_a_stream_of_keyframes_alone_is_decoded_whole_and_that_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIDETAP_TEST_INPUTS", "1")
    source = "lavfi:testsrc2=size=320x180:rate=25"
    with Driven(source, mode="keyframes") as driven:
        driven.until_frames(25)
    assert warnings_of(driven) == [
        f"mode 'keyframes' decodes every picture of '{source}': each of its pictures is a keyframe"
    ]
    steps = np.diff([frame.pts_ns for frame in driven.frames()[-8:]]) / SECOND_NS
    assert abs(float(np.median(steps)) - 0.1) < 0.03


def test_a_stream_without_keyframes_is_decoded_from_its_last_one_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regularity, "LONGEST_NS", SECOND_NS)
    rare = film((GREY, 2.0), (WHITE, 10.0), gop_s=100.0)
    begun_ns = time.monotonic_ns() - 11 * SECOND_NS
    with RtspServer(rare, zero_ns=begun_ns) as server, Driven(server.url(), mode="keyframes") as driven:
        driven.until(lambda: any(shade(frame) == WHITE for frame in driven.frames()), patience_s=9.0)
        driven.until_frames(5)
        times = [frame.pts_ns for frame in driven.frames()]
        assert all(b > a for a, b in zip(times, times[1:], strict=False))
        assert driven.figures()["corrupt_total"] == 0
    assert warnings_of(driven) == [
        f"mode 'keyframes' decodes every picture of '{server.url()}': it gave no keyframe for 1 s"
    ]


def test_a_method_that_learns_from_frame_to_frame_is_given_all_of_them() -> None:
    with RtspServer(STILL) as server:
        harness = Harness(Decoder, uri=server.url(), mode="keyframes")
        harness.stage.negotiate({"frames": Caps.parse("video/raw,format=bgr24,spacing=regular")})  # type: ignore[union-attr]
        (said,) = harness.context.warnings
        assert said.endswith("the method behind it learns from frame to frame")
        harness.stage.stop()
