"""What FFmpeg is given for each kind of source, and what it may open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, SourceError
from pipeline.stage import validated
from stages.decoder import DecoderProperties
from stages.decoder.live.source import Endpoint, Scheme, device, endpoint, scheme_of


def made(uri: str, environ: dict[str, str] | None = None, **properties: object) -> Endpoint:
    given = validated(DecoderProperties, {"uri": uri, **properties})
    assert isinstance(given, DecoderProperties)
    return endpoint(given, environ or {})


@pytest.mark.parametrize(
    ("uri", "scheme"),
    [
        ("rtsp://cam/1", Scheme.RTSP),
        ("RTSPS://cam/1", Scheme.RTSP),
        ("http://cam/1", Scheme.HTTP),
        ("https://cam/1", Scheme.HTTP),
        ("v4l2:///dev/video0", Scheme.V4L2),
        ("lavfi:testsrc2", Scheme.LAVFI),
        ("/a/rtsp:lecture.mp4", None),
        ("file:///a.mp4", None),
        ("part 1: caches.mp4", None),
    ],
)
def test_a_uri_says_what_kind_of_source_it_is(uri: str, scheme: Scheme | None) -> None:
    assert scheme_of(uri) is scheme


@pytest.mark.parametrize(
    ("uri", "protocols"),
    [
        ("rtsp://cam/1", {"rtsp", "rtp", "udp", "tcp"}),
        ("rtsps://cam/1", {"rtsp", "rtp", "udp", "tcp", "tls"}),
        ("http://cam/1.m3u8", {"http", "https", "tls", "tcp", "crypto"}),
        ("https://cam/1.m3u8", {"http", "https", "tls", "tcp", "crypto"}),
    ],
)
def test_no_url_may_open_a_local_file(uri: str, protocols: set[str]) -> None:
    assert set(made(uri).tries[0]["protocol_whitelist"].split(",")) == protocols


def test_rtsp_opens_fast_over_tcp_and_within_its_deadline() -> None:
    options = made("rtsp://cam/1", open_timeout=3).tries[0]
    assert options["rtsp_transport"] == "tcp"
    assert options["timeout"] == "3000000"
    assert (options["analyzeduration"], options["probesize"]) == ("100000", "50000")


def test_rtsp_takes_udp_where_it_is_asked_to() -> None:
    assert made("rtsp://cam/1", transport="udp").tries[0]["rtsp_transport"] == "udp"


def test_a_playlist_may_be_silent_for_the_length_of_its_segments() -> None:
    assert made("http://cam/live.m3u8?a=1").read_timeout_s == 20
    assert made("http://cam/live.ts").read_timeout_s == 2


def test_credentials_are_in_the_url_and_not_in_what_is_shown() -> None:
    found = made("rtsp://cam/1", {"CAM": "me:hunter2"}, credentials="env:CAM")
    assert found.url == "rtsp://me:hunter2@cam/1"
    assert "hunter2" not in repr(found) + found.shown


def test_a_camera_at_a_device_is_asked_for_h264_then_mjpeg_then_what_it_has() -> None:
    tries = made("v4l2:///dev/video0", size="1920x1080", framerate=30).tries
    assert [options.get("input_format") for options in tries] == ["h264", "mjpeg", None]
    assert all(options["video_size"] == "1920x1080" and options["framerate"] == "30" for options in tries)


def test_a_camera_at_a_device_gives_the_format_it_is_told() -> None:
    tries = made("v4l2:///dev/video0", input_format="mjpeg").tries
    assert [dict(options) for options in tries] == [{"input_format": "mjpeg"}]


def test_a_device_is_found_anew_behind_its_link(tmp_path: Path) -> None:
    link = tmp_path / "usb-camera-index0"
    link.symlink_to(os.devnull)
    assert device(str(link)) == os.devnull
    link.unlink()
    link.symlink_to("/dev/zero")
    assert device(str(link)) == "/dev/zero"


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match="camera '/dev/nowhere' is not there"):
        device("/dev/nowhere")


def test_a_file_is_no_camera_device(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(SourceError, match="is no camera device"):
        device(str(tmp_path / "a.mp4"))


def test_test_inputs_are_refused_unless_they_are_allowed() -> None:
    with pytest.raises(ConfigError, match="set SLIDETAP_TEST_INPUTS=1"):
        made("lavfi:testsrc2")
    assert made("lavfi:testsrc2", {"SLIDETAP_TEST_INPUTS": "1"}).url == "testsrc2,realtime"


@pytest.mark.parametrize("uri", ["rtsp://", "http:///", "rtsp://@"])
def test_a_url_without_a_host_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match="names no host"):
        made(uri)


def test_credentials_for_a_device_make_no_sense() -> None:
    with pytest.raises(ConfigError, match="asks for none"):
        made("v4l2:///dev/video0", credentials="env:CAM")
