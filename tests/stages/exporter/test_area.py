"""The slide area of a room camera beside the slides: files, what slides.json says, and making it again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pages
import pytest
import rooms
from watching import Watching, at, begin, end, said

from pipeline.frame import Frame, Plane
from pipeline.testing import Harness
from stages.exporter import Exporter, area, index
from stages.exporter.model import Index
from stages.exporter.slides import Slides
from stages.exporting import ExportOptions, check, export
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal

ROOM = rooms.Room()


@pytest.fixture(scope="module")
def room() -> list[Plane]:
    return rooms.pages(ROOM, 5)


def shown(slide: int, picture: Plane) -> Frame:
    return replace(pages.page(slide, 10 * slide), image=pages.picture(picture))


def converted(location: Path, pictures: Sequence[Plane], **properties: object) -> Harness:
    harness = Harness(Exporter, location=str(location), pdf=False, **properties)
    for slide, picture in enumerate(pictures, 1):
        harness.push(shown(slide, picture))
    harness.eos()
    return harness


def area_files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "slides").iterdir() if "-area" in path.name)


def sums(made: Index) -> list[str]:
    return [slide.area_picture.sha256 for slide in made.slides if slide.area_picture is not None]


def test_each_page_of_a_room_has_its_slide_upright_beside_the_full_picture(tmp_path: Path, room: list[Plane]) -> None:
    harness = converted(tmp_path / "out", room)
    made = index.read(tmp_path / "out")
    found = made.slide_area
    assert found is not None and found.found and found.reason is None
    assert found.corners is not None and np.abs(np.array(found.corners) - ROOM.corners).max() < 2
    assert (found.aspect_name, found.confidence > 0.8) == ("16:9", True)
    assert found.evidence is not None and found.evidence.changes == 4 and found.evidence.corners == 4
    for slide, picture in zip(made.slides, room, strict=True):
        upright = slide.area_picture
        assert upright is not None and upright.file == f"slides/slide-{slide.id:04}-area.png"
        data = (tmp_path / "out" / upright.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (upright.bytes, upright.sha256)
        assert pages.read(tmp_path / "out" / upright.file).shape == (upright.height, upright.width, 3)
        assert np.array_equal(pages.read(tmp_path / "out" / slide.file), picture)
    assert [told.data["areas"] for told in said(harness, "result")] == [5]
    assert check(tmp_path / "out") == []


def test_a_recording_of_a_screen_has_a_reason_and_no_files(tmp_path: Path) -> None:
    converted(tmp_path / "out", [rooms.slide(n, back=250) for n in range(5)])
    made = index.read(tmp_path / "out")
    assert made.slide_area is not None and not made.slide_area.found
    assert made.slide_area.reason is not None and "screen" in made.slide_area.reason
    assert area_files(tmp_path / "out") == [] and sums(made) == []


def test_a_page_alone_tells_of_no_area(tmp_path: Path, room: list[Plane]) -> None:
    converted(tmp_path / "out", room[:1])
    found = index.read(tmp_path / "out").slide_area
    assert found is not None and found.reason is not None and "too few" in found.reason


def test_it_can_be_made_again_and_is_the_same_then(tmp_path: Path, room: list[Plane]) -> None:
    folder = tmp_path / "out"
    converted(folder, room)
    before = index.read(folder)
    for name in area_files(folder):
        os.utime(folder / "slides" / name, (1, 1))
    (folder / "slides" / "slide-0002-area.png").unlink()
    export(folder)
    assert index.read(folder) == before
    kept = [name for name in area_files(folder) if (folder / "slides" / name).stat().st_mtime == 1]
    assert kept == [f"slide-{n:04}-area.png" for n in (1, 3, 4, 5)] and check(folder) == []


def test_other_pictures_than_those_that_are_named_get_other_names_and_the_older_ones_go(
    tmp_path: Path, room: list[Plane]
) -> None:
    folder = tmp_path / "out"
    converted(folder, room, format="jpeg")
    before = index.read(folder)
    with Journal(folder / JOURNAL_NAME) as journal:
        for _ in area.make(folder, journal, index.load(journal), quality=40):
            pass
        made = index.load(journal)
    assert set(sums(made)).isdisjoint(sums(before)) and len(sums(made)) == 5
    assert area_files(folder) == [f"slide-{n:04}-area-2.jpg" for n in range(1, 6)]


def test_who_wants_none_gets_none_unless_it_is_asked_for(tmp_path: Path, room: list[Plane]) -> None:
    folder = tmp_path / "out"
    converted(folder, room, area="off")
    export(folder)
    assert index.read(folder).slide_area is None and area_files(folder) == []
    export(folder, ExportOptions(json=True, area=True))
    assert len(sums(index.read(folder))) == 5


def test_an_export_to_elsewhere_leads_to_the_pictures_and_makes_none(tmp_path: Path, room: list[Plane]) -> None:
    folder = tmp_path / "out"
    converted(folder, room)
    export(folder, ExportOptions(json=True, output=tmp_path / "else"))
    first = index.read(tmp_path / "else").slides[0].area_picture
    assert first is not None and first.file == "../out/slides/slide-0001-area.png"
    assert [path.name for path in (tmp_path / "else").iterdir()] == ["slides.json"]


def test_of_a_slide_that_has_grown_since_there_is_none_until_it_is_made_again(
    tmp_path: Path, room: list[Plane]
) -> None:
    folder = tmp_path / "out"
    converted(folder, room)
    with Journal(folder / JOURNAL_NAME) as journal:
        row = journal.slide(3)
        assert row is not None
        (folder / row.file).rename(folder / "slides" / "slide-0003-2.png")
        journal.update_slide(replace(row, file="slides/slide-0003-2.png", sha256="0" * 64, version=2))
        slide = index.load(journal).slides[2]
        assert slide.version == 2 and slide.area_picture is None
    export(folder)
    assert len(sums(index.read(folder))) == 5


def test_of_a_lecture_it_is_made_once_it_has_ended(folder: Path, watching: Harness, room: list[Plane]) -> None:
    begin(watching, folder)
    for slide, picture in enumerate(room, 1):
        at(10 * slide)
        watching.push(shown(slide, picture))
    export(folder, ExportOptions(json=True))
    with Journal(folder / JOURNAL_NAME) as journal:
        assert index.load(journal).slide_area is None
    end(watching, folder, 100)
    export(folder)
    made = index.read(folder)
    assert made.slide_area is not None and made.slide_area.found and len(sums(made)) == 5
    assert {path.stat().st_mode & 0o777 for path in (folder / "slides").iterdir()} == {0o600}


def test_a_lecture_for_which_it_is_switched_off_has_none(folder: Path, room: list[Plane]) -> None:
    harness = Harness(Watching, area="off")
    harness.caps(pages.CAPS)
    begin(harness, folder)
    for slide, picture in enumerate(room, 1):
        at(10 * slide)
        harness.push(shown(slide, picture))
    end(harness, folder, 100)
    export(folder)
    made = index.read(folder)
    assert made.slide_area is None and len(made.slides) == 5
    harness.stage.stop()


def test_what_no_note_names_is_tidied_away_and_what_it_names_stays(tmp_path: Path, room: list[Plane]) -> None:
    folder = tmp_path / "out"
    converted(folder, room)
    (folder / "slides" / "slide-0009-area.png").write_bytes(b"of a process that was killed")
    with Journal(folder / JOURNAL_NAME) as journal:
        Slides(folder, journal, "png", 95, lambda row: None).tidy()
    assert area_files(folder) == [f"slide-{n:04}-area.png" for n in range(1, 6)]


def test_a_note_of_another_version_is_as_if_nobody_had_looked(tmp_path: Path, room: list[Plane]) -> None:
    folder = tmp_path / "out"
    converted(folder, room[:2])
    with Journal(folder / JOURNAL_NAME) as journal:
        sha256 = journal.slides()[0].sha256
        journal.note(area.AREA, {"found": {"at": [1, 2]}, "pictures": {"1": {"of": sha256, "files": []}}})
        made = index.load(journal)
        assert made.slide_area is None and made.slides[0].area_picture is None
        assert area.files(journal) == {}


def test_a_page_of_another_size_has_none(tmp_path: Path, room: list[Plane]) -> None:
    converted(tmp_path / "out", [*room, rooms.slide(7)])
    made = index.read(tmp_path / "out")
    assert [slide.area_picture is not None for slide in made.slides] == [True] * 5 + [False]
