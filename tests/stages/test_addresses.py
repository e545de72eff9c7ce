"""What an address says of a video, and what of it nobody else should see."""

from __future__ import annotations

import pytest

from stages.addresses import has_secret, is_camera, is_url, shown, stem


@pytest.mark.parametrize(
    ("video", "name"),
    [
        ("a/talk.mp4", "talk"),
        ("http://host/a/talk.mp4?key=1", "talk"),
        ("rtsp://camera.example/stream1", "stream1"),
        ("rtsp://me:pw@camera/", "camera"),
        ("rtsp://me:pw@camera:554", "camera"),
        ("rtsp://me:p/w@camera/live", "live"),
        ("rtsp://me:p/w@camera", "camera"),
        ("rtsp://camera/user=me&password=pw.sdp", "camera"),
        ("v4l2:///dev/video0", "video0"),
        (".", ""),
    ],
)
def test_a_name_holds_no_password(video: str, name: str) -> None:
    assert stem(video) == name


@pytest.mark.parametrize(
    "video",
    [
        "rtsp://me:pw@camera/live",
        "rtsp://me:p/w@camera/live",
        "http://host/a.m3u8?token=abc",
        "http://host/a.m3u8?a=1&Password=abc",
        "rtsp://camera/user=me&password=pw.sdp",
    ],
)
def test_an_address_with_a_secret_is_not_written_down(video: str) -> None:
    assert has_secret(video)
    assert shown(video) == ""


@pytest.mark.parametrize("video", ["me@home.mp4", "a/token=1.mp4", "http://host:8080/@me/a.mp4", "rtsp://camera:554/1"])
def test_an_address_without_one_is(video: str) -> None:
    assert not has_secret(video)
    assert shown(video) == video


def test_a_camera_is_told_by_its_scheme() -> None:
    assert [is_camera(f"{scheme}://x/y") for scheme in ("rtsp", "RTSPS", "v4l2", "http", "file")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_colon_alone_makes_no_url() -> None:
    assert not is_url("part 1: caches.mp4")
    assert not is_url("a:b.mp4")
    assert is_url("file:///a.mp4")
