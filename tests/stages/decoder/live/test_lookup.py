"""Looking up a camera's name: what is asked, what is said when there is none, and that a slow answer is no hang."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest

from pipeline.frame import SECOND_NS
from stages.decoder.live import lookup
from stages.decoder.live.arrivals import Lost, Mailbox
from stages.decoder.live.demux import Demuxer, Feed
from stages.decoder.live.faults import Fault, Kind
from stages.decoder.live.lookup import look_up
from stages.decoder.live.source import Endpoint, Scheme

SOURCE = Endpoint(Scheme.RTSP, "rtsp://me:hunter2@cam.example:554/live?x=1", "rtsp://cam", None, ({},), 3, 2, True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Names that were looked up; none is found."""
    names: list[object] = []

    def getaddrinfo(host: object, *_: object, **__: object) -> None:
        names.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("rtsp://cam.example/live", "cam.example"),
        ("rtsp://me:pass@word@cam.example:554/a@b", "cam.example"),
        ("rtsp://[fe80::1%25eth0]:554/live", "fe80::1%25eth0"),
        ("rtsp://192.0.2.7?x=1", "192.0.2.7"),
    ],
)
def test_the_host_alone_is_looked_up(url: str, host: str, asked: list[object]) -> None:
    with pytest.raises(Fault):
        look_up(replace(SOURCE, url=url), {})
    assert asked == [host.encode()]


def test_a_name_that_is_not_found_is_a_fault_of_the_network_that_shows_no_password(asked: list[object]) -> None:
    with pytest.raises(Fault, match="its host is not found: Temporary failure") as caught:
        look_up(SOURCE, {})
    assert caught.value.kind is Kind.NETWORK
    assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)


def test_a_name_that_cannot_be_one_is_a_fault_too() -> None:
    for host in ("x" * 300 + ".example", "a\0b", "cam..example"):
        with pytest.raises(Fault, match="is not found"):
            look_up(replace(SOURCE, url=f"rtsp://{host}/live"), {})


def test_devices_have_no_name_and_a_proxy_looks_up_for_itself(asked: list[object]) -> None:
    look_up(replace(SOURCE, scheme=Scheme.V4L2, url="/dev/video0"), {})
    look_up(replace(SOURCE, scheme=Scheme.HTTP, url="https://web.example/a.m3u8"), {"https_proxy": "proxy:3128"})
    assert asked == []
    with pytest.raises(Fault):
        look_up(replace(SOURCE, scheme=Scheme.HTTP, url="https://web.example/a.m3u8"), {})


def test_the_host_of_this_machine_is_found() -> None:
    look_up(replace(SOURCE, url="rtsp://127.0.0.1:554/live"), {})


def test_a_name_server_that_is_silent_for_longer_than_a_source_may_be_is_no_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking, answers = threading.Event(), threading.Event()

    def getaddrinfo(*_: object, **__: object) -> None:
        looking.set()
        answers.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    def connect(_: Endpoint) -> Feed:
        raise AssertionError("there is no address to connect to")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    mailbox = Mailbox(1 << 20)
    demuxer = Demuxer(lambda: SOURCE, connect, mailbox, lambda: 0.0, lookup.look_up)
    demuxer.start()
    assert looking.wait(10)
    assert not demuxer.overdue(time.monotonic_ns() + 60 * SECOND_NS)
    demuxer.stop()
    answers.set()
    assert demuxer.join(10)
    lost = mailbox.get()
    assert isinstance(lost, Lost) and "is not found" in lost.fault.why
    mailbox.close()
