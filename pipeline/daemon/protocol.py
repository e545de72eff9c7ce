"""What is said over the control socket: one JSON object a line, and one for the answer. Pure; bounded; no pickle.

``{"command": "mark", "arguments": {"text": "break"}}`` is answered by ``{"ok": true, ...}`` or by ``{"ok": false,
"error": "...", "exit_code": 78}``. Arguments are texts, numbers, true, false or null; nothing is nested.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from pipeline.errors import ConfigError, ExitCode, PipelineError, ServiceError, WireError
from pipeline.frame import Meta

MAX_REQUEST_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 1024 * 1024
_COMMAND = re.compile(r"[a-z][a-z-]{0,31}")
_FAILURES = frozenset(code.value for code in ExitCode) - {ExitCode.OK}
_LARGEST_INTEGER = 2**63 - 1  # as SQLite and everybody else has it

Plain: TypeAlias = "None | bool | int | float | str | list[Plain] | dict[str, Plain]"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants of the daemon."""

    command: str
    arguments: Meta = field(default_factory=dict)


def encode_request(request: Request) -> bytes:
    """As a line. Raises ConfigError if it is too long to be heard."""
    line = _line({"command": request.command, "arguments": plain(request.arguments)})
    if len(line) > MAX_REQUEST_BYTES:
        raise ConfigError(f"'{request.command}' with {len(line)} bytes is too long; {MAX_REQUEST_BYTES} are read")
    return line


def decode_request(line: bytes) -> Request:
    """A line without its end. Raises WireError that says what is wrong with it."""
    document = _document(line)
    command = document.get("command")
    if not isinstance(command, str) or not _COMMAND.fullmatch(command):
        raise WireError('a request is {"command": "...", "arguments": {...}}, and a command is a lower-case word')
    arguments = document.get("arguments", {})
    if not isinstance(arguments, dict):
        raise WireError(f"the arguments of '{command}' must be an object")
    for key in document:
        if key not in ("command", "arguments"):
            raise WireError(f"unknown key '{key[:40]}' in a request; it has: command, arguments")
    return Request(command, {key: _scalar(key, value) for key, value in arguments.items()})


def encode_answer(told: Mapping[str, object]) -> bytes:
    """What was done, as a line."""
    line = _line(plain(told) | {"ok": True})
    if len(line) > MAX_ANSWER_BYTES:
        return encode_refusal(
            ServiceError(f"the answer has {len(line)} bytes, more than the {MAX_ANSWER_BYTES} allowed")
        )
    return line


def encode_refusal(error: PipelineError) -> bytes:
    """Why it was not done, as a line."""
    return _line({"ok": False, "error": str(error), "exit_code": int(error.exit_code)})


def decode_answer(line: bytes) -> dict[str, Plain]:
    """What the daemon answered. Raises WireError for what is no answer, else the error that the daemon told."""
    document = _document(line)
    if document.pop("ok", None) is True:
        return document
    text, code = document.get("error"), document.get("exit_code")
    if not isinstance(text, str) or not isinstance(code, int) or code not in _FAILURES:
        raise WireError("the daemon's answer is none; is it of another version?")
    error = PipelineError(text)
    error.exit_code = ExitCode(code)
    raise error


def plain(told: Mapping[str, object]) -> dict[str, Plain]:
    """As JSON has it: what is not finite becomes null, what has no JSON its length or its name."""
    return {str(key): _plain(value) for key, value in told.items()}


def _plain(value: object) -> Plain:
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)  # enumerations of texts are texts
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return f"{len(value)} bytes"
        case Mapping():
            return plain(value)
        case Sequence():
            return [_plain(inner) for inner in value]
    return str(value)


def _line(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _document(line: bytes) -> dict[str, Plain]:
    try:
        document = json.loads(line.decode(), parse_constant=_refuse)
        # Half of a surrogate pair can be written in JSON but stands for no text: nothing could keep it.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as e:  # no UTF-8, no JSON, a number of 5000 digits, 60000 brackets
        raise WireError("what arrived is no JSON object on a line of its own") from e
    if not isinstance(document, dict):
        raise WireError("what arrived is JSON, but no object")
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _scalar(key: str, value: Plain) -> None | bool | int | float | str:
    if isinstance(value, list | dict):
        raise WireError(f"argument '{key[:40]}' is nested; write a text, a number, true, false or null")
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        raise WireError(f"argument '{key[:40]}' is too large a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise WireError(f"argument '{key[:40]}' is too large a number")
    return value
