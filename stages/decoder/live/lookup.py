"""A camera's name is looked up before FFmpeg does it: there it may take longer than any deadline, and nothing ends it.

Where the name servers are away with the rest of the network, a thread that FFmpeg does not give back would have the
stage killed again and again, and given up. The reading thread alone uses it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from stages.decoder.live.credentials import parted
from stages.decoder.live.faults import Fault, Kind
from stages.decoder.live.source import Endpoint, Scheme

LONGEST_S = 300.0  # three servers, two attempts of 5 s each, for the name and for what stands behind it in six domains
_PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def look_up(endpoint: Endpoint, environ: Mapping[str, str] = os.environ) -> None:
    """Raises Fault if the host has no address now."""
    is_web = endpoint.scheme is Scheme.HTTP
    if not (is_web or endpoint.scheme is Scheme.RTSP) or (is_web and any(name in environ for name in _PROXIES)):
        return
    try:
        socket.getaddrinfo(os.fsencode(_host(endpoint.url)), None, type=socket.SOCK_STREAM)  # as bytes, as FFmpeg asks
    except (OSError, ValueError) as e:
        why = e.strerror if isinstance(e, OSError) and e.strerror else "it is no name of a host"
        raise Fault(Kind.NETWORK, f"its host is not found: {why}") from None


def _host(url: str) -> str:
    """Of a URL, whatever else is in it."""
    rest = parted(url)[2]
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    where = rest[:end]
    if where.startswith("["):
        return where[1:].partition("]")[0]
    return where.partition(":")[0]
