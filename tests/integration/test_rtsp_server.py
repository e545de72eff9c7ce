"""The RTSP server of the tests is itself tested: what it shows, when, to whom, and how it ends."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from rtsp import Clip, Film, RtspServer, ServerProcess, Shown, Truth, lecture_clip, tone
from rtsp.clips import Unit
from rtsp.rtp import PAYLOAD_BYTES, h264_payloads, nals
from rtsp.viewer import Viewer

from pipeline.frame import SECOND_NS
from stages.testsource.rendering import Renderer

FAST = {"rtsp_transport": "tcp", "analyzeduration": "100000", "probesize": "50000"}
CLIP = lecture_clip((160, 90), 20, 4.0, gop_s=0.25, more={"slides": 2, "fades": False})
PLUGINS = Path(__file__).parents[1] / "plugins"


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer(CLIP) as made:
        yield made


def play(url: str) -> av.container.InputContainer:
    return av.open(url, options=FAST, timeout=(5, 5))


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpeg4"])
def test_pictures_come_in_order_and_evenly(codec: str) -> None:
    clip = lecture_clip((160, 90), 20, 2.0, gop_s=0.25, codec=codec)
    with RtspServer(clip) as server, play(server.url()) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == codec
        pts = [frame.pts for frame in itertools.islice(container.decode(stream), 10)]
    assert pts[1] is not None
    assert pts[1:] == list(range(pts[1], pts[1] + 9 * 4500, 4500))


def test_pictures_are_those_of_the_truth(server: RtspServer) -> None:
    assert CLIP.lecture is not None
    slides = [Renderer(CLIP.lecture).frame(CLIP.number_at(shot.full_ns)) for shot in CLIP.shots]
    with play(server.url()) as container:
        frame = next(itertools.islice(container.decode(video=0), 3, None))
        now_ns = time.monotonic_ns()
    seen = cv2.cvtColor(frame.to_ndarray(format="yuv420p"), cv2.COLOR_YUV2BGR_I420)
    errors = [float(cv2.absdiff(seen, slide).mean()) for slide in slides]
    assert errors.index(min(errors)) in {shown.slide for shown in server.truth.shown(now_ns - SECOND_NS // 2, now_ns)}
    assert min(errors) < 6 < max(errors)


def test_units_come_in_real_time(server: RtspServer) -> None:
    with Viewer(server.port).play() as viewer:
        came = [unit[-1].came for unit in itertools.islice(viewer.units(), 21)]
    assert came[-1] - came[0] == pytest.approx(1.0, abs=0.3)


def test_a_viewer_begins_with_a_keyframe_and_its_parameter_sets(server: RtspServer) -> None:
    with Viewer(server.port).play() as viewer:
        first = next(viewer.units())
    assert {packet.payload[0] & 0x1F for packet in first} >= {7, 8}


def test_timestamps_go_on_from_one_round_to_the_next() -> None:
    clip = lecture_clip((160, 90), 20, 0.5, gop_s=0.25)
    with RtspServer(clip) as server, Viewer(server.port).play() as viewer:
        stamps = [unit[0].timestamp for unit in itertools.islice(viewer.units(), 25)]
    assert {later - earlier for earlier, later in itertools.pairwise(stamps)} == {4500}


def test_sequence_numbers_have_no_gap(server: RtspServer) -> None:
    with Viewer(server.port).play() as viewer:
        numbers = [packet.sequence for packet in itertools.islice(viewer.packets(), 40)]
    assert numbers == list(range(1, 41))


def test_several_viewers_see_the_same_at_once(server: RtspServer) -> None:
    with Viewer(server.port).play() as one, Viewer(server.port).play() as other:
        server.wait(lambda s: s.playing == 2)
        first = {unit[0].timestamp: unit[0].payload for unit in itertools.islice(one.units(), 12)}
        second = {unit[0].timestamp: unit[0].payload for unit in itertools.islice(other.units(), 12)}
    shared = first.keys() & second.keys()
    assert len(shared) >= 5
    assert all(first[stamp] == second[stamp] for stamp in shared)


@pytest.mark.parametrize(("codec", "name"), [("aac", "aac"), ("pcmu", "pcm_mulaw")])
def test_sound_comes_with_the_pictures(codec: str, name: str) -> None:
    with RtspServer(CLIP, tone("aac" if codec == "aac" else "pcmu")) as server, play(server.url()) as container:
        sound = container.streams.audio[0]
        assert sound.codec_context.name == name
        packets = itertools.islice((p for p in container.demux(sound) if p.pts is not None), 12)
        loudest = max(float(np.abs(f.to_ndarray()).max()) for packet in packets for f in packet.decode())
    assert loudest > (0.1 if codec == "aac" else 3000)


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_only_the_right_login_is_let_in(server: RtspServer, scheme: str) -> None:
    server.require("basic" if scheme == "basic" else "digest", "room", "se:cret")
    for login in ("", "room:wrong"):
        with pytest.raises(av.error.HTTPUnauthorizedError):
            play(server.url(login))
    with play(server.url("room:se%3Acret")) as container:
        assert next(container.decode(video=0)).width == 160


def test_a_login_that_is_refused_is_let_in_later(server: RtspServer) -> None:
    server.require("digest", "room", "secret", refuse=True)
    with pytest.raises(av.error.HTTPUnauthorizedError):
        play(server.url("room:secret"))
    server.require("digest", "room", "secret")
    play(server.url("room:secret")).close()


def test_udp_is_refused(server: RtspServer) -> None:
    with Viewer(server.port) as viewer:
        assert "461" in viewer.ask("SETUP", "/video", "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n")


def test_closing_ends_every_connection_and_frees_the_port(server: RtspServer) -> None:
    with Viewer(server.port).play() as viewer:
        server.wait(lambda s: s.playing == 1)
        server.close()
        with pytest.raises((EOFError, ConnectionError)):
            list(viewer.packets())
    assert server.playing == 0
    RtspServer(CLIP, port=server.port).close()


def test_a_server_ends_by_itself_after_its_lifetime() -> None:
    with (
        RtspServer(CLIP, lifetime_s=0.2) as server,
        Viewer(server.port).play() as viewer,
        pytest.raises((EOFError, ConnectionError)),
    ):
        list(viewer.packets())


def test_a_process_that_was_killed_goes_on_in_the_same_lecture_on_the_same_port() -> None:
    with ServerProcess(Film((160, 90), 20, 4.0, gop_s=0.25)) as process:
        port, truth = process.port, process.truth
        with Viewer(port).play() as viewer:
            earlier = next(viewer.units())[0]
            process.kill()
            with pytest.raises((EOFError, ConnectionError)):
                list(viewer.packets())
        process.start()
        with Viewer(port).play() as viewer:
            later = next(viewer.units())[0]
        assert (process.port, process.truth) == (port, truth)
    assert (later.timestamp - earlier.timestamp) / 90_000 == pytest.approx(later.came - earlier.came, abs=0.3)


def test_a_process_obeys_and_says_what_it_does_not_understand() -> None:
    with ServerProcess(Film((160, 90), 20, 4.0, gop_s=0.25)) as process:
        assert process.say("freeze") == {"connected": 0, "playing": 0, "units": 0}
        with pytest.raises(ValueError, match="'dance' is no order"):
            process.say("dance")
        with Viewer(process.port, patience_s=0.3) as viewer, pytest.raises(TimeoutError):
            viewer.ask("OPTIONS")


def test_a_process_ends_when_its_input_does() -> None:
    command = [sys.executable, "-m", "rtsp", "--size", "160x90"]
    environment = {**os.environ, "PYTHONPATH": str(PLUGINS)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["port"] > 0
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_a_process_ends_after_its_lifetime_even_if_nobody_reads_its_output() -> None:
    with ServerProcess(Film((160, 90)), lifetime_s=0.3) as process:
        assert os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT) is not None


def test_fragments_put_together_are_the_units_they_were_made_of() -> None:
    large = b"\x65" + bytes(range(1, 256)) * 20
    data = b"\x00\x00\x00\x01\x67\x42\x00\x1e" + b"\x00\x00\x01" + large
    payloads = h264_payloads(data)
    assert max(map(len, payloads)) <= PAYLOAD_BYTES
    pieces = payloads[1:]
    assert [piece[1] >> 6 for piece in pieces] == [2, *[0] * (len(pieces) - 2), 1]
    again = bytes((pieces[0][0] & 0xE0 | pieces[0][1] & 0x1F,)) + b"".join(piece[2:] for piece in pieces)
    assert [payloads[0], again] == nals(data) == [b"\x67\x42\x00\x1e", large]


TURN_NS = 10 * SECOND_NS
TRUTH = Truth(
    Clip(
        "h264",
        (2, 2),
        Fraction(1),
        (Unit(b"", True),) * 10,
        (Shown(0, 0, 0, 4 * SECOND_NS), Shown(1, 4 * SECOND_NS, 5 * SECOND_NS, TURN_NS)),
    ),
    zero_ns=1000,
)


def test_the_truth_goes_round_with_the_clip() -> None:
    assert [shown.slide for shown in TRUTH.shown(1000, 1000 + 2 * TURN_NS)] == [0, 1, 0, 1]
    assert TRUTH.slide_at(1000) == TRUTH.slide_at(1000 + TURN_NS) == 0
    assert TRUTH.slide_at(1000 + 9 * SECOND_NS) == 1


def test_the_truth_knows_no_slide_while_one_becomes_another() -> None:
    assert TRUTH.slide_at(1000 + 4 * SECOND_NS) is None


@pytest.mark.parametrize(
    ("begin_s", "end_s", "outages", "least_s", "due"),
    [
        (0, 10, [], 3, {0, 1}),
        (0, 10, [], 4.5, {1}),
        (0, 2, [], 3, set()),
        (2, 10, [], 3, {1}),
        (0, 10, [(2, 3)], 3, {1}),
        (0, 10, [(7, 7.5)], 3, {0}),
        (0, 10, [(2, 3), (5, 6)], 3, {1}),
        (0, 20, [(2, 8)], 3, {0, 1}),
    ],
)
def test_the_truth_knows_which_slides_were_there_long_enough(
    begin_s: float, end_s: float, outages: list[tuple[float, float]], least_s: float, due: set[int]
) -> None:
    def at(seconds: float) -> int:
        return 1000 + round(seconds * SECOND_NS)

    spans = [(at(begin), at(end)) for begin, end in outages]
    assert TRUTH.due(at(begin_s), at(end_s), spans, round(least_s * SECOND_NS)) == due
