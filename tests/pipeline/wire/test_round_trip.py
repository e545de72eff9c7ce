"""Everything comes back as it was; what the far end would refuse is not sent."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from travellers import CAPS, items, messages, plane, same

from pipeline import planes, wire
from pipeline.errors import WireError
from pipeline.frame import Event, EventKind, Frame, Layout, Ticket
from pipeline.messages import BusMessage, Element
from pipeline.wire import (
    MAX_MORE,
    decode_control,
    decode_item,
    decode_message,
    encode_ack,
    encode_hello,
    encode_item,
    encode_message,
)

FRAME = Frame(7, 40, CAPS, (plane((6, 8)),), Ticket("pool-decoder-1", 3, 8, Layout("yuv420p", 5, 3)), {"percent": 0.5})


@given(st.integers(0, 2**63 - 1), items)
def test_an_item_comes_back_as_it_was(number: int, item: Frame | Event) -> None:
    again, came = decode_item(encode_item(number, item), CAPS)
    assert again == number
    assert same(came, item)


@given(messages)
def test_a_bus_message_comes_back_as_it_was(message: BusMessage) -> None:
    assert decode_message(encode_message(message)) == message


def test_link_control_comes_back_as_it_was() -> None:
    assert decode_control(encode_hello("a-b"), "a-b") == ("hello", ())
    assert decode_control(encode_ack(2**63 - 1), "a-b") == ("ack", (2**63 - 1,))
    many = tuple(range(5, 5 + 1 + MAX_MORE))
    assert decode_control(encode_ack(*many), "a-b") == ("ack", many)


def test_strided_planes_arrive_packed() -> None:
    wide = plane((6, 16))
    turned = replace(FRAME, planes=(wide[:, ::2], wide.T, plane((6, 8, 3))[..., ::-1]))
    _, came = decode_item(encode_item(1, turned), CAPS)
    assert same(came, turned)


def test_planes_that_arrive_cannot_be_written() -> None:
    _, came = decode_item([bytes(part) for part in encode_item(1, FRAME)], CAPS)
    assert isinstance(came, Frame) and not came.planes[0].flags.writeable


def test_a_frame_gets_the_caps_of_its_link() -> None:
    other = replace(CAPS, media="video/motion")
    _, came = decode_item(encode_item(1, FRAME), other)
    assert isinstance(came, Frame) and came.caps is other


def test_the_supervisor_can_speak_on_the_bus_without_numpy() -> None:
    script = "import sys, pipeline.wire as w, pipeline.messages as m; w.decode_message(w.encode_message(m.Drain())); "
    subprocess.run([sys.executable, "-c", script + "sys.exit('numpy' in sys.modules)"], check=True)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (replace(FRAME, planes=(np.zeros((6, 8), np.float32),)), "float32.*convert it to uint8"),
        (replace(FRAME, planes=(np.zeros((6, 8), bool),)), "bool.*convert it to uint8"),
        (replace(FRAME, planes=(np.zeros((0, 8), np.uint8),)), r"shape \(0, 8\)"),
        (replace(FRAME, planes=(np.zeros(0, np.uint8),)), r"shape \(0,\)"),
        (replace(FRAME, planes=(np.zeros((1, 2, 5), np.uint8),)), r"shape \(1, 2, 5\)"),
        (replace(FRAME, planes=(np.zeros((1, 16385), np.uint8),)), r"shape \(1, 16385\)"),
        (replace(FRAME, planes=(plane((2, 2)),) * 5), "5 planes; at most 4"),
        (replace(FRAME, meta={"x": np.int64(3)}), "plain values only"),  # type: ignore[dict-item]
        (replace(FRAME, meta={"x": {1, 2}}), "plain values only"),  # type: ignore[dict-item]
        (replace(FRAME, meta={"x": datetime.now(UTC)}), "plain values only"),  # type: ignore[dict-item]
        (replace(FRAME, meta={"x": 2**64}), "plain values only"),
        (replace(FRAME, meta={"x": "\ud800"}), "plain values only"),
        (replace(FRAME, meta={"x": b"x" * (1 << 20)}), "at most 1048576 are allowed"),
        (Event(EventKind.GAP, data={"x": object()}), "plain values only"),  # type: ignore[dict-item]
    ],
)
def test_what_the_far_end_would_refuse_is_not_sent(item: Frame | Event, words: str) -> None:
    with pytest.raises(WireError, match=words):
        encode_item(1, item)


def test_meta_that_contain_themselves_are_not_sent() -> None:
    loop: dict[str, object] = {}
    loop["loop"] = loop
    with pytest.raises(WireError, match="plain values only"):
        encode_item(1, replace(FRAME, meta=loop))  # type: ignore[arg-type]


def test_a_plane_over_the_limit_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planes, "MAX_PART_BYTES", 47)
    with pytest.raises(WireError, match="48 bytes is over the limit of 47; scale it down"):
        encode_item(1, FRAME)


def test_a_header_at_its_limit_passes_and_one_byte_more_does_not() -> None:
    spare = wire.MAX_HEADER_BYTES - len(encode_message(Element("s", "n", {"x": b"x" * 70_000}))) + 70_000
    assert len(encode_message(Element("s", "n", {"x": b"x" * spare}))) == wire.MAX_HEADER_BYTES
    with pytest.raises(WireError, match="at most 1048576"):
        encode_message(Element("s", "n", {"x": b"x" * (spare + 1)}))
