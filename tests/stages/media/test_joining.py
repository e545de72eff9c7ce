"""Joining: every packet of every segment, in one file, at its time, with chapters."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from packets import payloads, pictures, write_film

from pipeline.errors import DataError
from pipeline.frame import SECOND_NS
from stages.media.joining import join
from stages.media.pieces import Piece


def times(path: Path) -> list[Fraction]:
    """Of the pictures, from the first on."""
    with av.open(path) as container:
        shown = sorted(p.pts * p.time_base for p in container.demux(video=0) if p.pts is not None)
    return [time - shown[0] for time in shown]


def piece(path: Path, seconds: float, first_key: bool = True) -> Piece:
    return Piece(path, round(seconds * SECOND_NS), first_key)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("audio", ["aac", None])
def test_two_segments_become_one_film_that_plays(suffix: str, audio: str | None, tmp_path: Path) -> None:
    film = write_film(tmp_path / f"a.{suffix}", audio=audio, seconds=2)
    out = tmp_path / f"lecture.{suffix}"
    done: list[float] = []
    joined = join([piece(film, 0), piece(film, 2)], [], out, done.append)
    assert joined.files == [out] and joined.skipped == []
    assert payloads(out) == payloads(film) * 2
    assert pictures(out) == 40
    assert [round(float(time), 2) for time in times(out)] == [n / 10 for n in range(40)]
    assert done == [0.5, 1.0]
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", seconds=1)
    join([piece(film, 5), piece(film, 65)], [], tmp_path / "out.mp4")
    shown = times(tmp_path / "out.mp4")
    assert shown[9] == Fraction(9, 10) and shown[10] == 60


def test_times_that_jitter_leave_no_seam(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", seconds=1)
    join([piece(film, 0), piece(film, 0.97), piece(film, 2.04)], [], tmp_path / "out.mp4")
    assert times(tmp_path / "out.mp4") == [Fraction(n, 10) for n in range(30)]


def test_segments_that_overlap_lose_no_picture(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", seconds=1)
    join([piece(film, 0), piece(film, 0.5)], [], tmp_path / "out.mp4")
    assert payloads(tmp_path / "out.mp4") == payloads(film) * 2
    shown = times(tmp_path / "out.mp4")
    assert shown == sorted(shown)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_chapters_are_in_the_file(suffix: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", seconds=2)
    chapters = [(8 * SECOND_NS, "Überblick"), (11 * SECOND_NS, "Slide 2"), (99 * SECOND_NS, "never")]
    out = tmp_path / f"out.{suffix}"
    join([piece(film, 10)], chapters, out)
    with av.open(out) as container:
        found = [(c["start"] * (c["time_base"] or 0), c["metadata"]["title"]) for c in container.chapters()]
    assert found == [(0, "Überblick"), (1, "Slide 2")]


def test_another_size_begins_another_file(tmp_path: Path) -> None:
    small = write_film(tmp_path / "a.mp4", seconds=1)
    large = write_film(tmp_path / "b.mp4", seconds=1, size=(128, 96))
    out = tmp_path / "lecture.mp4"
    joined = join([piece(small, 0), piece(small, 1), piece(large, 2)], [(0, "one"), (2 * SECOND_NS, "two")], out)
    assert joined.files == [out, tmp_path / "lecture-2.mp4"]
    assert [pictures(path) for path in joined.files] == [20, 10]
    with av.open(joined.files[1]) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["two"]


def test_a_segment_that_cannot_be_read_is_passed_over_and_named(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", seconds=1)
    (tmp_path / "bad.mp4").write_bytes(b"nonsense" * 100)
    joined = join([piece(film, 0), piece(tmp_path / "bad.mp4", 1), piece(film, 2)], [], tmp_path / "out.mp4")
    assert joined.skipped == [tmp_path / "bad.mp4"]
    assert pictures(tmp_path / "out.mp4") == 20


def test_nothing_to_join_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to join"):
        join([piece(tmp_path / "missing.mp4", 0)], [], tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_and_picture_stay_together(suffix: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / f"a.{suffix}", seconds=2)
    out = tmp_path / f"out.{suffix}"
    join([piece(film, 7), piece(film, 107)], [], out)

    def pairs(path: Path) -> tuple[list[Fraction], list[Fraction]]:
        with av.open(path) as container:
            found = [(p.stream.type, p.pts * p.time_base) for p in container.demux() if p.size and p.pts is not None]
        pictures = sorted(time for kind, time in found if kind == "video")
        return [t - pictures[0] for t in pictures], [t - pictures[0] for kind, t in found if kind == "audio"]

    (_, before), (shown, after) = pairs(film), pairs(out)
    assert shown[20] == 100
    again = [time - 100 for time in after if time > 50]
    assert [float(time) for time in again] == pytest.approx([float(time) for time in before][-len(again) :], abs=0.002)
    assert len(again) >= len(before) - 1
