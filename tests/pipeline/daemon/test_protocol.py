"""What is said over the control socket, by friends and by others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.daemon.protocol import (
    MAX_ANSWER_BYTES,
    MAX_REQUEST_BYTES,
    Request,
    decode_answer,
    decode_request,
    encode_answer,
    encode_refusal,
    encode_request,
)
from pipeline.errors import ConfigError, ExitCode, PipelineError, ServiceError, WireError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | TEXTS
ARGUMENTS = st.dictionaries(TEXTS, SCALARS | st.floats(allow_nan=False, allow_infinity=False), max_size=5)
ANYTHING = st.recursive(
    SCALARS | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)


@given(st.from_regex(r"[a-z][a-z-]{0,31}", fullmatch=True), ARGUMENTS)
def test_a_request_arrives_as_it_was_sent(command: str, arguments: dict[str, str | int | float | None]) -> None:
    line = encode_request(Request(command, arguments))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_request(line[:-1]) == Request(command, arguments)


@given(st.binary(max_size=300) | ANYTHING.map(lambda document: json.dumps(document).encode()))
def test_any_bytes_are_a_request_or_a_wire_error(line: bytes) -> None:
    try:
        assert isinstance(decode_request(line), Request)
    except WireError as e:
        assert str(e)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"", "no JSON"),
        (b"[" * 60_000, "no JSON"),
        (b"9" * 6000, "no JSON"),
        (b"\xff{}", "no JSON"),
        (b"[]", "no object"),
        (b"{}", "a request is"),
        (b'{"command": "Status"}', "a request is"),
        (b'{"command": "../status"}', "a request is"),
        (b'{"command": "status", "arguments": []}', "must be an object"),
        (b'{"command": "status", "argument": {}}', "unknown key 'argument'"),
        (b'{"command": "mark", "arguments": {"text": ["a"]}}', "'text' is nested"),
        (b'{"command": "mark", "arguments": {"text": NaN}}', "no JSON"),
        (b'{"command": "mark", "arguments": {"at": 1e999}}', "no JSON|too large"),
        (b'{"command": "mark", "arguments": {"at": 99999999999999999999}}', "too large"),
        (b'{"command": "mark", "arguments": {"text": "\\ud800"}}', "no JSON"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(line: bytes, problem: str) -> None:
    with pytest.raises(WireError, match=problem):
        decode_request(line)


def test_a_request_too_long_to_be_heard_is_not_sent() -> None:
    with pytest.raises(ConfigError, match="too long"):
        encode_request(Request("mark", {"text": "x" * MAX_REQUEST_BYTES}))


@given(st.dictionaries(TEXTS, ANYTHING, max_size=5))
def test_any_answer_is_one_line_of_json_that_can_be_read(told: dict[str, object]) -> None:
    line = encode_answer(told)
    assert line.count(b"\n") == 1
    assert json.loads(line)["ok"] is True
    decode_answer(line[:-1])


def test_what_json_has_no_word_for_is_still_told() -> None:
    line = encode_answer({"lag": float("nan"), "data": b"\x00\x01", "code": ExitCode.DATA, "more": (1, {"a": b""})})
    assert decode_answer(line) == {"lag": None, "data": "2 bytes", "code": 65, "more": [1, {"a": "0 bytes"}]}


def test_an_answer_without_end_becomes_a_refusal() -> None:
    line = encode_answer({"text": "x" * MAX_ANSWER_BYTES})
    assert len(line) < 1000
    with pytest.raises(PipelineError, match="more than"):
        decode_answer(line)


def test_a_refusal_comes_back_as_an_error_with_its_exit_code() -> None:
    with pytest.raises(PipelineError, match="no lecture is open") as raised:
        decode_answer(encode_refusal(ServiceError("no lecture is open")))
    assert raised.value.exit_code is ExitCode.UNAVAILABLE


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"<html>",
        b'{"ok": 1}',
        b'{"ok": false}',
        b'{"ok": false, "error": "x", "exit_code": 0}',
        b'{"ok": false, "error": "x", "exit_code": 9999}',
        b'{"ok": false, "error": 1, "exit_code": 70}',
    ],
)
def test_an_answer_that_is_none_is_a_wire_error(line: bytes) -> None:
    with pytest.raises(WireError):
        decode_answer(line)
