"""Each fault of the tests' RTSP server does what it says, seen from the other end of the connection."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import av
import cv2
import numpy as np
import pytest
from rtsp import HOSTILE, RtspServer, black_clip, lecture_clip
from rtsp.viewer import Packet, Viewer

from stages.testsource.rendering import Renderer

FAST = {"rtsp_transport": "tcp", "analyzeduration": "100000", "probesize": "50000"}
CLIP = lecture_clip((160, 90), 20, 4.0, gop_s=0.25, more={"slides": 1, "fades": False, "presenter": "walk"})
SMALL = lecture_clip((96, 54), 20, 4.0, gop_s=0.25)
KEY = 5  # an H.264 slice of a key picture


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer(CLIP) as made:
        yield made


@pytest.fixture
def viewer(server: RtspServer) -> Iterator[Viewer]:
    with Viewer(server.port).play() as made:
        next(made.units())
        yield made


def play(server: RtspServer) -> av.container.InputContainer:
    return av.open(server.url(), options=FAST, timeout=(5, 5))


def is_key(unit: list[Packet]) -> bool:
    return any(p.payload[0] & 0x1F == KEY or (p.payload[0] & 0x1F == 28 and p.payload[1] & 0x1F == KEY) for p in unit)


def test_a_frozen_server_sends_nothing_and_goes_on_with_a_keyframe(server: RtspServer, viewer: Viewer) -> None:
    server.freeze()
    viewer.socket.settimeout(0.4)
    with pytest.raises(TimeoutError):
        list(viewer.packets())
    server.thaw()
    viewer.socket.settimeout(5)
    assert is_key(next(viewer.units()))


def test_a_frozen_server_leaves_new_connections_without_an_answer(server: RtspServer) -> None:
    server.freeze()
    with Viewer(server.port, patience_s=0.4) as late:
        with pytest.raises(TimeoutError):
            late.ask("OPTIONS")
        server.thaw()
        late.socket.settimeout(5)
        assert "200 OK" in late.ask("OPTIONS")


def test_a_silent_server_never_answers_but_goes_on_sending_to_others(server: RtspServer, viewer: Viewer) -> None:
    server.silence()
    with Viewer(server.port, patience_s=0.4) as late, pytest.raises(TimeoutError):
        late.ask("OPTIONS")
    next(viewer.units())
    server.silence(False)
    with Viewer(server.port) as later:
        assert "200 OK" in later.ask("OPTIONS")


def test_a_cut_ends_in_the_middle_of_a_packet(server: RtspServer, viewer: Viewer) -> None:
    server.cut(reset=False)
    with pytest.raises(EOFError, match="[1-9][0-9]* bytes were left"):
        list(viewer.packets())


def test_a_cut_may_be_a_reset(server: RtspServer, viewer: Viewer) -> None:
    server.cut()
    with pytest.raises(ConnectionResetError):
        list(viewer.packets())


def test_noise_is_seen_as_damage_and_the_next_keyframe_heals_it(server: RtspServer) -> None:
    assert CLIP.lecture is not None
    renderer = Renderer(CLIP.lecture)
    pictures = [renderer.frame(number) for number in range(CLIP.lecture.frames)]
    refused = 0
    errors: list[float] = []
    with play(server) as container:
        for number, packet in enumerate(itertools.islice(container.demux(video=0), 25)):
            if number == 3:
                server.damage(6)
            try:
                errors += (_error(frame, pictures) for frame in packet.decode())
            except av.error.InvalidDataError:
                refused += 1
    assert refused or max(errors) > 8
    assert max(errors[-3:]) < 6


def _error(frame: av.VideoFrame, pictures: list[np.ndarray]) -> float:
    """How far it is from the nearest picture of the lecture, in grey levels."""
    seen = cv2.cvtColor(frame.to_ndarray(format="yuv420p"), cv2.COLOR_YUV2BGR_I420)
    return min(float(cv2.absdiff(seen, picture).mean()) for picture in pictures)


def test_truncated_packets_are_half_as_long_as_they_were(server: RtspServer, viewer: Viewer) -> None:
    first = next(unit for unit in viewer.units() if is_key(unit))
    server.damage(10, "truncated")
    units = itertools.islice(viewer.units(), 25)
    keys = [sum(len(packet.payload) for packet in unit) for unit in units if is_key(unit)]
    whole = sum(len(packet.payload) for packet in first)
    assert any(abs(size / whole - 0.5) < 0.1 for size in keys)


def test_missing_packets_leave_a_gap_in_the_numbers(server: RtspServer, viewer: Viewer) -> None:
    first = next(viewer.packets())
    server.damage(2, "missing")
    numbers = [packet.sequence for packet in [first, *itertools.islice(viewer.packets(), 20)]]
    assert max(later - earlier for earlier, later in itertools.pairwise(numbers)) > 1


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_the_cameras_clock_jumps(server: RtspServer, viewer: Viewer, seconds: float) -> None:
    first = next(viewer.units())
    server.jump(seconds)
    stamps = [unit[0].timestamp for unit in [first, *itertools.islice(viewer.units(), 10)]]
    steps = {(later - earlier) & 0xFFFFFFFF for earlier, later in itertools.pairwise(stamps)}
    assert steps == {4500, round(seconds * 90_000) + 4500 & 0xFFFFFFFF}


def test_timestamps_wrap() -> None:
    with RtspServer(CLIP, base=(1 << 32) - 45_000) as server, Viewer(server.port).play() as viewer:
        stamps = [unit[0].timestamp for unit in itertools.islice(viewer.units(), 16)]
    assert max(stamps) > 1 << 31 > min(stamps)
    assert {(later - earlier) & 0xFFFFFFFF for earlier, later in itertools.pairwise(stamps)} == {4500}


def test_after_a_stall_all_that_was_due_comes_at_once(server: RtspServer, viewer: Viewer) -> None:
    first = next(viewer.units())
    server.stall(0.6)
    units = [first, *itertools.islice(viewer.units(), 20)]
    came = [unit[0].came for unit in units]
    waits = [later - earlier for earlier, later in itertools.pairwise(came)]
    longest = waits.index(max(waits))
    assert waits[longest] > 0.5
    assert sum(waits[longest + 1 : longest + 9]) < 0.2
    stamps = [unit[0].timestamp for unit in units]
    assert {later - earlier for earlier, later in itertools.pairwise(stamps)} == {4500}


def test_the_size_changes_in_mid_stream_and_back(server: RtspServer) -> None:
    widths: list[int] = []
    with play(server) as container:
        for frame in itertools.islice(container.decode(video=0), 100):
            if not widths or frame.width != widths[-1]:
                widths.append(frame.width)
                server.show(SMALL if len(widths) == 1 else None)
            if len(widths) == 3:
                break
    assert widths == [160, 96, 160]


def test_another_codec_ends_the_connection_and_is_there_after_it(server: RtspServer, viewer: Viewer) -> None:
    server.show(lecture_clip((160, 90), 20, 2.0, codec="mpeg4"))
    with pytest.raises(EOFError):
        list(viewer.packets())
    with play(server) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
        assert next(container.decode(video=0)).width == 160


def test_the_lens_is_covered_and_uncovered(server: RtspServer) -> None:
    with play(server) as container:
        frames = container.decode(video=0)
        server.show(black_clip(CLIP.size, CLIP.fps))
        assert any(frame.to_ndarray(format="gray").max() < 20 for frame in itertools.islice(frames, 30))
        server.show()
        assert any(frame.to_ndarray(format="gray").max() > 200 for frame in itertools.islice(frames, 30))


def test_the_same_picture_comes_again_and_again_in_full(server: RtspServer) -> None:
    server.repeat()
    with play(server) as container:
        packets = itertools.islice((packet for packet in container.demux(video=0) if packet.size), 12)
        seen = [
            (packet.size, frame.to_ndarray(format="gray").tobytes()) for packet in packets for frame in packet.decode()
        ]
    assert len(seen) >= 8
    assert len(set(seen)) == 1


@pytest.mark.parametrize("kind", HOSTILE)
def test_after_hostile_bytes_pictures_come_again(server: RtspServer, kind: str) -> None:
    with play(server) as container:
        frames = container.decode(video=0)
        next(frames)
        server.attack(kind)
        try:
            seen = sum(1 for _ in itertools.islice(frames, 12))
        except av.error.FFmpegError:
            seen = 0
    if seen < 12:
        with play(server) as container:
            seen = sum(1 for _ in itertools.islice(container.decode(video=0), 12))
    assert seen == 12


def test_hostile_bytes_are_on_the_wire(server: RtspServer, viewer: Viewer) -> None:
    server.attack("garbage")
    with pytest.raises(ValueError, match="no packet begins with"):
        list(viewer.packets())


def test_an_unknown_attack_is_refused(server: RtspServer) -> None:
    with pytest.raises(ValueError, match="'politeness' is none of garbage"):
        server.attack("politeness")


def test_threads_of_closed_connections_end(server: RtspServer, viewer: Viewer) -> None:
    viewer.socket.close()
    server.wait(lambda s: s.playing == 0)
    server.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rtsp")]
