"""Keys of a service and of those who may use it (CURVE): files in a folder that is its owner's alone.

``NAME.secret`` is one's own key and never leaves the folder; there is one in it. ``NAME.public`` goes to the other
side: a service's lies in the client's folder as ``server.public``, a client's in the service's under ``clients/``.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from zmq.utils import z85

from pipeline.errors import ConfigError, OutputError

SECRET, PUBLIC = ".secret", ".public"
SERVER = f"server{PUBLIC}"
CLIENTS = "clients"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LENGTH = 40  # 32 bytes in Z85
_LONGEST_FILE = 1024


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both halves in Z85. The secret one is in no text that is made of this."""

    public: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """``clients``: the public keys that may connect, and whose each is."""

    own: KeyPair
    clients: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """``server``: the public key of the service; another one is not spoken to."""

    own: KeyPair
    server: str


def new(folder: Path, name: str) -> Path:
    """Make a pair, in a folder that is made if there is none; the file of the public key.

    Raises ConfigError for a name that is none, a folder that others can read, or one that has a key already,
    OutputError where nothing can be written.
    """
    _check_curve()
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name[:80]}' is no name for a key; take letters, digits, '.', '_' and '-'")
    public, secret = zmq.curve_keypair()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_folder(folder)
        if there := sorted(folder.glob(f"*{SECRET}")):
            raise ConfigError(f"there is a key already: '{there[0]}'; one folder holds one")
        if name + PUBLIC == SERVER and (folder / SERVER).exists():
            raise ConfigError(f"'{folder / SERVER}' is there already: the key of a service that this one would hide")
        _write(folder / f"{name}{SECRET}", secret, 0o600)
        _write(folder / f"{name}{PUBLIC}", public, 0o644)
    except OSError as e:
        raise OutputError(f"no key can be made in '{folder}': {e.strerror}") from e
    return folder / f"{name}{PUBLIC}"


def server_keys(folder: Path) -> ServerKeys:
    """Of a service. Raises ConfigError; also if nobody is allowed, as it would serve nobody."""
    own = _own(folder)
    clients = {_read(path): path.name.removesuffix(PUBLIC) for path in sorted((folder / CLIENTS).glob(f"*{PUBLIC}"))}
    if not clients:
        raise ConfigError(f"nobody may connect: put the {PUBLIC} files of clients into '{folder / CLIENTS}'")
    return ServerKeys(own, clients)


def client_keys(folder: Path) -> ClientKeys:
    """Of one who uses a service. Raises ConfigError."""
    own = _own(folder)
    path = folder / SERVER
    if not path.exists():
        raise ConfigError(f"'{path}' is missing: copy the service's {PUBLIC} file there")
    server = _read(path)
    if server == own.public:
        raise ConfigError(f"'{path}' is this side's own key; put the service's there")
    return ClientKeys(own, server)


def _own(folder: Path) -> KeyPair:
    _check_curve()
    _check_folder(folder)
    found = sorted(folder.glob(f"*{SECRET}"))
    if len(found) != 1:
        many = "there is no key" if not found else f"there are {len(found)} keys"
        raise ConfigError(f"{many} in '{folder}', and one is needed; 'slidetap keys new NAME' makes it")
    secret = _read(found[0], private=True)
    return KeyPair(zmq.curve_public(secret.encode()).decode(), secret)


def _check_curve() -> None:
    if not zmq.has("curve"):
        raise ConfigError("this ZeroMQ was built without CURVE, which keys are for; install pyzmq from its wheel")


def _check_folder(folder: Path) -> None:
    try:
        found = folder.stat()
    except OSError as e:
        raise ConfigError(f"the folder of keys '{folder}' cannot be read: {e.strerror}") from e
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigError(f"'{folder}' is no folder of keys")
    _check_private(folder, found, "0700")


def _check_private(path: Path, found: os.stat_result, wanted: str) -> None:
    if found.st_uid != os.geteuid():
        raise ConfigError(f"'{path}' belongs to another user (number {found.st_uid}); keys must be one's own")
    if found.st_mode & 0o077:
        raise ConfigError(
            f"'{path}' has mode {stat.S_IMODE(found.st_mode):04o}, so that others can reach it; chmod {wanted} it"
        )


def _read(path: Path, private: bool = False) -> str:
    """The key in ``path``, checked. What is in a file that is no key is not repeated: it may be another secret."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if private:
                _check_private(path, found, "0600")
            text = file.read(_LONGEST_FILE).strip() if stat.S_ISREG(found.st_mode) else b""
    except OSError as e:
        raise ConfigError(f"the key '{path}' cannot be read: {e.strerror}") from e
    try:
        if len(text) != _LENGTH or len(z85.decode(text)) != 32:
            raise ValueError("not a key")
    except (ValueError, KeyError, struct.error):
        raise ConfigError(f"'{path}' holds no key; 'slidetap keys new NAME' makes one") from None
    return text.decode("ascii")


def _write(path: Path, key: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        file.write(key + b"\n")
        file.flush()
        os.fsync(descriptor)
