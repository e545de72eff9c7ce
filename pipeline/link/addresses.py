"""Addresses of a service, read and judged before a socket sees them. Pure.

Without keys anybody who reaches a service may use it, and read what passes. So without keys none is reached from
another host: only loopback and sockets in the file system are allowed.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass

from pipeline.errors import ConfigError

_LONGEST_PATH = 107  # bytes that fit into sockaddr_un.sun_path, its final zero left out
_TCP = re.compile(r"tcp://(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s\[\]:/;@]+)):(?P<port>\d{1,5}|\*)")
_IPC = re.compile(r"ipc://(?P<path>[^@*].*)")  # @ would be an abstract socket, which no folder protects


@dataclass(frozen=True, slots=True)
class Address:
    """``local``: it cannot be reached from another host. ``six``: of the internet protocol, version 6."""

    text: str
    local: bool
    six: bool = False


def to_bind(text: str, protected: bool) -> Address:
    """Where a service listens: tcp://ADDRESS:PORT or ipc://PATH; '*' stands for any address, or for a free port.

    ``protected``: it has keys. Raises ConfigError.
    """
    return _judged(text, protected, "listen on")


def to_connect(text: str, protected: bool) -> Address:
    """Where a service is. Raises ConfigError."""
    address = _judged(text, protected, "connect to")
    if text.endswith((":*", ":0")) or "//*" in text:
        raise ConfigError(f"cannot connect to '{text}': name a host and a port")
    return address


def _judged(text: str, protected: bool, verb: str) -> Address:
    address = _read(text)
    if address is None:
        raise ConfigError(f"cannot {verb} '{text}': it must be tcp://HOST:PORT, or ipc://PATH on one host")
    if not address.local and not protected:
        raise ConfigError(
            f"cannot {verb} '{text}' without keys: it is reached over a network; "
            "make keys with 'slidetap keys new' and name their folder, or stay on tcp://127.0.0.1"
        )
    return address


def _read(text: str) -> Address | None:
    if found := _IPC.fullmatch(text):
        return Address(text, local=True) if len(os.fsencode(found["path"])) <= _LONGEST_PATH else None
    found = _TCP.fullmatch(text)
    if found is None or (found["port"] != "*" and int(found["port"]) > 65535):
        return None
    host = found["six"] or found["host"]
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return None if found["six"] else Address(text, local=host == "localhost")
    return Address(text, known.is_loopback, known.version == 6)
