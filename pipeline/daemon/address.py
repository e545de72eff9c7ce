"""Where a daemon's control socket lies, and which daemons there are. For both ends.

The folder is 0700 and the daemon's own, the socket 0600. A lock beside the socket says whether its owner lives: the
kernel lets go of it with the process, however that ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from pipeline.config import PipelineConfig
from pipeline.errors import ConfigError, ResourceError, ServiceError

_LONGEST = 107  # bytes that fit into sockaddr_un.sun_path, its final zero left out
_SUFFIX = ".sock"
_SYSTEM = Path("/run/slidetap")


def folders(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Where sockets may lie for this user, the best place first."""
    places = [Path(given) for given in environment.get("RUNTIME_DIRECTORY", "").split(":") if given]  # systemd's
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        places.append(Path(runtime) / "slidetap")
    if os.getuid() == 0 or _ours(_SYSTEM):
        places.append(_SYSTEM)
    places.append(Path(tempfile.gettempdir()) / f"slidetap-{os.getuid()}")
    return list(dict.fromkeys(places))


def make(config: PipelineConfig, environment: Mapping[str, str] = os.environ) -> Path:
    """The path of the daemon's socket, in a folder that exists. Raises ConfigError or ResourceError."""
    if config.service is not None and config.service.socket:
        path = checked(Path(config.service.socket))
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as e:
            raise ResourceError(f"the folder of the control socket '{path}' cannot be made: {e.strerror}") from e
        return path
    refusals = []
    for folder in folders(environment):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as e:
            refusals.append(f"{folder}: {e.strerror}")
            continue
        if _ours(folder):
            return checked(folder / f"{quote(config.name, safe='') or '_'}{_SUFFIX}")
        refusals.append(f"{folder}: it must be a folder of this user, with mode 0700")
    raise ResourceError(
        "there is no place for the control socket; set socket = ... in [service]: " + "; ".join(refusals)
    )


def find(name: str = "", environment: Mapping[str, str] = os.environ) -> Path:
    """The socket of the daemon called ``name``, or of the only one there is. Raises ServiceError or ConfigError."""
    running = {unquote(path.stem): path for path in reversed(_running(environment))}
    if name:
        if name not in running:
            others = f"; running: {', '.join(sorted(running))}" if running else ""
            raise ServiceError(f"no daemon called '{name}' runs{others}")
        return running[name]
    if not running:
        raise ServiceError("no daemon runs; 'slidetap run CONFIG' with a [service] table starts one")
    if len(running) > 1:
        raise ConfigError(f"several daemons run, name one of them: {', '.join(sorted(running))}")
    return next(iter(running.values()))


def checked(path: Path) -> Path:
    """``path``, if a socket may have it. Raises ConfigError."""
    length = len(os.fsencode(path))
    if length > _LONGEST:
        raise ConfigError(
            f"the control socket '{path}' has {length} bytes, and {_LONGEST} are possible; "
            f"set a shorter socket = ... in [service]"
        )
    return path


def lock(path: Path) -> int:
    """A descriptor that holds the lock of this socket. Raises ServiceError if its owner lives, ResourceError."""
    beside = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as e:
        raise ResourceError(f"the lock of the control socket '{beside}' cannot be opened: {e.strerror}") from e
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = not alive(path)
    except OSError:
        free = False
    if not free:
        os.close(descriptor)
        raise ServiceError(f"it is already running: a daemon answers at '{path}'; 'slidetap status' shows it")
    return descriptor


def alive(path: Path) -> bool:
    """Whether somebody listens at this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True  # so busy that it accepts nobody
        except OSError:
            return False
    return True


def _running(environment: Mapping[str, str]) -> list[Path]:
    found: list[Path] = []
    for folder in folders(environment):
        if folder.parent == Path(tempfile.gettempdir()) and not _ours(folder):
            continue  # anybody can make it there, and would be taken for the daemon
        with contextlib.suppress(OSError):
            found += sorted(path for path in folder.glob(f"*{_SUFFIX}") if path.is_socket() and alive(path))
    return found


def _ours(folder: Path) -> bool:
    """Whether it is a real folder of this user that nobody else can look into."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
