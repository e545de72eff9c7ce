"""Slides without who stands before them, of a conversion: files, rows, versions, and what is dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pytest
from crashes import PRESENTED, Restarted, feed

from pipeline.frame import Frame, Plane
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.hatch import hatch
from stages.exporter.model import Presenter
from stages.exporting import check

LEFT, RIGHT, MIDDLE = pages.hiding(0.0, 0.5), pages.hiding(0.5, 1.0), pages.hiding(0.25, 0.75)
EDGE = pages.hiding(0.75, 1.0)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def exporting(out: Path, **properties: Any) -> Harness:
    return Harness(Exporter, location=str(out), **{"pdf": False, **properties})


def ended(harness: Harness, out: Path) -> Presenter | None:
    """What is said of the last slide, after the end."""
    harness.eos()
    assert check(out) == []
    return index.read(out).slides[-1].presenter


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "slides").iterdir())


def shown(out: Path, presenter: Presenter | None) -> Plane:
    assert presenter is not None
    return pages.read(out / presenter.file)


def patched(*layers: tuple[Plane, Plane | None]) -> Plane:
    """Pictures one over the other where they are not hidden, on the hatch."""
    made = hatch(64, 36)
    for picture, hidden in layers:
        where = np.ones((36, 64), bool) if hidden is None else hidden == 0
        made[where] = picture[where]
    return made


def test_beside_the_picture_as_seen_there_is_one_without_the_presenter(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    presenter = ended(harness, out)
    assert names(out) == ["slide-0001-free.png", "slide-0001.png"]
    assert np.array_equal(pages.read(out / "slides" / "slide-0001.png"), pages.pixels(1))
    assert np.array_equal(shown(out, presenter), patched((pages.pixels(1), MIDDLE)))
    data = (out / "slides" / "slide-0001-free.png").read_bytes()
    assert presenter == Presenter(
        hidden_percent=50.0,
        revealed_percent=50.0,
        file="slides/slide-0001-free.png",
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        version=1,
    )


def test_a_slide_that_nobody_stands_before_is_its_own_presenter_free_picture(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), None))
    harness.push(pages.before(pages.page(2, 3), np.zeros((36, 64), np.uint8)))
    presenter = ended(harness, out)
    assert names(out) == ["slide-0001.png", "slide-0002.png"]
    (first, second) = index.read(out).slides
    assert presenter is not None and presenter == second.presenter
    assert (presenter.file, presenter.sha256, presenter.bytes) == (second.file, second.sha256, second.bytes)
    assert (presenter.hidden_percent, presenter.revealed_percent, presenter.version) == (0.0, 100.0, 0)
    assert first.presenter is not None and first.presenter.file == first.file


def test_where_nobody_looked_nothing_is_said(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.page(1, 1))
    assert ended(harness, out) is None
    assert names(out) == ["slide-0001.png"]


def test_a_mask_of_the_analysis_planes_size_hides_the_same(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), pages.hiding(0.0, 0.5, (16, 9))))
    presenter = ended(harness, out)
    assert presenter is not None
    assert np.array_equal(shown(out, presenter)[:, 36:], pages.pixels(1)[:, 36:])
    assert np.array_equal(shown(out, presenter)[:, :32], hatch(64, 36)[:, :32])


def test_reveals_come_into_the_picture_the_newest_last(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.reveal(1, 2, RIGHT, seed=5))
    harness.push(pages.reveal(1, 3, LEFT, seed=6))
    presenter = ended(harness, out)
    assert presenter is not None and presenter.revealed_percent == 100.0
    wanted = patched((pages.pixels(1), MIDDLE), (pages.pixels(5), RIGHT), (pages.pixels(6), LEFT))
    assert np.array_equal(shown(out, presenter), wanted)
    assert names(out) == ["slide-0001-free-2.png", "slide-0001.png"], "the older one is gone"


def test_of_a_reveal_that_fills_only_what_was_not_seen_is_taken(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.reveal(1, 2, RIGHT, seed=5, fill=True))
    presenter = ended(harness, out)
    assert presenter is not None and presenter.revealed_percent == 75.0
    assert np.array_equal(shown(out, presenter), patched((pages.pixels(5), RIGHT), (pages.pixels(1), MIDDLE)))


def test_a_version_is_written_when_the_slide_is_left_and_said(out: Path) -> None:
    harness = exporting(out)
    partial = out.with_name("out.partial")
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.reveal(1, 2, RIGHT))
    assert names(partial) == ["slide-0001-free.png", "slide-0001.png"]
    harness.event(pages.visit_end(3))
    assert names(partial) == ["slide-0001-free-2.png", "slide-0001.png"]
    harness.push(pages.reveal(1, 4, LEFT))
    harness.push(pages.before(pages.page(2, 5), None))
    assert "slide-0001-free-3.png" in names(partial), "another slide came"
    said = [dict(message.data) for message in harness.context.messages if message.name == "revealed"]
    assert said == [
        {"number": 1, "file": "slides/slide-0001-free.png", "revealed": 50.0},
        {"number": 1, "file": "slides/slide-0001-free-2.png", "revealed": 75.0},
        {"number": 1, "file": "slides/slide-0001-free-3.png", "revealed": 100.0},
    ]
    harness.stage.stop()


def test_a_run_that_does_not_get_to_its_end_keeps_what_was_revealed(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.reveal(1, 2, RIGHT))
    harness.stage.stop()
    partial = out.with_name("out.partial")
    (slide,) = index.read(partial).slides
    assert slide.presenter is not None and slide.presenter.revealed_percent == 75.0
    assert check(partial) == []


def alike(by: int) -> Plane:
    """``pixels(1)`` but for ``by``, which no coding could be told from."""
    return pages.pixels(1) ^ np.uint8(by)


def showing(frame: Frame, picture: Plane) -> Frame:
    return replace(frame, image=pages.picture(picture))


def test_a_slide_that_grows_shows_its_newest_state_and_what_that_hides_as_it_was_seen(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(showing(pages.reveal(1, 2, EDGE), alike(1)))
    harness.push(pages.before(showing(pages.page(1, 3, "grown"), alike(2)), LEFT))
    presenter = ended(harness, out)
    wanted = patched((pages.pixels(1), MIDDLE), (alike(1), EDGE), (alike(2), LEFT))
    assert np.array_equal(shown(out, presenter), wanted)
    assert names(out) == ["slide-0001-2.png", "slide-0001-free-2.png"], "the reveal and the page are one version"


def test_what_hides_a_grown_slide_is_filled_from_its_older_picture(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), None))
    harness.push(pages.before(showing(pages.page(1, 3, "grown"), alike(2)), LEFT))
    presenter = ended(harness, out)
    assert presenter is not None and (presenter.hidden_percent, presenter.revealed_percent) == (50.0, 100.0)
    assert np.array_equal(shown(out, presenter), patched((pages.pixels(1), None), (alike(2), LEFT)))


def test_what_hides_a_slide_that_has_changed_beside_it_was_never_seen(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), None))
    harness.push(pages.before(pages.page(1, 3, "grown", seed=7), LEFT))
    presenter = ended(harness, out)
    assert presenter is not None and presenter.revealed_percent == 50.0
    assert np.array_equal(shown(out, presenter), patched((pages.pixels(7), LEFT)))


def test_a_grown_slide_that_nobody_stands_before_any_more_needs_no_second_file(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.before(pages.page(1, 3, "grown", seed=7), None))
    presenter = ended(harness, out)
    assert presenter is not None and presenter.file == "slides/slide-0001-2.png"
    assert names(out) == ["slide-0001-2.png"]


def test_a_grown_slide_of_another_size_begins_anew(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.before(pages.page(1, 3, "grown", seed=7, size=(32, 18)), LEFT))
    presenter = ended(harness, out)
    assert presenter is not None and presenter.revealed_percent < 60
    assert shown(out, presenter).shape == (18, 32, 3)


def test_a_grown_slide_in_which_nobody_looked_has_none_any_more(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.page(1, 3, "grown", seed=7))
    assert ended(harness, out) is None
    assert names(out) == ["slide-0001-2.png"]


def lost(frame: Frame) -> Frame:
    return Frame(frame.seq, frame.pts_ns, frame.caps, frame.planes, meta=frame.meta)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (pages.reveal(9, 5, RIGHT), "no-slide"),
        (pages.reveal(1, 5, RIGHT, size=(32, 18)), "other-size"),
        (pages.reveal(1, 5, MIDDLE, fill=True), "nothing-new"),
        (pages.reveal(2, 5, RIGHT), "nothing-new"),
        (pages.reveal(3, 5, RIGHT), "not-looked-for"),
        (lost(pages.reveal(1, 5, RIGHT)), "no-picture"),
    ],
)
def test_a_reveal_that_nothing_can_be_made_of_is_counted_and_changes_nothing(
    out: Path, frame: Frame, reason: str
) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.before(pages.page(2, 2), None))
    harness.push(pages.page(3, 3))
    harness.push(frame)
    assert harness.ledger.dropped == {reason: 1}
    harness.eos()
    assert names(out) == ["slide-0001-free.png", "slide-0001.png", "slide-0002.png", "slide-0003.png"]


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"no picture")])
def test_a_picture_that_somebody_spoiled_is_counted_and_no_end(out: Path, spoil: Callable[[Path], object]) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.before(pages.page(2, 3), None))
    spoil(out.with_name("out.partial") / "slides" / "slide-0001-free.png")
    harness.push(pages.reveal(1, 5, RIGHT))
    assert harness.ledger.dropped == {"unreadable": 1}
    harness.push(pages.before(pages.page(1, 7, "grown", seed=7), LEFT))
    harness.eos()
    first = index.read(out).slides[0].presenter
    assert np.array_equal(shown(out, first), patched((pages.pixels(7), LEFT)))


def test_the_same_reveal_again_does_nothing_also_when_the_slide_has_changed_since(out: Path) -> None:
    harness = exporting(out)
    first = [
        pages.before(pages.page(1, 1), MIDDLE),
        showing(pages.reveal(1, 2, EDGE), alike(1)),
        pages.before(showing(pages.page(1, 3, "grown"), alike(2)), LEFT),
    ]
    for frame in (*first, first[1], *first):
        harness.push(frame)
    presenter = ended(harness, out)
    assert harness.ledger.dropped == {"repeated": 4}
    assert presenter is not None and presenter.version == 2
    wanted = patched((pages.pixels(1), MIDDLE), (alike(1), EDGE), (alike(2), LEFT))
    assert np.array_equal(shown(out, presenter), wanted)


def test_a_page_that_shows_more_of_a_known_slide_fills_its_picture_too(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.before(pages.page(2, 3), None))
    again = pages.before(pages.page(1, 5, "revisit", fill=True, seed=5), RIGHT)
    harness.push(again)
    harness.push(again)
    harness.eos()
    assert harness.ledger.dropped == {"repeated": 1}
    first = index.read(out).slides[0]
    assert len(first.visits) == 2 and first.file == "slides/slide-0001.png"
    assert first.presenter is not None and first.presenter.version == 2
    assert np.array_equal(shown(out, first.presenter), patched((pages.pixels(5), RIGHT), (pages.pixels(1), MIDDLE)))


def test_a_page_comes_again_before_what_it_shows_was_written(tmp_path: Path) -> None:
    """The process was killed between the two; the page is known, what it shows is not."""
    out = tmp_path / "out"
    frames = [
        pages.before(pages.page(1, 1), MIDDLE),
        pages.before(pages.page(1, 5, "same", fill=True, seed=5), RIGHT),
    ]
    Restarted.number = 0
    first = Harness(Restarted, location=str(out), pdf=False)
    feed(first, list(frames))
    first.stage._mode._journal.close()  # type: ignore[attr-defined]  # killed: nothing more is written
    first.stage._mode._folder.release()  # type: ignore[attr-defined]
    Restarted.number = 1
    second = Harness(Restarted, location=str(out), pdf=False)
    feed(second, list(frames))
    presenter = ended(second, out)
    assert presenter is not None and presenter.revealed_percent == 75.0


def test_two_reveals_of_one_time_both_count(out: Path) -> None:
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), MIDDLE))
    harness.push(pages.reveal(1, 2, pages.hiding(0.4, 0.9), fill=True))
    harness.push(pages.reveal(1, 2, pages.hiding(0.0, 0.4), fill=True, seed=3))
    presenter = ended(harness, out)
    assert presenter is not None and presenter.revealed_percent == 100.0


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_no_pixel_suffers_however_often_the_picture_is_gone_on_with(out: Path, form: str) -> None:
    """Another slide comes between, so that it is read from its file each time."""
    harness = exporting(out, format=form)
    harness.push(pages.before(pages.page(1, 1), pages.hiding(0.1, 0.9)))
    for turn in range(1, 8):
        harness.push(pages.before(pages.page(1 + turn, 10 * turn), None))
        still = pages.hiding(0.1 + 0.1 * turn, 0.9)
        harness.push(pages.reveal(1, 10 * turn + 1, still, fill=True))
    harness.eos()
    presenter = index.read(out).slides[0].presenter
    assert presenter is not None and presenter.version == 8 and presenter.file.endswith("-8.png")
    assert np.array_equal(shown(out, presenter), patched((pages.pixels(1), pages.hiding(0.8, 0.9))))


def test_a_reveal_is_of_the_slide_that_dedups_id_was_given(out: Path) -> None:
    """Dedup was restarted, and calls another slide 1."""
    harness = exporting(out)
    harness.push(pages.before(pages.page(1, 1), None))
    harness.push(pages.before(pages.page(1, 5, seed=4), MIDDLE))
    harness.push(pages.reveal(1, 6, RIGHT, seed=4))
    presenter = ended(harness, out)
    assert presenter is not None and presenter.file == "slides/slide-0002-free-2.png"


def test_a_restarted_process_goes_on_from_the_file_and_the_result_is_the_same(tmp_path: Path) -> None:
    def restarted(name: str, number: int) -> Harness:
        Restarted.number = number
        return Harness(Restarted, location=str(tmp_path / name), pdf=False)

    calm = restarted("calm", 0)
    feed(calm, PRESENTED)
    calm.eos()
    first = restarted("out", 0)
    feed(first, PRESENTED[:4])
    first.stage.stop()
    second = restarted("out", 1)
    feed(second, PRESENTED)
    second.eos()
    assert second.ledger.dropped == {"repeated": 3}
    assert index.read(tmp_path / "out").slides == index.read(tmp_path / "calm").slides


def test_percent_says_all_or_nothing_only_where_it_is() -> None:
    assert [index.percent(share) for share in (0, 1e-9, 0.12344, 1 - 1e-9, 1)] == [0, 0.01, 12.34, 99.99, 100]
