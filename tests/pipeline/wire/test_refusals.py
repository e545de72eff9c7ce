"""Whatever is not exactly one of our messages is refused, field by field, before any of it is used."""

from __future__ import annotations

from dataclasses import replace

import msgpack
import pytest
from travellers import CAPS, picture, plane, same

from pipeline import wire
from pipeline.errors import WireError
from pipeline.frame import Event, EventKind, Frame, Layout, Ticket
from pipeline.messages import Drain, Hello
from pipeline.wire import (
    MAX_MORE,
    VERSION,
    decode_control,
    decode_item,
    decode_message,
    encode_ack,
    encode_hello,
    encode_item,
    encode_message,
)

LAYOUT = Layout("yuv420p", 5, 3)
FRAME = Frame(7, 40, CAPS, (plane((6, 8)),), Ticket("pool-decoder-1", 3, 8, LAYOUT), {"percent": 0.5})
INLINE = replace(FRAME, image=picture(LAYOUT))


def header(item: Frame | Event = FRAME) -> dict[str, object]:
    unpacked: dict[str, object] = msgpack.unpackb(encode_item(1, item)[0])
    return unpacked


def changed(**fields: object) -> list[bytes]:
    """FRAME's parts with other header fields."""
    return [msgpack.packb(header() | fields), bytes(plane((6, 8)))]


def layout(**fields: object) -> list[object]:
    names = ("pix_fmt", "width", "height", "matrix", "full_range", "rotation", "sar")
    given = dict(zip(names, ["yuv420p", 5, 3, "bt709", False, 0, 1.0], strict=True)) | fields
    return list(given.values())


@pytest.mark.parametrize(
    "bomb",
    [
        b"",
        b"\xc1",  # never used in msgpack
        b"\x91" * 100_000,  # lists in lists
        b"\x81\xa1v" * 50_000,  # maps in maps
        b"\xdd\xff\xff\xff\xff",  # a list of 4 G entries
        b"\xdf\xff\xff\xff\xff",  # a map of 4 G entries
        b"\xdb\xff\xff\xff\xff",  # a text of 4 GB
        b"\xc6\xff\xff\xff\xff",  # bytes, 4 GB
        b"\xc9\xff\xff\xff\xff\x01",  # an extension of 4 GB
        b"\xc7\x00\x05",  # an empty extension
        b"\xd6\xff\x00\x00\x00\x00",  # a timestamp
        b"\xc7\x00\xff",  # an empty timestamp
        b"\x81\x01\x02",  # a key that is a number
        b"\x81\xc0\x02",  # a key that is nil
        b"\x81\x90\x02",  # a key that is a list
        b"\xa1\xff",  # not UTF-8
        b"\xc0\xc0",  # more than one value
        b"\x80",
        b"\x90",
        b"\x80" * (1 << 20) + b"\x80",  # over the limit of a header
        b"cos\nsystem\n(S'true'\ntR.",  # a pickle
        b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.",  # another
    ],
    ids=lambda bomb: bomb[:8].hex() or "nothing",
)
def test_bombs_are_refused_by_every_decoder(bomb: bytes) -> None:
    for decode in (lambda: decode_item([bomb], CAPS), lambda: decode_message(bomb), lambda: decode_control(bomb, "")):
        with pytest.raises(WireError):
            decode()


def test_an_extension_inside_meta_is_refused() -> None:
    for extension in (msgpack.ExtType(5, b""), msgpack.ExtType(5, b"abc"), msgpack.Timestamp(1, 2)):
        with pytest.raises(WireError):
            decode_item(changed(meta={"x": extension}), CAPS)


@pytest.mark.parametrize("version", [0, 2, -1, True, 1.0, "1", None])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(WireError, match="wire version|field 'v'"):
        decode_item(changed(v=version), CAPS)


def test_the_helper_of_these_tests_makes_valid_frames() -> None:
    assert same(decode_item(changed(), CAPS)[1], FRAME)
    assert decode_item(changed(image=[layout(), "pool-decoder-1", 3, 8]), CAPS)


