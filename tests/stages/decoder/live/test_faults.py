"""FFmpeg's errors sorted by what to do about them, in words without the URL."""

from __future__ import annotations

import av.error
import pytest

from stages.decoder.live.faults import Kind, opening_fault, reading_fault

URL = "rtsp://me:hunter2@cam/1"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (av.error.ExitError(1, "Immediate exit requested", URL), Kind.NETWORK, "no answer within 5 s"),
        (av.error.HTTPUnauthorizedError(1, "401", URL), Kind.AUTH, "refuses the user or the password"),
        (av.error.HTTPForbiddenError(1, "403", URL), Kind.AUTH, "refuses the user or the password"),
        (av.error.HTTPNotFoundError(1, "Server returned 404 Not Found", URL), Kind.ADDRESS, "404 Not Found"),
        (av.error.ConnectionRefusedError(111, "Connection refused", URL), Kind.NETWORK, "connection refused"),
        (av.error.OSError(5, "Input/output error", URL), Kind.NETWORK, "Input/output error"),
        (ValueError(URL), Kind.NETWORK, "ValueError"),
    ],
)
def test_an_error_of_opening_says_how_soon_to_try_again_and_no_password(
    error: Exception, kind: Kind, words: str
) -> None:
    fault = opening_fault(error, 5.0)
    assert fault.kind is kind
    assert words in fault.why
    assert "hunter2" not in fault.why


def test_a_read_that_took_too_long_is_a_stall_and_anything_else_a_loss() -> None:
    assert reading_fault(av.error.ExitError(1, "Immediate exit requested", URL)).reason == "stalled"
    broken = reading_fault(av.error.OSError(5, "Input/output error", URL))
    assert (broken.reason, broken.why) == ("lost", "reading failed: Input/output error")
