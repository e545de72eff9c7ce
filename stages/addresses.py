"""What a video on the command line is, told from its address: a file, the web, a camera; and whether a secret is in it.

Nothing here opens anything, and no address is repeated with what is secret in it.
"""

from __future__ import annotations

import re
from pathlib import Path

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CAMERAS = ("rtsp", "rtsps", "v4l2")
# Some cameras take user and password as a part of the path: /user=admin&password=secret&channel=1.sdp
_SECRET_WORD = re.compile(r"(?i)(^|[^a-z])(user(name)?|pass(word|wd)?|pwd|token|key|secret|auth|sig(nature)?)=")


def is_url(video: str) -> bool:
    """Whether it has a scheme; file:// counts."""
    return _SCHEME.match(video) is not None


def is_camera(video: str) -> bool:
    """Whether its scheme alone says that it goes on by itself; a web stream may be either."""
    scheme = _SCHEME.match(video)
    return scheme is not None and scheme[1].lower() in _CAMERAS


def has_secret(video: str) -> bool:
    """Whether it holds what may be a password."""
    if "://" not in video:
        return False
    return _has_user(video) or _SECRET_WORD.search(video.partition("://")[2]) is not None


def shown(video: str) -> str:
    """As it may be written down: as it is, or nothing if there is a secret in it."""
    return "" if has_secret(video) else video


def stem(video: str) -> str:
    """``talk`` of ``a/talk.mp4`` and of ``http://host/talk.mp4?x=1``; of a URL without a path its host; or empty."""
    if "://" not in video:
        return Path(video).stem
    name = Path(_location(video).partition("/")[2]).stem
    return _host(video) if not name or "=" in name or "@" in name else name


def _has_user(video: str) -> bool:
    rest = _location(video)
    authority = rest.partition("/")[0]
    # A password with an unescaped '/' makes the '@' come late; what stands before that is no port then.
    _, colon, port = authority.partition(":")
    return "@" in authority or (bool(colon) and not port.isdecimal() and "@" in rest)


def _host(video: str) -> str:
    rest = _location(video)
    return rest[rest.rfind("@") + 1 :].partition("/")[0].partition(":")[0]


def _location(video: str) -> str:
    return re.split(r"[?#]", video.partition("://")[2])[0]
