"""A camera over RTSP, from the test server, through everything that happens to cameras."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import pytest
from driving import Driven
from rtsp import HOSTILE, RtspServer, black_clip, lecture_clip, tone

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, EventKind, Frame
from stages.media.streams import opened

CLIP = lecture_clip((320, 180), 10, 20.0)


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer(CLIP) as running:
        yield running


def growing(frames: list[Frame]) -> bool:
    return all(b.pts_ns > a.pts_ns for a, b in zip(frames, frames[1:], strict=False))


def longest(unit: bytes) -> bytes:
    """Its longest NAL unit; how the others are framed is FFmpeg's business."""
    return max((nal.rstrip(b"\0") for nal in unit.split(b"\0\0\1")), key=len)


def recovered(driven: Driven) -> float:
    """Seconds until frames of a new epoch come."""
    begin, epoch = time.monotonic(), driven.frames()[-1].epoch
    driven.until(lambda: driven.frames()[-1].epoch > epoch)
    return time.monotonic() - begin


def test_packets_are_the_cameras_own_with_what_a_recorder_needs(server: RtspServer) -> None:
    with RtspServer(CLIP, tone()) as loud, Driven(loud.url(), packets=True) as driven:
        driven.until(lambda: len(driven.frames("packets")) > 60)
        assert driven.kinds("packets") == ["epoch", "caps", "frame"]
    packets = driven.frames("packets")
    streams = driven.events(EventKind.EPOCH, "packets")[0].data["streams"]
    assert isinstance(streams, bytes)
    with opened(streams) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    assert packets[0].caps == Caps.of("media/packets")
    assert {frame.meta["stream"] for frame in packets} == {0, 1}
    assert [frame.seq for frame in packets] == list(range(len(packets)))
    assert growing(packets)
    video = [frame for frame in packets if frame.meta["video"]]
    coded = {longest(CLIP.unit(number).data) for number in range(200)}
    sent = [longest(frame.planes[0].tobytes()) for frame in video]
    assert sum(slice_ in coded for slice_ in sent) > len(sent) * 0.9
    assert any(frame.meta["key"] for frame in video) and not all(frame.meta["key"] for frame in video)
    assert all(frame.planes[0].ndim == 1 and frame.image is None for frame in packets)


def test_pictures_and_packets_of_one_instant_have_one_time(server: RtspServer) -> None:
    with Driven(server.url(), packets=True, rate=0) as driven:
        driven.until_frames(15)
    packets = {frame.pts_ns for frame in driven.frames("packets")}
    assert all(frame.pts_ns in packets for frame in driven.frames())


def test_delay_is_small_and_measured(server: RtspServer) -> None:
    with Driven(server.url()) as driven:
        driven.until_frames(10)
        assert 0 < driven.figures()["capture_lag_seconds"] < 0.5


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_is_cut_is_made_again(server: RtspServer, reset: bool) -> None:
    with Driven(server.url(), packets=True) as driven:
        driven.until_frames(5)
        server.cut(reset)
        assert recovered(driven) < 4
        for pad in ("frames", "packets"):
            assert driven.kinds(pad).count("gap") == 1
            assert [event.data["epoch"] for event in driven.events(EventKind.EPOCH, pad)] == [1, 2]
        assert growing(driven.frames()) and growing(driven.frames("packets"))


def test_a_frozen_server_is_a_stall_then_a_loss_and_its_last_packet_is_stale(server: RtspServer) -> None:
    with Driven(server.url(), read_timeout=0.5) as driven:
        driven.until_frames(5)
        server.freeze()
        driven.until_state("stalled")
        driven.until_state("lost")
        assert driven.figures()["stale_total"] == 1
        assert len(driven.events(EventKind.GAP)) == 1
        server.thaw()
        assert recovered(driven) < 5


