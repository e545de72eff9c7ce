"""Packets become pictures with their instants; damage is waited out up to the next key picture."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from av.packet import Packet
from av.stream import Stream
from media import cards, write_video

from pipeline.frame import SECOND_NS
from stages.decoder.live.arrivals import Arrived, Connected
from stages.decoder.live.decoding import PacketDecoder, Stamp

OPTIONS = {"g": "5", "bf": "0", "tune": "zerolatency", "sc_threshold": "0"}
STEP_NS = SECOND_NS // 10


def packets(path: Path) -> tuple[Connected, list[Arrived]]:
    with av.open(path) as container:
        video = container.streams.video[0]
        assert video.time_base is not None and video.average_rate is not None
        facts = Connected(video.codec_context, "h264", 96, 64, video.average_rate, video.time_base, 1.0, b"", 0)
        found = [packet for packet in container.demux(video) if packet.size]
    return facts, [arrived(packet, packet.is_keyframe) for packet in found]


def arrived(packet: Packet[Stream], key: bool, corrupt: bool = False) -> Arrived:
    return Arrived(packet, 0, True, key, corrupt, packet.pts, packet.dts, 0, packet.size, 0)


def shown(decoder: PacketDecoder, given: list[Arrived], step_ns: int = STEP_NS) -> list[int]:
    """Which packets' pictures came out, by the instants at which they were taken."""
    found = []
    for number, packet in enumerate(given):
        at_ns = number * step_ns
        found += [taken.stamp.mono_ns // step_ns for taken in decoder.feed(packet, Stamp(at_ns, at_ns))]
    return found


@pytest.fixture
def film(tmp_path: Path) -> tuple[Connected, list[Arrived]]:
    return packets(write_video(tmp_path / "a.mkv", cards(20), options=OPTIONS))


def test_each_picture_has_the_instant_of_its_packet(film: tuple[Connected, list[Arrived]]) -> None:
    facts, given = film
    assert shown(PacketDecoder(facts, deinterlace=True), given) == list(range(20))


def test_pictures_that_are_coded_out_of_order_keep_their_own_instants(tmp_path: Path) -> None:
    facts, given = packets(write_video(tmp_path / "a.mkv", cards(20), options={"bf": "2", "b-adapt": "0"}))
    order = sorted(range(20), key=lambda number: given[number].pts or 0)
    found = shown(PacketDecoder(facts, deinterlace=False), given)
    assert len(found) > 10 and found == order[: len(found)]


def test_after_a_corrupt_packet_pictures_come_again_with_the_next_key_picture(
    film: tuple[Connected, list[Arrived]],
) -> None:
    facts, given = film
    decoder = PacketDecoder(facts, deinterlace=True)
    given[7] = arrived(given[7].packet, False, corrupt=True)
    assert shown(decoder, given) == [*range(7), *range(10, 20)]
    assert (decoder.corrupt, decoder.concealed) == (1, 3)


def test_a_packet_of_noise_is_counted_and_healed(film: tuple[Connected, list[Arrived]]) -> None:
    facts, given = film
    given[6] = arrived(Packet(b"\xff\x00\x17" * 40), False)
    decoder = PacketDecoder(facts, deinterlace=True)
    assert set(range(10, 20)) <= set(shown(decoder, given))
    assert decoder.corrupt > 0


def test_a_stream_without_key_pictures_is_shown_again_after_a_while(film: tuple[Connected, list[Arrived]]) -> None:
    facts, given = film
    without = [arrived(one.packet, number == 0, corrupt=number == 2) for number, one in enumerate(given)]
    found = shown(PacketDecoder(facts, deinterlace=True), without, step_ns=SECOND_NS)
    assert found == [0, 1, *range(13, 20)]


def test_a_keyframe_alone_gives_its_picture_at_once_also_where_pictures_are_coded_out_of_order(tmp_path: Path) -> None:
    options = {"g": "5", "bf": "2", "b-adapt": "0", "sc_threshold": "0"}
    facts, given = packets(write_video(tmp_path / "a.mkv", cards(20), options=options))
    decoder = PacketDecoder(facts, deinterlace=True)
    for number, packet in enumerate(given):
        if packet.key:
            (taken,) = decoder.feed_alone(packet, Stamp(number, number))
            assert (taken.stamp.mono_ns, taken.frame.key_frame) == (number, True)
    assert (decoder.corrupt, decoder.interlaced) == (0, False)


def test_what_the_decoder_still_held_comes_before_a_keyframe_that_is_decoded_alone(tmp_path: Path) -> None:
    options = {"g": "10", "bf": "2", "b-adapt": "0", "sc_threshold": "0"}
    facts, given = packets(write_video(tmp_path / "a.mkv", cards(20), options=options))
    decoder = PacketDecoder(facts, deinterlace=True)
    before = shown(decoder, given[:10], 1)
    found = [taken.stamp.mono_ns for taken in decoder.feed_alone(given[10], Stamp(10, 10))]
    assert given[10].key and len(before) < 10
    assert sorted([*before, *found]) == list(range(11)) and found[-1] == 10
