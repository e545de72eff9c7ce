"""The mark on frames whose picture is no longer what is on screen."""

from __future__ import annotations

from pipeline.caps import Caps
from pipeline.frame import Frame
from pipeline.wire import decode_item, encode_item
from stages.unseen import is_unseen, unseen


def test_a_mark_adds_to_what_is_known_of_a_frame_and_travels_with_it() -> None:
    frame = Frame(3, 5, Caps.of("video/raw"), meta={"a": 1})
    assert not is_unseen(frame)
    marked = unseen(frame)
    parts = [memoryview(part) for part in encode_item(1, marked)]
    _, arrived = decode_item(parts, Caps.of("video/raw"))
    assert isinstance(arrived, Frame)
    assert is_unseen(arrived) and arrived.meta["a"] == 1