@pytest.mark.parametrize("key", sorted(set(header()) - {"v"}))
def test_a_missing_field_is_named(key: str) -> None:
    rest = {name: value for name, value in header().items() if name != key}
    with pytest.raises(WireError, match=f"'{key}' is missing"):
        decode_item([msgpack.packb(rest), bytes(plane((6, 8)))], CAPS)


@pytest.mark.parametrize(
    "fields",
    [
        {"n": -1},
        {"n": True},
        {"n": 2**63},
        {"t": "Drain"},
        {"t": "x" * 5000},
        {"seq": -1},
        {"seq": False},
        {"seq": 1.0},
        {"pts": None},
        {"pts": float("nan")},
        {"pts": 2**63},
        {"epoch": -1},
        {"wall": -1},
        {"flags": 4},
        {"flags": -1},
        {"flags": True},
        {"meta": []},
        {"meta": None},
        {"meta": {b"x": 1}},
        {"meta": {"x": {3: 1}}},
        {"planes": [[6, 8, 1, 1]]},
        {"planes": [[6.0, 8]]},
        {"planes": [[6, 8, 1.0]]},
        {"planes": [[6, 8, True]]},
        {"planes": [[True, 48]]},
        {"planes": [[0]]},
        {"planes": [[(1 << 28) + 1]]},
        {"planes": [[]]},
        {"planes": [48]},
        {"planes": [[-6, -8]]},
        {"planes": [[6, 0]]},
        {"planes": [[6, 8], [6, 8]]},
        {"planes": []},
        {"planes": [[1, 16385]]},
        {"planes": [[16384, 16384]]},
        {"planes": [[1, 1]] * 5},
        {"planes": {}},
        {"planes": "68"},
        {"image": []},
        {"image": "pool-decoder-1"},
        {"image": [layout()]},  # inline, but its planes did not come
        {"image": [layout(), "p", 0]},
        {"image": [layout(), "p", -1, 2]},
        {"image": [layout(), "p", True, 2]},
        {"image": [layout(), "p", 0, -2]},
        {"image": [layout(), "p", 0, 2.0]},
        {"image": [layout(), b"p", 0, 2]},
        {"image": [layout()[:-1], "p", 0, 2]},
        {"image": [layout(pix_fmt="yuv410p"), "p", 0, 2]},
        {"image": [layout(width=0), "p", 0, 2]},
        {"image": [layout(width=16385), "p", 0, 2]},
        {"image": [layout(height=True), "p", 0, 2]},
        {"image": [layout(height=3.0), "p", 0, 2]},
        {"image": [layout(matrix="bt470"), "p", 0, 2]},
        {"image": [layout(matrix=None), "p", 0, 2]},
        {"image": [layout(full_range=1), "p", 0, 2]},
        {"image": [layout(rotation=45), "p", 0, 2]},
        {"image": [layout(rotation=-90), "p", 0, 2]},
        {"image": [layout(rotation=False), "p", 0, 2]},
        {"image": [layout(rotation=90.0), "p", 0, 2]},
        {"image": [layout(sar=0.0), "p", 0, 2]},
        {"image": [layout(sar=-1.0), "p", 0, 2]},
        {"image": [layout(sar=1e9), "p", 0, 2]},
        {"image": [layout(sar=True), "p", 0, 2]},
        {"image": [layout(sar=float("nan")), "p", 0, 2]},
        {"image": [layout(sar=float("inf")), "p", 0, 2]},
    ],
    ids=repr,
)
def test_a_frame_with_one_wrong_field_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(WireError):
        decode_item(changed(**fields), CAPS)


@pytest.mark.parametrize("count", [0, 1, 3, 9, 10, 1000])
def test_a_wrong_number_of_parts_is_refused(count: int) -> None:
    with pytest.raises(WireError, match="parts"):
        decode_item((changed() + [b""] * count)[:count], CAPS)


@pytest.mark.parametrize("size", [0, 47, 49, 1 << 20])
def test_a_plane_of_another_size_than_its_shape_is_refused(size: int) -> None:
    with pytest.raises(WireError, match=rf"shape \(6, 8\) in {size} bytes"):
        decode_item([changed()[0], bytes(size)], CAPS)


