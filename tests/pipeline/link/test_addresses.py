"""Addresses of services: what is one, and what is allowed without keys."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from pipeline.link.addresses import to_bind, to_connect

LOCAL = ["tcp://127.0.0.1:5570", "tcp://127.0.0.2:1", "tcp://[::1]:5570", "tcp://localhost:5570", "ipc:///run/s/masks"]
FAR = ["tcp://10.0.0.7:5570", "tcp://gpu.example.org:5570", "tcp://[2001:db8::1]:5570", "tcp://localhost.evil:5570"]
ANY = ["tcp://*:5570", "tcp://0.0.0.0:5570", "tcp://[::]:5570"]
NONE = [
    "",
    "tcp://",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:65536",
    "tcp://127.0.0.1:5570/path",
    "tcp://user@127.0.0.1:5570",
    "tcp://127.0.0.1:1;10.0.0.7:5570",
    "tcp://[127.0.0.x]:5570",
    "tcp://10.0.0.7:5570\n",
    "udp://127.0.0.1:5570",
    "inproc://masks",
    "ipc://",
    "ipc://@abstract",
    "ipc:///" + "x" * 107,
]


@pytest.mark.parametrize("text", LOCAL)
def test_without_keys_this_host_alone_is_allowed(text: str) -> None:
    assert to_bind(text, protected=False).local
    assert to_connect(text, protected=False).local


@pytest.mark.parametrize("text", [*FAR, *ANY])
def test_without_keys_no_other_host_is_listened_to(text: str) -> None:
    with pytest.raises(ConfigError, match=r"without keys.*slidetap keys new"):
        to_bind(text, protected=False)


@pytest.mark.parametrize("text", FAR)
def test_without_keys_no_other_host_is_connected_to(text: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot connect to .* without keys"):
        to_connect(text, protected=False)


@pytest.mark.parametrize("text", [*LOCAL, *FAR, *ANY])
def test_with_keys_every_address_is_allowed(text: str) -> None:
    assert to_bind(text, protected=True).text == text


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_address_is_refused_also_with_keys(text: str) -> None:
    with pytest.raises(ConfigError, match="it must be tcp://HOST:PORT"):
        to_bind(text, protected=True)


@pytest.mark.parametrize("text", ["tcp://*:5570", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0"])
def test_nobody_connects_to_any_host_or_port(text: str) -> None:
    with pytest.raises(ConfigError, match="name a host and a port"):
        to_connect(text, protected=True)


def test_the_sixth_version_is_known() -> None:
    assert to_bind("tcp://[::1]:5570", protected=False).six
    assert not to_bind("tcp://127.0.0.1:5570", protected=False).six
