"""Calls: what a service and its callers send each other comes out as it went in, or is refused."""

from __future__ import annotations

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.call import Call
from pipeline.errors import WireError
from pipeline.wire import VERSION, decode_call, encode_call, encode_hello

PLANE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
CALL = Call("ask", 7, {"text": "a", "list": [1, 2.5, None]}, (PLANE, PLANE[:, :, 0]))


def header(**fields: object) -> bytes:
    body = {"v": VERSION, "t": "call", "n": 7, "kind": "ask", "data": {}, "planes": [[2, 4, 3]]}
    packed: bytes = msgpack.packb(body | fields)
    return packed


def test_a_call_comes_out_as_it_went_in() -> None:
    came = decode_call(encode_call(CALL))
    assert (came.kind, came.number, came.data) == ("ask", 7, CALL.data)
    for one, other in zip(came.planes, CALL.planes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_call_needs_no_planes() -> None:
    assert decode_call(encode_call(Call("hello"))) == Call("hello")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"v": 2}, "wire version 2"),
        ({"t": "frame"}, "'frame' where a call was expected"),
        ({"n": -1}, "field 'n'"),
        ({"n": True}, "field 'n'"),
        ({"n": 1 << 64 - 1}, "field 'n'"),
        ({"kind": None}, "field 'kind'"),
        ({"data": []}, "field 'data'"),
        ({"data": {1: 2}}, "not a msgpack header"),
        ({"planes": [[2, 4]]}, "in 24 bytes"),
        ({"planes": [[2, 4, 3], [1]]}, "1 raw parts where the header says 2"),
        ({"planes": [[0, 4, 3]]}, "no valid shape"),
        ({"planes": [[1 << 20, 1 << 20]]}, "no valid shape"),
        ({"planes": [[1]] * 5}, "field 'planes'"),
        ({"planes": None}, "field 'planes'"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], wrong: str) -> None:
    with pytest.raises(WireError, match=wrong):
        decode_call([header(**fields), bytes(24)])


@pytest.mark.parametrize("parts", [[], [header()] * 7, [header()], [encode_hello("a-b")]])
def test_other_parts_than_a_calls_are_refused(parts: list[bytes]) -> None:
    with pytest.raises(WireError):
        decode_call(parts)


@pytest.mark.parametrize(
    "call",
    [
        Call("ask", 1, {"what": object()}),  # type: ignore[dict-item]
        Call("ask", 1, {}, (PLANE,) * 5),
        Call("ask", 1, {}, (PLANE.astype(np.float32),)),  # type: ignore[arg-type]
        Call("ask", 1, {}, (np.zeros((2, 2, 9), np.uint8),)),
    ],
)
def test_what_the_far_end_would_refuse_is_not_sent(call: Call) -> None:
    with pytest.raises(WireError):
        encode_call(call)


@given(st.lists(st.binary(max_size=64), max_size=6))
def test_whatever_comes_is_a_call_or_a_wire_error(parts: list[bytes]) -> None:
    try:
        decode_call(parts)
    except WireError:
        pass


@given(st.integers(0, 60), st.integers(0, 255))
def test_a_header_with_one_byte_changed_is_a_call_or_a_wire_error(at: int, value: int) -> None:
    changed = bytearray(header())
    changed[at % len(changed)] = value
    try:
        decode_call([bytes(changed), bytes(24)])
    except WireError:
        pass
