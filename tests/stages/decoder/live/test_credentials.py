"""User names and passwords: where they may come from, and that a URL is never shown with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, PipelineError
from pipeline.stage import validated
from pipeline.testing import Recorder
from stages.decoder import Decoder
from stages.decoder.live.credentials import scrubbed, secrets_of, shown, with_credentials
from stages.decoder.properties import DecoderProperties


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("rtsp://me:hunter2@cam/1", "rtsp://cam/1"),
        ("rtsp://me@cam:8554/1", "rtsp://cam:8554/1"),
        ("rtsp://me:hun@ter2@cam/1", "rtsp://cam/1"),
        ("rtsp://me:hunt/er2@cam/1", "rtsp://cam/1"),
        ("https://host/live.m3u8?token=hunter2&b=1", "https://host/live.m3u8?***"),
        ("https://host/a#hunter2", "https://host/a#***"),
        ("rtsp://cam/user=me&password=hunter2&channel=1.sdp", "rtsp://cam/user=***"),
        ("http://cam/stream/password=hunter2/1", "http://cam/stream/password=***/1"),
        ("rtsp://cam/1", "rtsp://cam/1"),
    ],
)
def test_a_url_is_shown_without_what_must_not_be_seen(url: str, seen: str) -> None:
    assert shown(f"cannot open '{url}': no") == f"cannot open '{seen}': no"


def test_secrets_are_known_as_they_are_written_and_decoded() -> None:
    found = secrets_of("rtsp://me:p%40ss%20word@cam/1?key=t%2Fk1")
    assert {"p%40ss%20word", "p@ss word", "t%2Fk1", "t/k1"} <= found


def test_text_is_scrubbed_of_secrets_and_put_on_one_line() -> None:
    assert scrubbed("no\n  hunter2 at rtsp://a:b@c", {"hunter2"}) == "no *** at rtsp://c"


def test_credentials_come_from_the_environment_and_are_escaped() -> None:
    url = with_credentials("rtsp://cam:554/1", "env:CAM", {"CAM": "me:p@ss/w:rd"})
    assert url == "rtsp://me:p%40ss%2Fw%3Ard@cam:554/1"


def test_they_take_the_place_of_those_in_the_url() -> None:
    assert with_credentials("rtsp://old:one@cam/1", "env:CAM", {"CAM": "me:new"}) == "rtsp://me:new@cam/1"


def test_without_the_property_the_url_stays_as_it_is() -> None:
    assert with_credentials("rtsp://a:b@cam/1", "", {}) == "rtsp://a:b@cam/1"


def test_credentials_come_from_a_file_that_only_the_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "camera"
    path.write_text("me:hunter2\n")
    path.chmod(0o600)
    assert with_credentials("rtsp://cam/1", f"file:{path}", {}) == "rtsp://me:hunter2@cam/1"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "camera"
    path.write_text("me:hunter2")
    path.chmod(mode)
    with pytest.raises(ConfigError, match="may be read by others; chmod 600 it") as caught:
        with_credentials("rtsp://cam/1", f"file:{path}", {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("where", ["me:hunter2", "hunter2", "env:", "file:", "password:hunter2"])
def test_what_is_neither_a_variable_nor_a_file_is_refused_and_not_repeated(where: str) -> None:
    with pytest.raises(ConfigError, match="must be env:NAME or file:/path") as caught:
        with_credentials("rtsp://cam/1", where, {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", ["hunter2", "", ":hunter2", "me:hunter2\nand:more"])
def test_what_is_not_one_line_of_user_and_password_is_refused_and_not_repeated(content: str) -> None:
    with pytest.raises(ConfigError, match="must hold one line, user:password") as caught:
        with_credentials("rtsp://cam/1", "env:CAM", {"CAM": content})
    assert "hunter2" not in str(caught.value)


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="no variable 'CAM'"):
        with_credentials("rtsp://cam/1", "env:CAM", {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read '.*nowhere': No such file"):
        with_credentials("rtsp://cam/1", f"file:{tmp_path}/nowhere", {})


def test_a_fifo_in_place_of_the_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigError, match="no regular file"):
        with_credentials("rtsp://cam/1", f"file:{tmp_path}/pipe", {})


def test_a_file_that_is_far_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "camera"
    path.write_text("me:" + "x" * 5000)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="over 4096 bytes"):
        with_credentials("rtsp://cam/1", f"file:{path}", {})


def test_a_password_in_another_encoding_than_utf_8_is_taken_byte_by_byte(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes("root:gr\u00fcn".encode("latin-1"))
    secret.chmod(0o600)
    assert with_credentials("rtsp://cam/live", f"file:{secret}", {}) == "rtsp://root:gr%FCn@cam/live"


@pytest.mark.parametrize(("incarnation", "final"), [(0, True), (1, False)])
def test_a_file_that_is_being_replaced_is_final_at_the_first_start_only(
    incarnation: int, final: bool, tmp_path: Path
) -> None:
    context = Recorder()
    context.incarnation = incarnation
    given = {"uri": "rtsp://127.0.0.1:9/live", "live": "yes", "credentials": f"file:{tmp_path / 'secret'}"}
    properties = validated(DecoderProperties, given)
    assert isinstance(properties, DecoderProperties)
    stage = Decoder(properties, context)
    with pytest.raises(PipelineError, match="cannot read") as caught:
        stage.start()
    stage.stop()
    assert caught.value.final is final
