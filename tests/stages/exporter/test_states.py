"""Earlier states of a slide: files of their own that stay, and a list of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pages
import pikepdf
from crashes import Restarted

from pipeline.frame import Frame
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.model import Index
from stages.exporting import ExportOptions, check, export
from stages.journal import FILE_NAME, Journal
from stages.regrouping import regroup


def grown(slide: int, at_s: float, seed: int) -> Frame:
    frame = pages.page(slide, at_s, "grown", seed=seed)
    page: Any = frame.meta["page"]
    return replace(frame, meta={**frame.meta, "page": {**page, "keeps": True}})


def written(tmp_path: Path) -> Path:
    """Slide 1 in three states, slide 2 in one."""
    harness = Harness(Exporter, location=str(tmp_path / "out"))
    harness.caps(pages.CAPS)
    for frame in (pages.page(1, 1, seed=11), grown(1, 3, 12), grown(1, 5, 13), pages.page(2, 9)):
        harness.push(frame)
    harness.eos()
    return tmp_path / "out"


def states(made: Index) -> list[list[tuple[int, str, float]]]:
    return [[(state.version, state.file, state.pts) for state in slide.states] for slide in made.slides]


def test_every_state_is_a_file_and_the_last_of_them_is_the_slide(tmp_path: Path) -> None:
    out = written(tmp_path)
    made = index.read(out)
    assert states(made) == [
        [
            (1, "slides/slide-0001.png", 1.0),
            (2, "slides/slide-0001-2.png", 3.0),
            (3, "slides/slide-0001-3.png", 5.0),
        ],
        [],
    ]
    last = made.slides[0].states[-1]
    assert (last.file, last.sha256, last.bytes) == (
        made.slides[0].file,
        made.slides[0].sha256,
        (out / last.file).stat().st_size,
    )
    for state, seed in zip(made.slides[0].states, (11, 12, 13), strict=True):
        assert (pages.read(out / state.file) == pages.pixels(seed)).all()
    with pikepdf.open(out / "slides.pdf") as pdf:
        assert len(pdf.pages) == 2


def test_a_state_that_is_not_to_be_kept_is_removed_as_before(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.caps(pages.CAPS)
    harness.push(pages.page(1, 1, seed=11))
    harness.push(pages.page(1, 3, "grown", seed=12))
    harness.eos()
    assert states(index.read(tmp_path / "out")) == [[]]
    assert [path.name for path in (tmp_path / "out" / "slides").iterdir()] == ["slide-0001-2.png"]


def test_a_process_that_goes_on_leaves_the_earlier_states_where_they_are(tmp_path: Path) -> None:
    Restarted.number = 0
    first = Harness(Restarted, location=str(tmp_path / "out"))
    first.push(pages.page(1, 1, seed=11))
    first.push(grown(1, 3, 12))
    first.stage.stop()
    Restarted.number = 1
    again = Harness(Restarted, location=str(tmp_path / "out"))
    for frame in (pages.page(1, 1, seed=11), grown(1, 3, 12), grown(1, 5, 13)):
        again.push(frame)
    again.eos()
    assert again.ledger.dropped["repeated"] == 2
    assert [len(each) for each in states(index.read(tmp_path / "out"))] == [3]
    assert check(tmp_path / "out") == []


def test_a_state_that_was_changed_is_found(tmp_path: Path) -> None:
    out = written(tmp_path)
    (out / "slides" / "slide-0001-2.png").write_bytes(b"something else")
    (line,) = check(out)
    assert "slide-0001-2.png' was changed" in line


def test_an_export_elsewhere_leads_to_the_states(tmp_path: Path) -> None:
    out = written(tmp_path)
    export(out, ExportOptions(json=True, output=tmp_path / "other"))
    for state in index.read(tmp_path / "other").slides[0].states:
        assert (tmp_path / "other" / state.file).is_file()


def test_slides_that_are_grouped_anew_keep_their_states(tmp_path: Path) -> None:
    out = written(tmp_path)
    with Journal(out / FILE_NAME) as journal:
        made = index.load(journal)
    assert states(regroup(out, made, {"distance": 0, "confirm": "none"})) == states(made)
