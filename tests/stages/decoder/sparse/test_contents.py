"""Numbers: equal ones for equal bytes."""

from __future__ import annotations

from av.packet import Packet

from stages.decoder.sparse.contents import Contents


def test_equal_bytes_have_one_number_and_others_another() -> None:
    seen = Contents()
    first, second = seen.of(b"same"), seen.of(b"other")
    assert first != second
    assert seen.of(b"same") == first


def test_a_keyframe_of_any_size_is_compared() -> None:
    seen = Contents()
    first = seen.of_keyframe(Packet(bytes(10_000)))
    assert seen.of_keyframe(Packet(bytes(10_000))) == first
    assert seen.of_keyframe(Packet(bytes(9_999) + b"1")) != first


def test_what_is_long_ago_is_forgotten_and_no_number_is_given_twice() -> None:
    seen = Contents()
    first = seen.of(b"first")
    numbers = {seen.of(number.to_bytes(4, "big")) for number in range(5000)}
    assert first not in numbers
    assert len(numbers) == 5000
    assert seen.of(b"first") not in {first, *numbers}
