"""Pieces: which files belong to a lecture, and when their packets are decoded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from packets import write_film

from pipeline.errors import DataError
from stages.journal import SegmentRow
from stages.media.pieces import Piece, offset, packets, parameters, pieces_of, reading


def row(name: str, state: str = "complete", first_key: bool = True) -> SegmentRow:
    return SegmentRow(f"segments/{name}", 1, 5, 6, 7, 8, state, first_key)


def test_the_files_that_are_there_are_the_pieces_also_one_that_grows(tmp_path: Path) -> None:
    folder = tmp_path / "segments"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4.part", "deleted.mp4"):
        (folder / name).touch()
    rows = [row("a.mp4"), row("b.mp4", "open", False), row("deleted.mp4", "deleted"), row("missing.mp4")]
    assert pieces_of(tmp_path, rows) == [Piece(folder / "a.mp4", 5), Piece(folder / "b.mp4.part", 5, False)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_decoding_times_grow_and_no_packet_is_shown_before_it_is_decoded(suffix: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / f"a.{suffix}", audio=None)
    with reading(Piece(film, 0)) as container:
        found = list(packets(container))
    assert len(found) == 30
    assert all(timed.pts >= timed.dts for timed in found)
    assert [timed.dts for timed in found] == sorted({timed.dts for timed in found})


def test_films_of_other_sizes_and_codecs_have_other_parameters(tmp_path: Path) -> None:
    made = [
        write_film(tmp_path / "a.mp4", seconds=1),
        write_film(tmp_path / "b.mp4", seconds=1),
        write_film(tmp_path / "c.mp4", seconds=1, size=(128, 96)),
        write_film(tmp_path / "d.mp4", seconds=1, video="mpeg4"),
        write_film(tmp_path / "e.mp4", seconds=1, audio=None),
    ]
    found = []
    for path in made:
        with reading(Piece(path, 0)) as container:
            found.append(parameters(container))
    assert found[0] == found[1]
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("told_s", "first_key", "placed_s"),
    [(3.04, True, 3), (3.06, True, 3.06), (1.2, True, 3), (0.9, True, 0.9), (3.9, False, 3), (4.1, False, 4.1)],
)
def test_a_piece_that_follows_closely_is_put_exactly_behind(
    told_s: float, first_key: bool, placed_s: float, tmp_path: Path
) -> None:
    film = write_film(tmp_path / "a.mp4", audio=None, options={"bf": "0"}, seconds=1)
    piece = Piece(film, round(told_s * 1e9), first_key)
    with reading(piece) as container:
        first = next(packets(container))
    assert float(offset(piece, first, Fraction(3))) == pytest.approx(placed_s)


def test_what_is_no_media_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film")
    with pytest.raises(DataError, match=r"a\.mp4"), reading(Piece(tmp_path / "a.mp4", 0)):
        pass
