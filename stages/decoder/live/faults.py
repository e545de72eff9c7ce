"""Why a connection is not there: FFmpeg's errors sorted by what to do about them, in words without the URL.

PyAV's exceptions hold the URL with its password, so none is chained: a ``Fault`` has only text that may be shown.
"""

from __future__ import annotations

import enum

import av.error


class Kind(enum.StrEnum):
    """NETWORK: comes and goes. AUTH, ADDRESS: a person must act, so ask seldom. CONFIG: asking again is no use."""

    NETWORK = "network"
    AUTH = "auth"
    ADDRESS = "address"
    CONFIG = "config"


class Fault(Exception):
    """A connection could not be made, or has ended."""

    def __init__(self, kind: Kind, why: str, reason: str = "lost", unsaid: bool = False) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why
        self.reason = reason  # a short fixed word, for the GAP
        self.unsaid = unsaid  # it was opened, but no picture came in time to say what the stream is
        self.stale = 0  # packets that FFmpeg gave out only because it gave up


_AUTH = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)
_ADDRESS = (
    av.error.HTTPNotFoundError,
    av.error.HTTPBadRequestError,
    av.error.ProtocolNotFoundError,
    av.error.DemuxerNotFoundError,
    av.error.OptionNotFoundError,
    av.error.FileNotFoundError,
    av.error.ArgumentError,
    av.error.InvalidDataError,
)
_TIMED_OUT = (av.error.ExitError, av.error.TimeoutError)


def opening_fault(error: Exception, limit_s: float) -> Fault:
    """The fault behind an ``error`` of av.open()."""
    if isinstance(error, _TIMED_OUT):
        return Fault(Kind.NETWORK, f"no answer within {limit_s:g} s")
    if isinstance(error, _AUTH):
        return Fault(Kind.AUTH, "the server refuses the user or the password")
    if isinstance(error, av.error.ConnectionRefusedError):
        return Fault(Kind.NETWORK, "connection refused")
    kind = Kind.ADDRESS if isinstance(error, _ADDRESS) else Kind.NETWORK
    return Fault(kind, f"cannot be opened: {_words(error)}")


def reading_fault(error: Exception) -> Fault:
    """The fault behind an ``error`` of demux()."""
    if isinstance(error, _TIMED_OUT):
        return Fault(Kind.NETWORK, "no packets within the read timeout", "stalled")
    return Fault(Kind.NETWORK, f"reading failed: {_words(error)}")


def _words(error: Exception) -> str:
    if isinstance(error, av.error.FFmpegError) and error.strerror:
        return error.strerror
    return type(error).__name__
