from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pages
import people
import pikepdf
import pytest
from packets import pictures, write_film
from PIL import Image
from pptx import Presentation

from pipeline.errors import ConfigError, OutputError
from pipeline.frame import SECOND_NS, Event, EventKind, Frame
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.hatch import hatch
from stages.exporting import ExportOptions, check, export
from stages.journal import Journal, SegmentRow
from stages.lecture import create, opened
from stages.media.joining import Joined
from stages.media.pieces import Piece


def write(location: Path, finished: bool) -> None:
    harness = Harness(Exporter, location=str(location))
    for slide in (1, 2, 3):
        harness.push(pages.page(slide, slide))
    if finished:
        harness.eos()
    else:
        harness.stage.stop()


def killed(location: Path, moment: random.Random) -> int:
    """Let a process export until a random moment, then SIGKILL it; the number of slides it said were written."""
    command = [sys.executable, pages.__file__, str(location)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        wanted = moment.randint(2, 25)
        while int(writer.stdout.readline()) < wanted:
            pass
        for _ in range(moment.randint(0, 20_000)):  # somewhere in the middle of the next pages
            pass
        writer.kill()
        rest = writer.stdout.read().split("\n")[:-1]
        assert writer.wait() == -signal.SIGKILL
    return int(rest[-1]) if rest else wanted


@pytest.mark.parametrize("seed", range(3))
def test_after_kill_9_every_slide_of_the_journal_is_whole_and_can_be_listed(tmp_path: Path, seed: int) -> None:
    said = killed(tmp_path / "out", random.Random(seed))
    partial = tmp_path / "out.partial"
    assert not (tmp_path / "out").exists()
    export(partial)
    made = index.read(partial)
    assert said <= len(made.slides) <= said + 1  # it may have been killed before it could say so
    assert not made.complete
    for slide in made.slides:
        assert np.array_equal(pages.read(partial / slide.file), pages.pixels(slide.id, 320, 180))
        assert slide.presenter is not None
        size = (320, 180)
        unseen = pages.hiding(0.5 if slide.presenter.revealed_percent > 80 else 0.2, 0.6, size) != 0
        free = pages.read(partial / slide.presenter.file)
        assert np.array_equal(free[~unseen], pages.pixels(slide.id, *size)[~unseen])
        assert np.array_equal(free[unseen], hatch(*size)[unseen])
    assert check(partial) == []
    with pikepdf.open(partial / "slides.pdf") as pdf:
        assert len(pdf.pages) == len(made.slides)


def test_a_finished_folder_can_be_exported_again_from_its_journal(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, finished=True)
    listed, printed = (out / "slides.json").read_bytes(), (out / "slides.pdf").read_bytes()
    (out / "slides.json").unlink()
    (out / "slides.pdf").unlink()
    done = export(out, ExportOptions(pdf=True, pptx=True, json=True))
    assert done.slides == 3 and done.files == (out / "slides.json", out / "slides.pdf", out / "slides.pptx")
    assert ((out / "slides.json").read_bytes(), (out / "slides.pdf").read_bytes()) == (listed, printed)
    assert len(Presentation(str(out / "slides.pptx")).slides) == 3


def test_a_conversion_that_is_going_on_is_left_alone(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"))
    with pytest.raises(OutputError, match="is being written by another run"):
        export(tmp_path / "out.partial")
    harness.stage.stop()


@pytest.mark.parametrize(("make", "named"), [(False, "cannot be opened"), (True, "not a result of slidetap")])
def test_a_folder_that_is_no_result_is_named(tmp_path: Path, make: bool, named: str) -> None:
    folder = tmp_path / "other"
    if make:
        folder.mkdir()
    with pytest.raises(OutputError, match=named):
        export(folder)


def test_checking_names_the_pictures_that_are_missing_or_were_changed(tmp_path: Path) -> None:
    write(tmp_path / "out", finished=True)
    assert check(tmp_path / "out") == []
    (tmp_path / "out" / "slides" / "slide-0001.png").unlink()
    with open(tmp_path / "out" / "slides" / "slide-0003.png", "ab") as file:
        file.write(b"!")
    missing, changed = check(tmp_path / "out")
    assert "slide-0001.png' cannot be read" in missing and "slide-0003.png' was changed" in changed


def presented(location: Path) -> Path:
    """Two slides; somebody stands before the left half of the second."""
    harness = Harness(Exporter, location=str(location), pdf=False)
    harness.push(pages.before(pages.page(1, 1), None))
    harness.push(pages.before(pages.page(2, 2), pages.hiding(0.0, 0.5)))
    harness.eos()
    return location


def printed(document: Path) -> list[np.ndarray[Any, Any]]:
    """The pictures of a PDF or of a PowerPoint file."""
    if document.suffix == ".pptx":
        shapes = [page.shapes[0] for page in Presentation(str(document)).slides]
        blobs = [shape.image.blob for shape in shapes]  # type: ignore[attr-defined]  # a picture
        return [np.asarray(Image.open(io.BytesIO(blob)).convert("RGB"))[..., ::-1] for blob in blobs]
    with pikepdf.open(document) as pdf:
        images = [next(iter(page.get_images().values())) for page in pdf.pages]
        return [np.asarray(pikepdf.PdfImage(image).as_pil_image().convert("RGB"))[..., ::-1] for image in images]


@pytest.mark.parametrize("document", ["slides.pdf", "slides.pptx"])
def test_documents_show_slides_as_seen_or_without_the_presenter(tmp_path: Path, document: str) -> None:
    out = presented(tmp_path / "out")
    for which in ("as-seen", "presenter-free"):
        export(out, ExportOptions(pdf=True, pptx=True, output=tmp_path / which, pages=which))
    for which, second in (("as-seen", "slide-0002.png"), ("presenter-free", "slide-0002-free.png")):
        pictures = printed(tmp_path / which / document)
        assert len(pictures) == 2
        for picture, name in zip(pictures, ("slide-0001.png", second), strict=True):
            assert np.array_equal(picture, pages.read(out / "slides" / name)), f"{which} shows {name}"


def test_without_a_presenter_documents_without_one_show_what_there_is(tmp_path: Path) -> None:
    write(tmp_path / "out", finished=True)
    export(tmp_path / "out", ExportOptions(pdf=True, pages="presenter-free"))
    assert np.array_equal(printed(tmp_path / "out" / "slides.pdf")[0], pages.pixels(1))


def test_an_export_without_options_shows_the_pages_that_were_asked_for(tmp_path: Path) -> None:
    out = presented(tmp_path / "out")
    export(out, ExportOptions(pages="presenter-free"))
    assert np.array_equal(printed(out / "slides.pdf")[1], pages.read(out / "slides" / "slide-0002-free.png"))


def test_the_exporters_documents_show_the_pages_that_were_asked_for(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pages="presenter-free")
    harness.push(pages.before(pages.page(1, 1), pages.hiding(0.0, 0.5)))
    harness.eos()
    (picture,) = printed(tmp_path / "out" / "slides.pdf")
    assert np.array_equal(picture, pages.read(tmp_path / "out" / "slides" / "slide-0001-free.png"))


def test_paths_from_another_folder_lead_to_presenter_free_pictures_too(tmp_path: Path) -> None:
    export(presented(tmp_path / "out"), ExportOptions(json=True, output=tmp_path / "to"))
    presenter = index.read(tmp_path / "to").slides[1].presenter
    assert presenter is not None and presenter.file == "../out/slides/slide-0002-free.png"


def test_checking_names_presenter_free_pictures_too(tmp_path: Path) -> None:
    out = presented(tmp_path / "out")
    assert check(out) == []
    (out / "slides" / "slide-0002-free.png").unlink()
    (missing,) = check(out)
    assert "slide-0002-free.png' cannot be read" in missing


def stood_before(left: int, right: int) -> Frame:
    """A page that shows slide 1 with a dark column, and the mask that says that somebody stands there."""
    shown = people.slide(1)
    shown[:, left:right] = 40
    mask = pages.hiding(left / 320, right / 320, (320, 180))
    return pages.before(replace(pages.page(1 + left // 100, 1 + left), image=pages.picture(shown)), mask)


def test_slides_grouped_anew_are_compared_by_what_was_seen_and_the_first_stays(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.push(stood_before(20, 100))
    harness.push(stood_before(200, 280))
    harness.eos()
    assert len(index.read(tmp_path / "out").slides) == 2
    export(tmp_path / "out", ExportOptions(json=True, dedup={"distance": 36}))
    (slide,) = index.read(tmp_path / "out").slides
    assert slide.presenter is not None and slide.presenter.file == "slides/slide-0001-free.png"


def test_exports_go_to_another_folder_with_paths_that_lead_back(tmp_path: Path) -> None:
    write(tmp_path / "out", finished=True)
    to = tmp_path / "a" / "b"
    done = export(tmp_path / "out", ExportOptions(json=True, vtt=True, output=to))
    assert sorted(path.name for path in to.iterdir()) == ["slides.json", "slides.vtt"]
    assert done.files == (to / "slides.json", to / "slides.vtt")
    for slide in index.read(to).slides:
        assert np.array_equal(pages.read(to / slide.file), pages.pixels(slide.id))


def test_without_a_word_pdf_and_index_are_made(tmp_path: Path) -> None:
    write(tmp_path / "out", finished=True)
    assert [file.name for file in export(tmp_path / "out").files] == ["slides.json", "slides.pdf"]


def shown(folder: Path) -> list[tuple[int, int, list[float]]]:
    return [(s.number, s.id, [visit.start for visit in s.visits]) for s in index.read(folder).slides]


def test_laxer_settings_make_one_slide_of_two_and_leave_the_journal_as_it_is(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"))
    for slide, seed in ((1, 7), (2, 8), (3, 7)):  # the third looks like the first, and was told apart
        harness.push(pages.page(slide, 10 * slide, seed=seed, size=(320, 180)))
        harness.event(pages.visit_end(10 * slide + 5))
    harness.eos()
    exact = {"hash": "dhash", "distance": 0, "confirm": "none"}
    done = export(tmp_path / "out", ExportOptions(pdf=True, json=True, output=tmp_path / "to", dedup=exact))
    assert done.slides == 2
    assert shown(tmp_path / "to") == [(1, 1, [10.0, 30.0]), (2, 2, [20.0])]
    with pikepdf.open(tmp_path / "to" / "slides.pdf") as pdf:
        assert len(pdf.pages) == 2
    assert shown(tmp_path / "out") == [(1, 1, [10.0]), (2, 2, [20.0]), (3, 3, [30.0])]
    with Journal(tmp_path / "out" / "journal.sqlite") as journal:
        assert len(journal.slides()) == 3


def test_no_hash_groups_nothing(tmp_path: Path) -> None:
    write(tmp_path / "out", finished=True)
    assert export(tmp_path / "out", ExportOptions(json=True, dedup={"hash": "none"})).slides == 3


@pytest.mark.parametrize(
    ("settings", "words"), [({"builds": "final"}, "cannot be grouped by 'builds'"), ({"distance": -1}, "distance")]
)
def test_settings_that_dedup_does_not_take_are_named(tmp_path: Path, settings: dict[str, object], words: str) -> None:
    write(tmp_path / "out", finished=True)
    with pytest.raises(ConfigError, match=words):
        export(tmp_path / "out", ExportOptions(json=True, dedup=settings))


def lecture(root: Path) -> Path:
    """Slides at 2 and 20 s, a mark between, a recording that begins at 1 s; open."""
    folder = create(root, "Analysis II", 1_795_000_000_000_000_000)
    data = {"lecture": folder.name, "folder": str(folder), "zero_ns": 0}
    harness = Harness(Exporter)
    harness.event(Event(EventKind.LECTURE_START, 0, data))
    harness.push(pages.page(1, 2))
    harness.event(pages.visit_end(15))
    harness.push(pages.page(2, 20))
    harness.eos()
    with opened(folder) as journal:
        journal.add_mark(16 * SECOND_NS, 0, "Beweis")
        (folder / "segments" / "a.mp4").write_bytes(b"")
        journal.open_segment(SegmentRow("segments/a.mp4", 0, SECOND_NS, 30 * SECOND_NS, 0, 0, "complete"))
        journal.open_segment(SegmentRow("segments/b.mp4", 0, 30 * SECOND_NS, None, 0, 0, "deleted"))
    return folder


def test_captions_follow_the_recording(tmp_path: Path) -> None:
    folder = lecture(tmp_path)
    export(folder, ExportOptions(vtt=True))
    assert (folder / "slides.vtt").read_text() == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:14.000\nSlide 1\n"
    )  # the second was seen at one moment only


def test_segments_are_joined_with_a_chapter_for_each_visit_and_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def join(
        pieces: list[Piece], chapters: list[tuple[int, str]], out: Path, progress: Callable[[float], None]
    ) -> Joined:
        asked.extend([pieces, chapters])
        return Joined([out], [])

    monkeypatch.setattr("stages.media.joining.join", join)
    folder = lecture(tmp_path)
    done = export(folder, ExportOptions(video=True))
    assert done.files == (folder / "lecture.mp4",)
    assert asked == [
        [Piece(folder / "segments" / "a.mp4", SECOND_NS, True)],
        [(2 * SECOND_NS, "Slide 1"), (16 * SECOND_NS, "Beweis"), (20 * SECOND_NS, "Slide 2")],
    ]


def test_a_recording_becomes_one_film_that_plays(tmp_path: Path) -> None:
    folder = lecture(tmp_path)
    with opened(folder) as journal:
        for number, name in enumerate(("c.mp4", "d.mp4")):
            write_film(folder / "segments" / name, seconds=2)
            journal.open_segment(SegmentRow(f"segments/{name}", 0, (2 + 2 * number) * SECOND_NS, None, 0))
    done = export(folder, ExportOptions(video=True))
    assert done.skipped == (folder / "segments" / "a.mp4",)  # it is empty
    parts = [pictures(folder / "segments" / name) for name in ("c.mp4", "d.mp4")]
    assert pictures(folder / "lecture.mp4") == sum(parts)
    with av.open(str(folder / "lecture.mp4")) as film:
        assert [chapter["metadata"]["title"] for chapter in film.chapters()] == ["Slide 1"]


def test_a_result_without_a_recording_cannot_become_a_video(tmp_path: Path) -> None:
    write(tmp_path / "out", finished=True)
    with pytest.raises(OutputError, match="holds no recording"):
        export(tmp_path / "out", ExportOptions(video=True))


def test_a_lecture_that_goes_on_can_be_exported(tmp_path: Path) -> None:
    folder = create(tmp_path, "", 1)
    data = {"lecture": folder.name, "folder": str(folder), "zero_ns": 0}
    harness = Harness(Exporter)
    harness.event(Event(EventKind.LECTURE_START, 0, data))
    harness.push(pages.page(1, 2))
    done = export(folder, ExportOptions(pdf=True, json=True, output=tmp_path / "to"))
    assert done.slides == 1 and not index.read(tmp_path / "to").complete
    with pikepdf.open(tmp_path / "to" / "slides.pdf") as pdf:
        assert len(pdf.pages) == 1
    harness.stage.stop()


def test_rebuilding_does_not_touch_pictures_or_journal_rows(tmp_path: Path) -> None:
    write(tmp_path / "out", finished=False)
    partial = tmp_path / "out.partial"
    with Journal(partial / "journal.sqlite") as journal:
        before = (journal.slides(), journal.visits(), journal.captures())
    export(partial)
    with Journal(partial / "journal.sqlite") as journal:
        assert (journal.slides(), journal.visits(), journal.captures()) == before
    assert check(partial) == []
