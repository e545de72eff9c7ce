"""The description of streams: everything a muxer needs comes back, and garbage is refused."""

from __future__ import annotations

import random
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.container import InputContainer
from hypothesis import given
from hypothesis import strategies as st
from packets import streams_of, write_film

from pipeline.errors import DataError, WireError
from stages.media.streams import MAX_BYTES, MAX_STREAMS, describe, opened

FILMS = [
    ("libx264", "aac", "mp4"),
    ("libx265", "libopus", "mkv"),
    ("mjpeg", "pcm_mulaw", "mov"),
    ("mpeg4", "pcm_alaw", "mov"),
    ("libx264", "pcm_mulaw", "nut"),
    ("libx264", None, "h264"),
]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return streams_of(write_film(tmp_path_factory.mktemp("film") / "a.mp4", seconds=1))


def facts(container: InputContainer) -> list[tuple[object, ...]]:
    """What must survive of each stream."""
    found: list[tuple[object, ...]] = []
    for stream in container.streams:
        context = stream.codec_context
        shape = [getattr(context, name, None) for name in ("width", "height", "sample_rate", "channels")]
        found.append((stream.type, context.name, context.extradata, stream.time_base, *shape))
    return found


@pytest.mark.parametrize(("video", "audio", "suffix"), FILMS)
def test_what_a_muxer_needs_comes_back(video: str, audio: str | None, suffix: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / f"a.{suffix}", video=video, audio=audio, seconds=1)
    with av.open(film) as container, opened(describe(list(container.streams))) as copy:
        assert facts(copy) == facts(container)
        assert len(facts(copy)) == (1 if audio is None else 2)


def test_the_time_base_of_rtp_comes_back_exactly(tmp_path: Path) -> None:
    with av.open(write_film(tmp_path / "a.mp4", seconds=1)) as container:
        container.streams[0].time_base = Fraction(1001, 90000)
        with opened(describe(list(container.streams))) as copy:
            assert copy.streams[0].time_base == Fraction(1001, 90000)


def test_a_described_stream_is_a_template_for_a_muxer(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", seconds=1)
    with opened(streams_of(film)) as copy, av.open(film) as source, av.open(tmp_path / "b.mp4", "w") as target:
        made = [target.add_stream_from_template(stream, opaque=True) for stream in copy.streams]
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = made[packet.stream.index]
                target.mux(packet)
    with av.open(tmp_path / "b.mp4") as result:
        assert sum(1 for _ in result.decode(video=0)) == 10


def test_a_description_is_small(tmp_path: Path) -> None:
    assert len(streams_of(write_film(tmp_path / "a.mp4", seconds=3))) < 1000


def test_no_stream_and_too_many_are_refused(tmp_path: Path) -> None:
    with av.open(write_film(tmp_path / "a.mp4", seconds=1)) as container:
        with pytest.raises(DataError, match="0 streams"):
            describe([])
        with pytest.raises(DataError, match="9 streams"):
            describe([container.streams[0]] * (MAX_STREAMS + 1))


def test_a_description_longer_than_any_can_be_is_refused() -> None:
    with pytest.raises(WireError, match="no description"):
        opened(b"STS1" + bytes(MAX_BYTES))


@given(st.binary(max_size=400))
def test_garbage_is_refused(data: bytes) -> None:
    for start in (b"", b"STS1"):
        with pytest.raises(WireError):
            opened(start + data)


@given(data=st.data())
def test_damage_behind_a_right_checksum_never_crashes(data: st.DataObject, example: bytes) -> None:
    body = bytearray(example[12:])
    for position in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=6)):
        body[position] = data.draw(st.integers(0, 255))
    try:
        opened(b"STS1" + struct.pack("<II", zlib.crc32(body), len(body)) + bytes(body)).close()
    except WireError:
        return  # the other end: damage that NUT does not notice gives other streams


def test_one_flipped_bit_is_refused(example: bytes) -> None:
    dice = random.Random(7)
    for _ in range(200):
        damaged = bytearray(example)
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        with pytest.raises(WireError):
            opened(bytes(damaged))