def test_an_inline_picture_that_was_cut_is_refused() -> None:
    parts = encode_item(1, INLINE)
    for cut in ([*parts[:-1], bytes(parts[-1])[:-1]], parts[:-1], [*parts, parts[-1]]):
        with pytest.raises(WireError):
            decode_item(cut, CAPS)


def test_a_frame_before_its_caps_is_refused() -> None:
    with pytest.raises(WireError, match="before its caps"):
        decode_item(encode_item(1, FRAME), None)


@pytest.mark.parametrize("kind", ["", "EOS", "frame", "visit_end", "x" * 5000])
def test_an_unknown_event_is_refused(kind: str) -> None:
    with pytest.raises(WireError, match="unknown event") as caught:
        decode_item([msgpack.packb(header(Event(EventKind.EOS)) | {"kind": kind})], CAPS)
    assert len(str(caught.value)) < 100


def test_an_event_with_planes_is_refused() -> None:
    with pytest.raises(WireError, match="raw parts"):
        decode_item([*encode_item(1, Event(EventKind.EOS)), b""], CAPS)


def test_a_receiver_of_another_link_is_refused() -> None:
    with pytest.raises(WireError, match="link 'b-c'"):
        decode_control(encode_hello("b-c"), "a-b")


@pytest.mark.parametrize("part", [encode_message(Drain()), encode_message(Hello("p")), encode_item(1, FRAME)[0]])
def test_only_hello_and_ack_are_link_control(part: bytes) -> None:
    with pytest.raises(WireError, match="where hello or ack was expected"):
        decode_control(part, "a-b")


@pytest.mark.parametrize("more", [None, 3, [True], [-1], ["1"], [0] * (MAX_MORE + 1)])
def test_numbers_that_no_item_can_have_are_not_acknowledged(more: object) -> None:
    part = msgpack.packb({"v": VERSION, "t": "ack", "n": 1, "more": more})
    with pytest.raises(WireError, match="'more'"):
        decode_control(part, "a-b")


@pytest.mark.parametrize("part", [encode_ack(3), encode_hello("a-b"), encode_item(1, FRAME)[0]])
def test_only_bus_messages_are_taken_from_the_bus(part: bytes) -> None:
    with pytest.raises(WireError, match="unknown bus message"):
        decode_message(part)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Hello", {"process": 3}),
        ("StateChanged", {"stage": "a", "old": "null", "new": "flying"}),
        ("Heartbeat", {"process": "p", "phase": "working", "ledgers": {"a": 3}}),
        ("Heartbeat", {"process": "p", "phase": "working", "ledgers": {"a": {}}}),
        ("Finished", {"process": "p", "ledgers": []}),
        ("Play", {"caps": {"a-b": None}}),
        ("Element", {"stage": "a", "name": "slide", "data": []}),
        ("Described", {"stage": "a", "sink_caps": 1, "src_caps": {}}),
        ("Described", {"stage": "a", "src_caps": {}}),
        ("__class__", {}),
        ("drain", {}),
    ],
)
def test_a_bus_message_with_one_wrong_field_is_refused(kind: str, body: dict[str, object]) -> None:
    with pytest.raises(WireError):
        decode_message(msgpack.packb({"v": wire.VERSION, "t": kind, "n": 0, **body}))


@pytest.mark.parametrize("drops", [{"rate": -1}, {"rate": True}, {"rate": 1.0}, {b"rate": 1}, [], None])
def test_a_ledger_with_odd_drops_is_refused(drops: object) -> None:
    good = {"received": 1, "sent": 1, "held": 0, "lost_pictures": 0, "resent": 0, "last_pts_ns": 0, "busy_ns": 0}
    body = {"process": "p", "ledgers": {"a": {**good, "dropped": drops}}}
    with pytest.raises(WireError):
        decode_message(msgpack.packb({"v": wire.VERSION, "t": "Finished", "n": 0, **body}))
