"""A file that was cut off anywhere: what comes out plays, and holds every fragment that was complete."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packets import payloads, pictures, write_film

from stages.media.fragments import Fragments
from stages.media.salvage import contents, salvage

OPTIONS = {
    "mp4": {"movflags": "empty_moov+default_base_moof+skip_trailer", "frag_duration": "300000", "use_editlist": "0"},
    "mkv": {"cluster_time_limit": "300"},
}


@dataclass(frozen=True)
class Grown:
    """A complete file, and its size after each packet that was muxed."""

    data: bytes
    suffix: str
    folder: Path
    video: list[bytes]


@pytest.fixture(scope="module", params=["mp4", "mkv"])
def grown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Grown:
    folder = tmp_path_factory.mktemp("grown")
    suffix = str(request.param)
    film = write_film(folder / "film.mp4")
    path = folder / f"whole.{suffix}"
    with av.open(film) as source, av.open(path, "w", options=OPTIONS[suffix]) as target:
        streams = [target.add_stream_from_template(stream, opaque=True) for stream in source.streams]
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return Grown(path.read_bytes(), suffix, folder, payloads(path))


def counted(path: Path) -> Fragments:
    with path.open("rb") as file:
        whole = Fragments(file.fileno())
        whole.advance()
    return whole


def test_a_complete_file_is_whole_to_its_end(grown: Grown) -> None:
    path = grown.folder / f"complete.{grown.suffix}"
    path.write_bytes(grown.data)
    found = contents(path)
    whole = counted(path)
    assert found is not None
    assert whole.end == len(grown.data)
    assert [whole.packets[0], whole.packets[1]] == [len(times) for times in found.pts]
    assert len(found.pts[0]) == 30 and found.first_key


def test_a_file_is_followed_while_it_grows(grown: Grown) -> None:
    path = grown.folder / f"growing.{grown.suffix}"
    ends: list[int] = []
    with path.open("w+b", buffering=0) as file:
        whole = Fragments(file.fileno())
        for start in range(0, len(grown.data), 97):
            file.write(grown.data[start : start + 97])
            whole.advance()
            ends.append(whole.end)
    assert ends == sorted(ends) and len(set(ends)) > 5
    assert whole.packets == counted(path).packets


@given(data=st.data())
def test_cut_anywhere_it_plays_and_keeps_all_complete_fragments(data: st.DataObject, grown: Grown) -> None:
    length = data.draw(st.integers(0, len(grown.data)))
    path = grown.folder / f"cut.{grown.suffix}"
    path.write_bytes(grown.data[:length])
    before = counted(path)
    found = salvage(path)
    if found is None:
        assert sum(before.packets.values()) == 0
        assert path.stat().st_size == length, "what cannot be salvaged is left as it was"
        return
    assert [before.packets[0], before.packets[1]] == [len(times) for times in found.pts]
    assert found.bytes == path.stat().st_size == before.end
    kept = payloads(path)
    assert kept == grown.video[: len(kept)]
    if len(kept):
        assert pictures(path) == len(kept)


@given(data=st.data())
def test_more_of_a_file_never_gives_less(data: st.DataObject, grown: Grown) -> None:
    lengths = sorted(data.draw(st.lists(st.integers(0, len(grown.data)), min_size=2, max_size=2)))
    counts: list[int] = []
    for length in lengths:
        path = grown.folder / f"more.{grown.suffix}"
        path.write_bytes(grown.data[:length])
        counts.append(sum(counted(path).packets.values()))
    assert counts[0] <= counts[1]


@given(data=st.data())
def test_damage_never_crashes_and_never_hangs(data: st.DataObject, grown: Grown) -> None:
    damaged = bytearray(grown.data)
    for position in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[position] = data.draw(st.integers(0, 255))
    path = grown.folder / f"damaged.{grown.suffix}"
    path.write_bytes(damaged)
    salvage(path)
    assert os.path.getsize(path) <= len(damaged)


@pytest.mark.parametrize("data", [b"", b"\0" * 500, b"no film at all, only text", b"\x1a\x45\xdf\xa3" * 9])
def test_what_is_no_recording_is_left_as_it_is(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    assert salvage(path) is None
    assert path.read_bytes() == data