def test_a_burst_after_a_stall_is_shown_no_more_where_it_is_too_old(server: RtspServer) -> None:
    with Driven(server.url(), read_timeout=1.0, packets=True) as driven:
        driven.until_frames(5)
        server.stall(1.5)
        driven.until_state("stalled")
        driven.until_state("live")
        driven.until_frames(5)
        assert driven.figures()["stale_total"] > 0
        assert driven.figures()["reconnects_total"] == 0
        assert len(driven.events(EventKind.EPOCH)) == 2
        ages = [time.time_ns() - frame.wall_ns for frame in driven.frames()[-1:]]
        assert ages[0] < SECOND_NS
        packets = [frame.meta["pts"] for frame in driven.frames("packets")]
        known = [(place, int(str(pts))) for place, pts in enumerate(packets) if pts is not None]
        ticks = {(b[1] - a[1]) // (b[0] - a[0]) for a, b in zip(known, known[1:], strict=False)}
        assert ticks == {9000}  # nothing is missing in the recording


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_camera_whose_clock_is_set_goes_on_in_order(server: RtspServer, seconds: int) -> None:
    with Driven(server.url()) as driven:
        driven.until_frames(5)
        server.jump(seconds)
        driven.until_frames(10)
        assert driven.figures()["clock_jumps_total"] == 1
    frames = driven.frames()
    assert growing(frames)
    assert frames[-1].pts_ns - frames[0].pts_ns < 5 * SECOND_NS


@pytest.mark.parametrize("kind", ["noise", "truncated", "missing"])
def test_damage_is_counted_and_the_next_key_picture_heals_it(server: RtspServer, kind: str) -> None:
    with Driven(server.url()) as driven:
        driven.until_frames(5)
        server.damage(3, kind)  # type: ignore[arg-type]
        driven.until(lambda: driven.harness.context.drops["corrupt"] > 0)
        driven.until_frames(5)
        assert driven.figures()["corrupt_total"] > 0
        assert driven.states == ["connecting", "live"]


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_bytes_do_no_harm(server: RtspServer, kind: str) -> None:
    with Driven(server.url(), read_timeout=0.5) as driven:
        driven.until_frames(3)
        server.attack(kind)
        begin = time.monotonic()
        driven.until(lambda: time.monotonic() - begin > 1)
        driven.until_frames(5)
        assert growing(driven.frames())


def test_pictures_of_another_size_have_caps_of_their_own(server: RtspServer) -> None:
    with Driven(server.url()) as driven:
        driven.until_frames(3)
        server.show(lecture_clip((480, 270), 10, 20.0))
        driven.until(lambda: len(driven.events(EventKind.CAPS)) == 2)
        driven.until_frames(3)
        assert driven.frames()[-1].planes[0].shape == (270, 480)


def test_packets_of_another_size_begin_another_epoch_with_a_description_of_their_own(server: RtspServer) -> None:
    with Driven(server.url(), packets=True) as driven:
        driven.until_frames(3)
        server.show(lecture_clip((480, 270), 10, 20.0))
        driven.until(lambda: len(driven.events(EventKind.EPOCH, "packets")) == 2)
        driven.until(lambda: len(driven.events(EventKind.CAPS)) == 2)
        assert driven.figures()["reconnects_total"] == 0
        assert driven.kinds("packets") == ["epoch", "caps", "frame", "epoch", "caps", "frame"]
        first = next(frame for frame in driven.frames("packets") if frame.epoch == 2)
        assert first.meta["key"] and first.seq == 0
        streams = driven.events(EventKind.EPOCH, "packets")[1].data["streams"]
        assert isinstance(streams, bytes)
        with opened(streams) as container:
            assert container.streams.video[0].codec_context.width == 480
            assert container.streams.video[0].time_base == Fraction(1, 90000)


def test_another_codec_is_another_connection(server: RtspServer) -> None:
    with Driven(server.url()) as driven:
        driven.until_frames(3)
        server.show(lecture_clip((320, 180), 10, 20.0, codec="hevc"))
        assert recovered(driven) < 4
        codecs = [m.data["codec"] for m in driven.harness.context.messages if m.name == "stream"]
        assert (codecs[0], codecs[-1]) == ("h264", "hevc")


def test_a_camera_that_repeats_its_picture_is_frozen_and_its_pictures_go_on(server: RtspServer) -> None:
    with Driven(server.url(), frozen_after=2) as driven:
        driven.until_frames(3)
        server.repeat()
        driven.until_state("frozen")
        driven.until_frames(3)
        server.repeat(False)
        driven.until_state("live")


def test_a_black_camera_is_black(server: RtspServer) -> None:
    with Driven(server.url()) as driven:
        server.show(black_clip())
        driven.until_state("black")


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_a_login_is_given(server: RtspServer, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.require(scheme, "me", "p@ss/w:rd")  # type: ignore[arg-type]
    monkeypatch.setenv("CAMERA_LOGIN", "me:p@ss/w:rd")
    with Driven(server.url(), credentials="env:CAMERA_LOGIN") as driven:
        driven.until_frames(3)


def test_a_refused_login_is_told_and_tried_again_seldom(server: RtspServer) -> None:
    server.require("digest", "me", "right")
    with Driven(server.url("me:wrong")) as driven:
        driven.until_state("lost")
        driven.until(lambda: server.connected >= 3)
        server.admit_all()
        driven.until_frames(3)
    why = [str(m.data["why"]) for m in driven.harness.context.messages if m.name == "source"]
    assert why[1] == "the server refuses the user or the password"


def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time(server: RtspServer) -> None:
    server.silence()
    with Driven(server.url(), open_timeout=0.5) as driven:
        begin = time.monotonic()
        driven.until_state("lost")
        assert time.monotonic() - begin < 3
        server.silence(False)
        driven.until_frames(3)


def test_a_camera_that_says_nothing_before_its_next_keyframe_is_waited_for_longer_each_time() -> None:
    rare = lecture_clip((320, 180), 10, 20.0, gop_s=10.0)
    with RtspServer(rare) as server, Driven(server.url(), packets=True, open_timeout=0.5) as driven:
        driven.until_state("lost")
        driven.until(lambda: len(driven.frames("packets")) > 5, 40)
        driven.until_frames(3)
    why = [str(m.data["why"]) for m in driven.harness.context.messages if m.name == "source"]
    assert "waiting longer the next time" in why[1]


def test_a_server_that_is_not_there_yet_is_waited_for() -> None:
    with RtspServer(CLIP) as before:
        port = before.port
    with Driven(f"rtsp://127.0.0.1:{port}/live") as driven:
        driven.until_state("lost")
        with RtspServer(CLIP, port=port):
            begin = time.monotonic()
            driven.until_frames(1)
            assert time.monotonic() - begin < 5


def test_a_recorder_without_room_loses_nothing_as_long_as_it_fits(server: RtspServer) -> None:
    with Driven(server.url(), packets=True) as driven:
        driven.until(lambda: len(driven.frames("packets")) > 3)
        driven.harness.context.full.add("packets")
        driven.until_frames(10)
        waited = len(driven.frames("packets"))
        driven.harness.context.full.clear()
        driven.until(lambda: len(driven.frames("packets")) > waited + 10)
    ticks = [frame.meta["pts"] for frame in driven.frames("packets") if frame.meta["pts"] is not None]
    assert {b - a for a, b in zip(ticks, ticks[1:], strict=False)} == {9000}  # type: ignore[operator]


def test_packets_that_do_not_fit_are_counted_and_begin_another_epoch(
    server: RtspServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [len(CLIP.unit(number).data) for number in range(200)]
    monkeypatch.setattr("stages.decoder.live.capture.LIMIT_BYTES", max(sizes) + 500)
    with Driven(server.url(), packets=True) as driven:
        driven.until(lambda: len(driven.frames("packets")) > 3)
        driven.harness.context.full.add("packets")
        driven.until_frames(25)
        driven.harness.context.full.clear()
        driven.until(lambda: len(driven.events(EventKind.EPOCH, "packets")) == 2)
        driven.until(lambda: driven.frames("packets")[-1].epoch > 1)
    gap = driven.events(EventKind.GAP, "packets")[0]
    assert gap.data == {"reason": "overflow"}
    assert driven.harness.context.drops["overflow"] > 0
    first = next(frame for frame in driven.frames("packets") if frame.epoch > 1)
    assert first.meta["key"] and first.seq == 0
    assert len(driven.events(EventKind.EPOCH)) == 1  # the pictures' own pad has lost nothing
