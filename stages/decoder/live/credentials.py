"""User names and passwords: where they come from, how they get into a URL, and how a URL is shown without them.

Everything that may be read by a person goes through ``shown`` or ``scrubbed``. Nothing here opens anything.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from pipeline.errors import ConfigError

_MOST_BYTES = 4096
_SHORTEST_SECRET = 3  # scrubbing "a" from every message would leave none of it
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>[^\s'\"<>]*)")
# Some cameras take user and password as a part of the path: /user=admin&password=secret&channel=1.sdp
_IN_PATH = re.compile(r"(?i)\b(user(?:name)?|pass(?:word|wd)?|pwd|token|key|secret|auth)=[^/?#]*")


def parted(url: str) -> tuple[str, str, str]:
    """``scheme``, user info (without the ``@``) and the rest of a URL, split as FFmpeg does: at the last ``@``."""
    scheme, _, rest = url.partition("://")
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    at = rest.rfind("@", 0, end)
    return scheme, rest[: max(0, at)], rest[at + 1 :]


def shown(url: str) -> str:
    """``url`` as it may be shown: without user info, query, fragment, and what a path says of a password."""
    return _URL.sub(_shown, url)


def _shown(match: re.Match[str]) -> str:
    rest = match["rest"]
    # A password with an unescaped '/' makes the '@' come late: rather hide the host than show the password.
    rest = rest[rest.rfind("@") + 1 :]
    rest, mark, _ = rest.partition("?")
    rest, hash_, _ = rest.partition("#")
    rest = _IN_PATH.sub(r"\1=***", rest)
    return f"{match['scheme']}://{rest}{'?***' if mark else ''}{'#***' if hash_ else ''}"


def secrets_of(url: str) -> frozenset[str]:
    """What must not be seen of ``url``: user info and the values of its query, as written and decoded."""
    _, info, rest = parted(url)
    user, _, password = info.partition(":")
    found = {info, user, password}
    query = rest.partition("?")[2]
    for pair in re.split("[&;]", query):
        found.add(pair.partition("=")[2] or pair)
    found |= {unquote(text) for text in found}
    found |= {quote(text, safe="") for text in found}
    return frozenset(text for text in found if len(text) >= _SHORTEST_SECRET)


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """``text`` on one line, URLs as they may be shown, and every one of ``secrets`` replaced."""
    text = shown(" ".join(text.split()))
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def with_credentials(url: str, where: str, environ: Mapping[str, str]) -> str:
    """``url`` with the user and password found at ``where``: ``env:NAME`` or ``file:/path``; unchanged if it is empty.

    Raises ConfigError, which never repeats what it found.
    """
    if not where:
        return url
    kind, _, name = where.partition(":")
    if kind == "env" and name:
        if name not in environ:
            raise ConfigError(f"property 'credentials': the environment has no variable '{name}'")
        text = environ[name]
    elif kind == "file" and name:
        text = _from_file(name)
    else:  # what stands there may be the password itself
        raise ConfigError("property 'credentials' must be env:NAME or file:/path; it is neither")
    user, colon, password = text.rstrip("\r\n").partition(":")
    if not user or not colon or "\n" in password:
        raise ConfigError(f"property 'credentials': {kind} '{name}' must hold one line, user:password")
    scheme, _, rest = parted(url)
    user, password = (quote(text, safe="", errors="surrogateescape") for text in (user, password))  # of any encoding
    return f"{scheme}://{user}:{password}@{rest}"


def _from_file(name: str) -> str:
    try:
        with open(name, "rb", opener=_plainly) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise ConfigError(f"property 'credentials': '{name}' is no regular file")
            if found.st_mode & 0o077:
                raise ConfigError(f"property 'credentials': '{name}' may be read by others; chmod 600 it")
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as e:
        why = e.strerror if isinstance(e, OSError) else "that is no file name"
        raise ConfigError(f"property 'credentials': cannot read '{name}': {why}") from None
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"property 'credentials': '{name}' has over {_MOST_BYTES} bytes; it must hold user:password")
    return data.decode("utf-8", "surrogateescape")


def _plainly(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO in its place must not hang the stage
