"""What a uri stands for: which protocol, what FFmpeg is to be given, and what it may touch while it opens it.

Made anew for every attempt to connect: devices are renumbered when they are plugged in again, passwords change.
Files are not its business.
"""

from __future__ import annotations

import enum
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import ConfigError, SourceError
from stages.decoder.live.credentials import parted, secrets_of, shown, with_credentials
from stages.decoder.properties import DecoderProperties

TEST_INPUTS = "SLIDETAP_TEST_INPUTS"  # set to 1, it allows lavfi: sources
SEGMENT_WAIT_S = 20.0  # HLS brings packets by the segment; until the next one is out there are none
_SCHEME = re.compile(r"(rtsps?|https?|v4l2)://|(lavfi):", re.IGNORECASE)
_PLAYLIST = re.compile(r"\.m3u8($|[?#])", re.IGNORECASE)
_WEB = "http,https,tls,tcp,crypto"
# What a URL, or a playlist behind it, may make FFmpeg open. Never 'file': it would read this machine's files.
_PROTOCOLS = {"rtsp": "rtsp,rtp,udp,tcp", "rtsps": "rtsp,rtp,udp,tcp,tls", "http": _WEB, "https": _WEB}
# 0.2 s to open a camera instead of 1.9 s with FFmpeg's own values
_RTSP_PROBE = {"analyzeduration": "100000", "probesize": "50000"}
_WEB_PROBE = {"analyzeduration": "1000000"}  # FFmpeg's own 5 s are 5 s of a live stream that nobody sees
_V4L2_FORMATS = ("h264", "mjpeg", "")  # what a camera has compressed can be recorded as it is; "" is raw


_LONG_PROBE = "5000000"  # bytes, which is FFmpeg's own
_DEADLINES = ("timeout", "rw_timeout")  # of FFmpeg's protocols, in us


class Scheme(enum.StrEnum):
    RTSP = "rtsp"
    HTTP = "http"
    V4L2 = "v4l2"
    LAVFI = "lavfi"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What to open. ``tries``: options of FFmpeg, the best first. ``url`` may hold a password: show ``shown`` instead.

    ``realtime``: packets come as they are made; a playlist's come by the segment.
    """

    scheme: Scheme
    url: str = field(repr=False)
    shown: str
    format: str | None
    tries: tuple[Mapping[str, str], ...] = field(repr=False)
    open_timeout_s: float
    read_timeout_s: float
    realtime: bool
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def patient(self, times: int) -> Endpoint:
        """The same, with so many times as long to open, and all of that to find out what the stream is like."""
        if times == 1:
            return self
        seconds = self.open_timeout_s * times
        probe = {"analyzeduration": _us(seconds), "probesize": _LONG_PROBE}
        tries = tuple(
            {**options, **probe, **{key: _us(seconds) for key in _DEADLINES if key in options}}
            for options in self.tries
        )
        return replace(self, tries=tries, open_timeout_s=seconds)


def scheme_of(uri: str) -> Scheme | None:
    """What kind of live source, or what may be one, ``uri`` names; None: a file."""
    match = _SCHEME.match(uri)
    if match is None:
        return None
    return Scheme((match[1] or match[2]).lower().removesuffix("s") if match[1] else "lavfi")


def endpoint(properties: DecoderProperties, environ: Mapping[str, str]) -> Endpoint:
    """Raises ConfigError for properties that make no sense."""
    scheme = scheme_of(properties.uri)
    assert scheme is not None, "files are opened elsewhere"
    if properties.credentials and scheme not in (Scheme.RTSP, Scheme.HTTP):
        raise ConfigError(f"property 'credentials': a {scheme} source asks for none; leave it out")
    if scheme is Scheme.V4L2:
        return _device(properties)
    if scheme is Scheme.LAVFI:
        return _test_input(properties, environ)
    return _network(properties, scheme, environ)


def _network(p: DecoderProperties, scheme: Scheme, environ: Mapping[str, str]) -> Endpoint:
    url = with_credentials(p.uri, p.credentials, environ)
    prefix, colon, rest = url.partition("://")
    prefix = prefix.lower()
    url = prefix + colon + rest
    if not parted(url)[2].split("/")[0].strip(":"):
        raise ConfigError(f"property 'uri': '{shown(url)}' names no host")
    options = {"protocol_whitelist": _PROTOCOLS[prefix]}
    read_timeout_s = p.read_timeout
    realtime = True
    if scheme is Scheme.RTSP:
        options |= {**_RTSP_PROBE, "rtsp_transport": p.transport, "timeout": _us(p.open_timeout)}
    else:
        options |= {**_WEB_PROBE, "rw_timeout": _us(p.open_timeout)}
        if _PLAYLIST.search(rest):
            read_timeout_s = max(read_timeout_s, SEGMENT_WAIT_S)
            realtime = False
    secrets = secrets_of(url)
    return Endpoint(
        scheme, url, shown(url), None, (options,), p.open_timeout, read_timeout_s, realtime, frozenset(secrets)
    )


def _device(p: DecoderProperties) -> Endpoint:
    named = "/" + p.uri.partition("://")[2].lstrip("/")
    common = {}
    if p.size:
        common["video_size"] = p.size
    if p.framerate:
        common["framerate"] = f"{p.framerate:g}"
    formats = (p.input_format,) if p.input_format else _V4L2_FORMATS
    tries = tuple({**common, **({"input_format": name} if name else {})} for name in formats)
    return Endpoint(Scheme.V4L2, named, f"v4l2://{named}", "v4l2", tries, p.open_timeout, p.read_timeout, True)


def device(named: str) -> str:
    """The device that ``named`` stands for now: a by-id path is a link, to another number after each replug.

    Raises SourceError.
    """
    try:
        path = os.path.realpath(named, strict=True)
        mode = os.stat(path).st_mode
    except OSError as e:
        raise SourceError(f"camera '{named}' is not there: {e.strerror}") from None
    except ValueError:
        raise SourceError(f"camera {named!r}: that is no file name") from None
    if not stat.S_ISCHR(mode):
        raise SourceError(f"'{named}' is no camera device; give v4l2:///dev/video0 or a path under /dev/v4l/by-id")
    return path


def _test_input(p: DecoderProperties, environ: Mapping[str, str]) -> Endpoint:
    if environ.get(TEST_INPUTS) != "1":
        raise ConfigError(f"property 'uri': lavfi: sources are for tests; set {TEST_INPUTS}=1 to allow them")
    graph = p.uri.partition(":")[2]
    if "realtime" not in graph and ";" not in graph:
        graph += ",realtime"
    return Endpoint(Scheme.LAVFI, graph, p.uri, "lavfi", ({},), p.open_timeout, p.read_timeout, True)


def _us(seconds: float) -> str:
    return str(round(seconds * 1_000_000))
