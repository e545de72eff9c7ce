"""Damage on the way: decoding goes on, and what was lost is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import av.error
import numpy as np
import pytest
from av.container import InputContainer
from media import cards, cut, damage, damage_packets, write_video

from pipeline.errors import DataError, ResourceError, SourceError
from pipeline.testing import Harness, frames_of
from stages.decoder import Decoder
from stages.decoder.decoding import Damage, decoded

NOISE = [np.random.default_rng(seed).integers(0, 256, (64, 96, 3), np.uint8) for seed in range(40)]
GOP5 = {"g": "5", "bf": "0"}


def corrupt(harness: Harness) -> dict[str, Any]:
    found = [message.data for message in harness.context.messages if message.name == "corrupt"]
    return dict(found[0]) if found else {}


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "mov"])
def test_corrupt_packets_in_the_middle_are_counted_and_the_rest_is_decoded(tmp_path: Path, suffix: str) -> None:
    whole = write_video(tmp_path / f"whole.{suffix}", NOISE, options=GOP5)
    path = damage_packets(whole, tmp_path / f"bad.{suffix}", range(12, 15))
    harness = Harness(Decoder, uri=str(path), rate=0)
    frames = frames_of(harness.run())
    assert corrupt(harness)["packets"] == 3
    assert len(frames) == 37
    assert frames[-1].pts_ns - frames[0].pts_ns == 3_900_000_000
    assert harness.ledger.missing == 0


def test_corruption_is_warned_of_once(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", NOISE, options=GOP5)
    path = damage_packets(whole, tmp_path / "bad.mp4", range(10, 30))
    harness = Harness(Decoder, uri=str(path), rate=0)
    assert frames_of(harness.run())
    assert len(harness.context.warnings) == 1
    assert "bad.mp4' is damaged" in harness.context.warnings[0]


def test_frames_behind_damage_at_the_very_end_are_not_lost(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", NOISE, options=GOP5)
    path = damage_packets(whole, tmp_path / "bad.mkv", range(35, 39))
    frames = frames_of(Harness(Decoder, uri=str(path), rate=0, threads=4).run())
    assert frames[-1].pts_ns >= 3_400_000_000


@pytest.mark.parametrize("suffix", ["mkv", "ts", "avi", "webm", "mp4"])
def test_a_stretch_of_noise_across_the_structure_of_a_container_is_survived(tmp_path: Path, suffix: str) -> None:
    codec = "libvpx-vp9" if suffix == "webm" else "libx264"
    options = {"g": "5"} if suffix == "webm" else GOP5
    path = damage(write_video(tmp_path / f"a.{suffix}", NOISE, codec=codec, rate=25, options=options), 0.4, 0.5)
    harness = Harness(Decoder, uri=str(path), rate=0)
    assert 25 <= len(frames_of(harness.run())) < 40
    assert harness.ledger.missing == 0


@pytest.mark.parametrize("suffix", ["mkv", "ts", "avi", "flv"])
def test_a_file_that_was_cut_off_gives_what_is_there(tmp_path: Path, suffix: str) -> None:
    codec = "flv" if suffix == "flv" else "libx264"
    path = cut(write_video(tmp_path / f"cut.{suffix}", NOISE, codec=codec, rate=25), 0.5)
    assert len(frames_of(Harness(Decoder, uri=str(path), rate=0).run())) >= 10


def test_a_file_whose_header_promises_more_is_warned_of(tmp_path: Path) -> None:
    path = cut(write_video(tmp_path / "cut.mkv", NOISE), 0.5)
    harness = Harness(Decoder, uri=str(path), rate=0)
    assert frames_of(harness.run())
    assert any("may have been cut off" in text for text in harness.context.warnings)


def test_a_file_without_one_picture_that_can_be_decoded_is_refused(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", cards(4))
    path = damage_packets(whole, tmp_path / "bad.mkv", range(4))
    with pytest.raises(DataError, match=r"bad\.mkv': no picture in it could be decoded"):
        list(Harness(Decoder, uri=str(path)).run())


class FailingPacket:
    size = 1

    def __init__(self, error: Exception) -> None:
        self._error = error

    def decode(self) -> list[object]:
        raise self._error


class FailingContainer:
    """Yields one packet, or raises ``error`` for ever."""

    def __init__(self, error: Exception, packet: FailingPacket | None = None) -> None:
        self._error, self._packet = error, packet

    def demux(self, _: object) -> Iterator[FailingPacket]:
        if self._packet is not None:
            yield self._packet
            return
        raise self._error


def drained(container: FailingContainer, told: list[str]) -> Damage:
    found = Damage()
    stream = cast("Any", None)
    for _ in decoded(cast("InputContainer", container), stream, Path("a.mp4"), found, lambda: told.append("damage")):
        raise AssertionError("there is no frame")
    return found


def test_a_disk_that_fails_is_an_error_that_names_the_file() -> None:
    with pytest.raises(SourceError, match=r"reading 'a\.mp4' failed: Input/output error"):
        drained(FailingContainer(av.error.OSError(5, "Input/output error")), [])


def test_reads_that_fail_for_ever_end_and_are_counted() -> None:
    told: list[str] = []
    found = drained(FailingContainer(av.error.InvalidDataError(1, "Invalid data")), told)
    assert found.reads == 1000
    assert told == ["damage"]


def test_no_memory_for_a_picture_is_an_error_of_its_own() -> None:
    error = av.error.MemoryError(12, "Cannot allocate memory")
    with pytest.raises(ResourceError, match="not enough memory"):
        drained(FailingContainer(error, FailingPacket(error)), [])
