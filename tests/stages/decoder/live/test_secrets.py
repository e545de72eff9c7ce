"""Nothing that a stage gives out, and nothing that its process reports when it ends, holds a user or a password."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import Driven
from media import cards, write_video
from rtsp import RtspServer, lecture_clip
from webhost import WebHost

from pipeline.errors import PipelineError
from pipeline.stage import validated
from pipeline.testing import Harness
from stages.decoder import Decoder, DecoderProperties
from stages.decoder.live.source import endpoint

USER, PASSWORD, TOKEN = "janedoe77", "hun/ter@2", "t0ps3cr3t"
ESCAPED = "hun%2Fter%402"
FORBIDDEN = (USER, PASSWORD, ESCAPED, ESCAPED.lower(), TOKEN, "hun/ter", "ter@2", "amFuZWRvZTc3")  # base64 of the user


def clean(text: str) -> None:
    found = [secret for secret in FORBIDDEN if secret in text]
    assert not found, f"{found} in: {text}"


def everything(driven: Driven) -> str:
    """All that went to the bus and in band."""
    context = driven.harness.context
    events = [item for _, item in driven.outputs if not hasattr(item, "planes")]
    return repr((context.messages, context.warnings, context.drops, events))


def reported(error: BaseException) -> str:
    """What a process that ends by ``error`` says, with the trace of all that it is chained to."""
    return str(error) + "".join(traceback.format_exception(error))


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer(lecture_clip((320, 180), 10, 20.0)) as running:
        yield running


def test_a_camera_that_is_found_lost_and_refused(server: RtspServer, capfd: pytest.CaptureFixture[str]) -> None:
    server.require("digest", USER, PASSWORD)
    with Driven(server.url(f"{USER}:{ESCAPED}") + f"?token={TOKEN}", packets=True, read_timeout=0.5) as driven:
        driven.until_frames(3)
        server.cut()
        driven.until_state("lost")
        server.require("digest", USER, PASSWORD, refuse=True)
        server.cut()
        driven.until(lambda: "refuses" in everything(driven))
        server.silence()
        driven.figures()
        clean(everything(driven))
        assert "rtsp://127.0.0.1" in everything(driven)
    clean("".join(capfd.readouterr()))


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "http", "https"])
def test_a_live_source_that_is_not_there(scheme: str, capfd: pytest.CaptureFixture[str]) -> None:
    uri = f"{scheme}://{USER}:{ESCAPED}@127.0.0.1:9/live?token={TOKEN}"
    with Driven(uri, live="yes", open_timeout=1) as driven:
        driven.until_state("lost")
        clean(everything(driven))
    clean("".join(capfd.readouterr()))


@pytest.mark.parametrize("page", [401, 404, b"no video", b""])
def test_a_file_on_the_web_that_cannot_be_opened(page: int | bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with WebHost({"/a.mp4": page}) as web, pytest.raises(PipelineError) as caught:
        Harness(Decoder, uri=web.url("/a.mp4", f"{USER}:{ESCAPED}") + f"?token={TOKEN}")
    clean(reported(caught.value))
    clean("".join(capfd.readouterr()))


def test_a_file_on_the_web_that_is_damaged(tmp_path: Path) -> None:
    film = bytearray(write_video(tmp_path / "a.mp4", cards(30), codec="mpeg4").read_bytes())
    film[100:2000] = bytes(1900)
    with WebHost({"/a.mp4": bytes(film)}) as web:
        harness = None
        try:
            harness = Harness(Decoder, uri=web.url("/a.mp4", f"{USER}:{ESCAPED}") + f"?token={TOKEN}")
            list(harness.run())
        except PipelineError as e:
            clean(reported(e))
        if harness is not None:
            clean(repr((harness.context.messages, harness.context.warnings)))


@pytest.mark.parametrize("uri", [f"rtmp://{USER}:{ESCAPED}@cam/1", f"rtsp://{USER}:{ESCAPED}@"])
def test_a_uri_that_is_refused(uri: str) -> None:
    with pytest.raises(PipelineError) as caught:
        Harness(Decoder, uri=uri)
    clean(reported(caught.value))


@pytest.mark.parametrize("where", [f"{USER}:{PASSWORD}", PASSWORD])
def test_a_password_in_the_wrong_place(where: str) -> None:
    with pytest.raises(PipelineError) as caught:
        Harness(Decoder, uri="rtsp://cam/1", credentials=where)
    clean(reported(caught.value))


def test_credentials_from_a_file(server: RtspServer, tmp_path: Path) -> None:
    server.require("basic", USER, PASSWORD)
    login = tmp_path / "login"
    login.write_text(f"{USER}:{PASSWORD}\n")
    login.chmod(0o600)
    with Driven(server.url(), credentials=f"file:{login}") as driven:
        driven.until_frames(2)
        clean(everything(driven))
        clean(repr(driven.stage.properties))


def test_what_is_kept_of_a_source_is_printed_without_its_password() -> None:
    given = validated(DecoderProperties, {"uri": f"rtsp://{USER}:{ESCAPED}@cam/1?token={TOKEN}"})
    assert isinstance(given, DecoderProperties)
    clean(repr(endpoint(given, {})))


def test_the_check_itself_finds_a_password() -> None:
    with pytest.raises(AssertionError):
        clean(f"rtsp://{USER}@cam")
