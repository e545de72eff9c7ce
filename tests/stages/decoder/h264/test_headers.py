"""What of a packet is content and what counts pictures, and packets with other counters."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from h264_writing import annex_b, avcc, picture_set, sequence_set, slice_unit, with_lengths
from media import write_video
from slideshow import show

from stages.decoder.h264.bits import Malformed
from stages.decoder.h264.headers import Coded, Headers

SETS = avcc(sequence_set(), picture_set())
SEI = b"\x06\x05\x01\x7f\x80"


def read(*units: bytes, extradata: bytes = SETS) -> Coded | None:
    return Headers(extradata).read(with_lengths(*units), True)


def good(found: Coded | None) -> Coded:
    assert found is not None
    return found


def test_the_counters_are_no_content() -> None:
    one, other = good(read(slice_unit("P", 3, 10))), good(read(slice_unit("P", 4, 12)))
    assert one.content == other.content
    assert (one.frame_num, one.poc, other.frame_num, other.poc) == (3, 10, 4, 12)


@pytest.mark.parametrize(
    "other",
    [
        (slice_unit("P", 3, 10, rest=b"\xab\xcd\xee\x80"),),
        (slice_unit("P", 3, 10, entries=(1,)),),
        (slice_unit("P", 3, 10, reference=False),),
        (slice_unit("B", 3, 10),),
        (SEI, slice_unit("P", 3, 10)),
        (slice_unit("P", 3, 10), slice_unit("P", 3, 10)),
    ],
)
def test_all_else_is(other: tuple[bytes, ...]) -> None:
    assert good(read(*other)).content != good(read(slice_unit("P", 3, 10))).content


def test_of_arithmetic_coding_the_last_bit_is_no_content_and_of_other_coding_it_is() -> None:
    ends = (b"\xab\x98", b"\xab\x99")
    lengths = avcc(sequence_set(), picture_set(arithmetic=False))
    one, other = (good(read(slice_unit("P", 3, rest=end))) for end in ends)
    assert one.content == other.content
    one, other = (good(read(slice_unit("P", 3, rest=end), extradata=lengths)) for end in ends)
    assert one.content != other.content


def test_content_is_given_only_where_it_is_wanted() -> None:
    assert good(Headers(SETS).read(with_lengths(slice_unit("P", 3)), False)).content is None


def test_a_picture_of_many_slices_is_backward_if_one_of_them_is() -> None:
    assert good(read(slice_unit("P", 3, 10), slice_unit("B", 3, 10))).backward


@pytest.mark.parametrize(
    "units",
    [
        (slice_unit("P", 3), slice_unit("P", 4)),
        (slice_unit("P", 3, number=1),),
        (SEI,),
        (b"\x62" + slice_unit("P", 3)[1:],),
        (slice_unit("P", 3)[:2],),
    ],
    ids=["two pictures", "unknown set", "no picture", "partition", "cut"],
)
def test_what_is_not_one_whole_picture_is_not_followed(units: tuple[bytes, ...]) -> None:
    assert read(*units) is None


def test_parameter_sets_may_come_in_packets() -> None:
    headers = Headers(b"")
    assert headers.read(annex_b(slice_unit("I", 1)), True) is None
    assert headers.read(annex_b(sequence_set(), picture_set(), slice_unit("I", 1)), True) is not None
    assert headers.read(annex_b(slice_unit("P", 2)), True) is not None
    assert not headers.doubtful


@pytest.mark.parametrize(
    "other", [sequence_set(most=2), picture_set(weighted=True), picture_set() + b"\x80", sequence_set(order=1)]
)
def test_once_parameter_sets_change_or_are_not_followed_nothing_is(other: bytes) -> None:
    headers = Headers(SETS)
    assert headers.read(with_lengths(sequence_set(), slice_unit("P", 1)), True) is not None
    assert headers.read(with_lengths(other, slice_unit("P", 1)), True) is None
    assert headers.doubtful
    assert headers.read(with_lengths(slice_unit("P", 1)), True) is None


@pytest.mark.parametrize("written", [with_lengths, annex_b])
def test_moved_counters_go_round_and_nothing_else_changes(written: object) -> None:
    assert callable(written)
    headers = Headers(SETS if written is with_lengths else annex_b(sequence_set(), picture_set()))
    packet = written(SEI, slice_unit("P", 3, 10), slice_unit("P", 3, 10))
    moved = headers.moved(packet, 5, 12)
    assert moved == written(SEI, slice_unit("P", 14, 62), slice_unit("P", 14, 62))
    assert headers.moved(moved, -5, -12) == packet


def test_what_cannot_be_read_cannot_be_moved() -> None:
    with pytest.raises(Malformed):
        Headers(SETS).moved(with_lengths(slice_unit("P", 3, number=1)), 1, 1)


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
@pytest.mark.parametrize("how", ["ref=1:bframes=0", "ref=4:bframes=3:slices=3", "cabac=0:open-gop=1:weightp=2"])
def test_all_packets_of_an_encoder_are_read_and_come_back_when_they_are_moved(
    tmp_path: Path, suffix: str, how: str
) -> None:
    film = show([(1, 5), (2, 5)], 10)
    path = write_video(tmp_path / f"a.{suffix}", film, options={"g": "40", "x264-params": f"{how}:log=-1"})
    with av.open(path) as container:
        stream = container.streams.video[0]
        headers = Headers(stream.codec_context.extradata or b"")
        count = 0
        for packet in container.demux(stream):
            data = bytes(packet)
            if data:
                assert headers.read(data, True) is not None
                assert headers.moved(data, 0, 0) == data
                assert headers.moved(headers.moved(data, 7, 22), -7, -22) == data
                count += 1
    assert count == 100
