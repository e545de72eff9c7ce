"""Sources on the web, from a server on loopback: files, streams without an end, playlists, refusals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from decoded import decode, posted
from driving import Driven
from media import cards, write_video
from webhost import Answer, WebHost

from pipeline.errors import ConfigError, SourceError
from pipeline.frame import EventKind, Flags
from pipeline.testing import Harness, frames_of
from stages.decoder import Decoder


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    return write_video(tmp_path / "a.mp4", cards(20)).read_bytes()


@pytest.fixture
def stream(tmp_path: Path) -> bytes:
    """Four seconds of MPEG-TS, a key picture each second, of a bit rate such as cameras have."""
    noise = list(np.random.default_rng(1).integers(0, 255, (40, 120, 160, 3), np.uint8))
    options = {"g": "10", "tune": "zerolatency", "preset": "ultrafast", "crf": "25"}
    return write_video(tmp_path / "a.ts", noise, options=options).read_bytes()


def in_real_time(data: bytes, seconds: float, then_end: bool = True) -> Iterator[bytes]:
    """``data`` spread over so long."""
    begin, sent = time.monotonic(), 0
    while sent < len(data):
        due = min(len(data), int(len(data) * (time.monotonic() - begin) / seconds) // 188 * 188 + 188)
        yield data[sent:due]
        sent = max(sent, due)
        yield b""
    while not then_end:
        yield b""


def test_a_file_on_the_web_behaves_like_a_file(film: bytes) -> None:
    with WebHost({"/a.mp4": film}) as web:
        harness, items = decode(web.url("/a.mp4"), rate=0)
    assert not harness.stage.live  # type: ignore[union-attr]
    assert [frame.pts_ns for frame in frames_of(items)] == [n * 100_000_000 for n in range(20)]
    assert posted(harness, "stream")["duration_ns"] == 2_000_000_000
    assert harness.ledger.missing == 0


def test_a_file_on_the_web_is_not_recorded(film: bytes) -> None:
    with WebHost({"/a.mp4": film}) as web, pytest.raises(ConfigError, match="link nothing to pad 'packets'"):
        Driven(web.url("/a.mp4"), packets=True)


def test_a_stream_without_an_end_is_live_and_its_end_is_a_fault(stream: bytes) -> None:
    with WebHost({"/live": lambda: in_real_time(stream, 4)}) as web, Driven(web.url("/live")) as driven:
        assert driven.stage.live
        driven.until(lambda: len(driven.events(EventKind.EPOCH)) == 2)
        driven.until_frames(3)
        assert driven.kinds()[:6] == ["epoch", "caps", "frame", "gap", "epoch", "frame"]
        assert driven.events(EventKind.GAP)[0].data == {"reason": "lost"}
        assert driven.states[:4] == ["connecting", "live", "lost", "live"]
    frames = driven.frames()
    assert all(b.pts_ns > a.pts_ns for a, b in zip(frames, frames[1:], strict=False))
    assert [frame.epoch for frame in frames if frame.flags & Flags.DISCONT][:2] == [1, 2]


def test_no_packets_for_a_while_is_a_stall_and_a_loss(stream: bytes) -> None:
    half = stream[: len(stream) // 2 // 188 * 188]
    pages: dict[str, Answer] = {"/live": lambda: in_real_time(half, 2, then_end=False)}
    with WebHost(pages) as web, Driven(web.url("/live"), read_timeout=1.5) as driven:
        driven.until_state("lost")
        driven.until(lambda: bool(driven.events(EventKind.GAP)))
        assert [event.data for event in driven.events(EventKind.GAP)] == [{"reason": "stalled"}]


@pytest.mark.parametrize("target", ["file://{}", "{}", "file:{}", "file:///etc/passwd", "subfile:,,:{}", "concat:{}"])
def test_a_playlist_may_not_open_a_local_file(tmp_path: Path, stream: bytes, target: str) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(stream)
    target = target.format(secret)
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n"
    pages: dict[str, Answer] = {"/a.m3u8": f"{head}{target}\n#EXT-X-ENDLIST\n".encode()}
    with WebHost(pages) as web, pytest.raises(SourceError):
        list(Harness(Decoder, uri=web.url("/a.m3u8"), open_timeout=2).run())


def test_a_finished_playlist_behaves_like_a_file(stream: bytes) -> None:
    playlist = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n"
    with WebHost({"/a.m3u8": playlist, "/a.ts": stream}) as web:
        harness, items = decode(web.url("/a.m3u8"), rate=0)
    assert len(frames_of(items)) == 40
    assert harness.ledger.missing == 0


def test_a_playlist_that_goes_on_is_live(stream: bytes) -> None:
    playlist = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:4,\na.ts\n"
    with WebHost({"/a.m3u8": playlist, "/a.ts": stream}) as web, Driven(web.url("/a.m3u8")) as driven:
        assert driven.stage.live
        driven.until_frames(20)
        assert driven.figures()["stale_total"] == 0


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_is_one_line_without_the_password(status: int) -> None:
    with WebHost({"/a.mp4": status}) as web, pytest.raises(SourceError) as caught:
        Harness(Decoder, uri=web.url("/a.mp4?token=t0psecret", "me:hunter2"))
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value) and "t0psecret" not in str(caught.value)


def test_a_live_source_that_refuses_the_password_is_lost_and_asked_again() -> None:
    with WebHost({"/live": 401}) as web, Driven(web.url("/live", "me:hunter2"), live="yes") as driven:
        driven.until_state("lost")
        driven.until(lambda: len(web.asked) >= 3)
        why = [m.data["why"] for m in driven.harness.context.messages if m.name == "source"][-1]
        assert why == "the server refuses the user or the password"


def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    def silent() -> Iterator[bytes]:
        while True:
            yield b""

    with WebHost({"/a": silent}) as web, pytest.raises(SourceError, match="no answer within 1 s"):
        Harness(Decoder, uri=web.url("/a"), open_timeout=1)


def test_a_connection_that_breaks_in_the_middle_of_a_file_is_an_error_without_the_password(film: bytes) -> None:
    class Cut(bytes):
        """Says more than it has."""

        def __len__(self) -> int:
            return super().__len__() * 3

    with WebHost({"/a.mp4": Cut(film)}) as web:
        harness = Harness(Decoder, uri=web.url("/a.mp4", "me:hunter2"))
        try:
            list(harness.run())
        except SourceError as e:
            assert "hunter2" not in str(e) and e.__suppress_context__


def test_a_file_is_not_live_by_asking(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a file is not live"):
        Harness(Decoder, uri=str(write_video(tmp_path / "a.mp4", cards(1))), live="yes")


def test_of_a_file_keyframes_alone_are_refused_with_what_to_take_instead(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'keyframes' is for cameras and live streams; take 'sparse' for a file"):
        Harness(Decoder, uri=str(write_video(tmp_path / "a.mp4", cards(1))), mode="keyframes")


def test_of_a_file_on_the_web_keyframes_are_not_enough_and_that_is_said(film: bytes) -> None:
    with WebHost({"/a.mp4": film}) as web:
        harness, items = decode(web.url("/a.mp4"), rate=0, mode="keyframes")
        url = web.url("/a.mp4")
    assert len(frames_of(items)) == 20
    assert harness.context.warnings == [f"mode 'keyframes' is for live streams: every frame of '{url}' is decoded"]
