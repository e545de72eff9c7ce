"""A camera that dies, freezes, is cut off, says nothing, refuses, changes or sends rubbish: slides go on.

Each test shows a lecture whose truth is known; what was on screen for 3 s outside the outage must have been found.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from evidence import broken, missing
from onlooker import ANALYSIS, Onlooker
from rtsp import HOSTILE, Film, RtspServer, ServerProcess, black_clip, lecture_clip
from rtsp.truth import Span

from pipeline.frame import SECOND_NS
from stages.journal import FILE_NAME, Journal

FILM = Film((320, 180), 10, 32.0, seed=5, gop_s=0.5, more={"slides": 8, "fades": False})
# Twice the targets, which docs/reliability.md is about: a test must not fail because a machine is busy.
BACK_S, BACK_SILENT_S = 6.0, 10.0
LATE_NS = 2 * SECOND_NS  # what was shown so shortly before the end need not be written


@pytest.fixture
def camera() -> Iterator[RtspServer]:
    with RtspServer(FILM.clip()) as made:
        yield made


@pytest.fixture
def watching(camera: RtspServer, tmp_path: Path) -> Iterator[Onlooker]:
    with Onlooker(tmp_path, {"uri": camera.url()}) as made:
        made.wait_for("slide")
        yield made


def check(
    watching: Onlooker, camera: RtspServer | ServerProcess, begin_ns: int, outages: list[Span], whole: bool = True
) -> None:
    """Two slides more, the end, and what must hold. ``whole``: each segment begins with a keyframe."""
    watching.wait_for_slides(2)
    end_ns = time.monotonic_ns()
    result = watching.stop()
    assert result["error"] is None
    assert [name for name, account in result["ledger"].items() if account["missing"]] == []
    assert missing(watching.result, camera.truth, begin_ns, end_ns - LATE_NS, outages) == set()
    assert broken(watching.result) == []
    assert not list(watching.recording.rglob("*.part"))
    for segment in watching.recording.rglob("*.mp4"):
        with av.open(segment) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
        keys = [place for place, packet in enumerate(packets) if packet.is_keyframe]
        assert keys, segment
        assert keys[0] == 0 or not whole, segment


def seconds(begin_ns: int, end_ns: int) -> float:
    return (end_ns - begin_ns) / SECOND_NS


def test_a_camera_that_was_killed_is_seen_again_when_it_is_back(tmp_path: Path) -> None:
    with ServerProcess(FILM) as camera, Onlooker(tmp_path, {"uri": camera.url()}) as watching:
        watching.wait_for("slide")
        begin_ns = time.monotonic_ns()
        camera.kill()
        watching.wait_for_state("lost", "connecting", "stalled", since_ns=begin_ns)
        camera.start()
        back_ns = time.monotonic_ns()
        live_ns = watching.wait_for_state("live", since_ns=back_ns)["at_ns"]
        assert seconds(back_ns, live_ns) < BACK_S
        check(watching, camera, begin_ns, [(begin_ns, live_ns)])


def test_a_camera_that_was_frozen_for_5_s_is_seen_again(camera: RtspServer, watching: Onlooker) -> None:
    begin_ns = time.monotonic_ns()
    camera.freeze()
    watching.wait_for_state("stalled", "lost", since_ns=begin_ns, patience_s=4.5)
    time.sleep(max(0.0, 5.0 - seconds(begin_ns, time.monotonic_ns())))  # how long the fault lasts
    camera.thaw()
    back_ns = time.monotonic_ns()
    live_ns = watching.wait_for_state("live", since_ns=back_ns)["at_ns"]
    assert seconds(back_ns, live_ns) < BACK_SILENT_S
    check(watching, camera, begin_ns, [(begin_ns, live_ns)])


def test_a_connection_that_is_cut_is_made_again(camera: RtspServer, watching: Onlooker) -> None:
    begin_ns = time.monotonic_ns()
    camera.cut()
    live_ns = watching.wait_for_state("live", since_ns=begin_ns)["at_ns"]
    assert seconds(begin_ns, live_ns) < BACK_S
    check(watching, camera, begin_ns, [(begin_ns, live_ns)])


@pytest.mark.parametrize("fused", [(), ANALYSIS])
def test_with_keyframes_alone_the_same_slides_are_found(
    camera: RtspServer, tmp_path: Path, fused: tuple[str, ...]
) -> None:
    with Onlooker(tmp_path, {"uri": camera.url(), "mode": "keyframes"}, fused=fused) as watching:
        watching.wait_for("slide")
        begin_ns = time.monotonic_ns()
        camera.cut()
        live_ns = watching.wait_for_state("live", since_ns=begin_ns)["at_ns"]
        check(watching, camera, begin_ns, [(begin_ns, live_ns)])
        decoder = watching.stop()["ledger"]["decoder"]
    assert decoder["dropped"]["unchanged"] > 20 and set(decoder["dropped"]) <= {"unchanged", "keyframes", "stale"}


def test_a_camera_that_accepts_and_says_nothing_is_seen_when_it_speaks(camera: RtspServer, tmp_path: Path) -> None:
    with Onlooker(tmp_path, {"uri": camera.url()}) as watching:
        watching.wait_for("slide")
        begin_ns = time.monotonic_ns()
        connected = camera.connected
        camera.silence()
        camera.cut()
        camera.wait(lambda server: server.connected > connected)
        watching.wait_for_state("lost", "connecting", since_ns=begin_ns)
        camera.silence(False)
        back_ns = time.monotonic_ns()
        live_ns = watching.wait_for_state("live", since_ns=back_ns)["at_ns"]
        assert seconds(back_ns, live_ns) < BACK_SILENT_S
        check(watching, camera, begin_ns, [(begin_ns, live_ns)])


def test_a_camera_that_refuses_the_login_is_seen_once_it_admits_it(camera: RtspServer, tmp_path: Path) -> None:
    camera.require("digest", "room", "s3cr3t-w0rd", refuse=True)
    environment = {**os.environ, "CAMERA_LOGIN": "room:s3cr3t-w0rd"}
    given = {"uri": camera.url(), "credentials": "env:CAMERA_LOGIN"}
    with Onlooker(tmp_path, given, environment) as watching:
        camera.wait(lambda server: server.connected >= 2)
        camera.require("digest", "room", "s3cr3t-w0rd")
        watching.wait_for_state("live", patience_s=30.0)
        begin_ns = time.monotonic_ns()
        check(watching, camera, begin_ns, [])
        assert "s3cr3t" not in watching.text


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_pictures_of_another_size_or_codec_are_analysed_as_well(
    camera: RtspServer, watching: Onlooker, codec: str
) -> None:
    size = (192, 108) if codec == "h264" else (320, 180)
    camera.show(lecture_clip(size, 10, 16.0, seed=77, gop_s=0.5, codec=codec, more={"slides": 4, "fades": False}))
    watching.wait_for_slides(2)
    begin_ns = time.monotonic_ns()
    camera.show()
    live_ns = time.monotonic_ns() + 3 * SECOND_NS if codec == "h264" else begin_ns
    if codec == "hevc":
        live_ns = watching.wait_for_state("live", since_ns=begin_ns)["at_ns"]
        assert seconds(begin_ns, live_ns) < BACK_S
    check(watching, camera, begin_ns, [(begin_ns, live_ns)])


def flows(camera: RtspServer, more: int = 3) -> None:
    """Wait until so many more pictures were sent to somebody."""
    units = camera.units
    camera.wait(lambda server: server.units > units + more, 20.0)


def test_rubbish_on_the_wire_costs_at_most_what_was_shown_then(camera: RtspServer, watching: Onlooker) -> None:
    begin_ns = time.monotonic_ns()
    for kind in HOSTILE:
        camera.attack(kind)
        flows(camera)  # again: each is to hit a stream
    camera.damage(10, "noise")
    camera.damage(10, "truncated")
    camera.damage(10, "missing")
    flows(camera, 40)
    end_ns = time.monotonic_ns()
    check(watching, camera, begin_ns, [(begin_ns, end_ns)])


def test_a_covered_lens_is_no_slide(camera: RtspServer, watching: Onlooker) -> None:
    begin_ns = time.monotonic_ns()
    camera.show(black_clip(FILM.size, FILM.fps))
    watching.wait_for_state("black", since_ns=begin_ns)
    camera.show()
    live_ns = watching.wait_for_state("live", since_ns=begin_ns)["at_ns"]
    check(watching, camera, begin_ns, [(begin_ns, live_ns)])


def test_the_same_picture_over_and_over_is_a_frozen_camera(camera: RtspServer, tmp_path: Path) -> None:
    with Onlooker(tmp_path, {"uri": camera.url(), "frozen_after": 2.0}) as watching:
        watching.wait_for("slide")
        begin_ns = time.monotonic_ns()
        camera.repeat()
        watching.wait_for_state("frozen", since_ns=begin_ns)
        camera.repeat(False)
        live_ns = watching.wait_for_state("live", since_ns=begin_ns)["at_ns"]
        check(watching, camera, begin_ns, [(begin_ns, live_ns)])


def test_a_short_stall_is_no_reason_to_connect_again(camera: RtspServer, watching: Onlooker) -> None:
    begin_ns = time.monotonic_ns()
    connected = camera.connected
    camera.stall(1.2)
    check(watching, camera, begin_ns, [(begin_ns, begin_ns + 3 * SECOND_NS // 2)])
    assert camera.connected == connected


def test_jumps_of_the_cameras_clock_leave_slides_in_their_order(camera: RtspServer, watching: Onlooker) -> None:
    begin_ns = time.monotonic_ns()
    camera.jump(3600.0)
    watching.wait_for_slides(1)
    camera.jump(-7200.0)
    check(watching, camera, begin_ns, [], whole=False)
    with Journal(watching.result / FILE_NAME) as journal:
        visits = journal.visits()
    starts = [visit.start_pts_ns for visit in visits]
    assert starts == sorted(starts)
    assert all(visit.start_pts_ns <= (visit.end_pts_ns or 0) for visit in visits)
    assert seconds(starts[0], visits[-1].end_pts_ns or 0) < 60
