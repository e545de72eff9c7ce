from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pages
import pytest

from pipeline.frame import SECOND_NS
from stages.exporter import visits
from stages.exporter.page import Page
from stages.journal import Journal, SlideRow


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite", create=True) as opened:
        for slide in (1, 2):
            opened.add_slide(SlideRow(slide, str(slide), 1, "", 1, 1, "", 0, 0))
        yield opened


def arrive(journal: Journal, slide: int, at_s: float, decision: str, start_s: float | None = None) -> None:
    with journal.transaction():
        visits.arrive(journal, Page.of(pages.page(slide, at_s, decision, start_s=start_s)), slide)


def leave(journal: Journal, at_s: float) -> None:
    visits.leave(journal, round(at_s * SECOND_NS))


def seen(journal: Journal) -> list[tuple[int, float, float | None]]:
    return [
        (v.slide, v.start_pts_ns / SECOND_NS, None if v.end_pts_ns is None else v.end_pts_ns / SECOND_NS)
        for v in journal.visits()
    ]


def test_a_slide_shown_again_has_a_second_visit(journal: Journal) -> None:
    arrive(journal, 1, 3, "new", start_s=1)
    leave(journal, 5)
    arrive(journal, 2, 8, "new", start_s=6)
    leave(journal, 10)
    arrive(journal, 1, 13, "revisit", start_s=11)
    leave(journal, 15)
    assert seen(journal) == [(1, 1, 5), (2, 6, 10), (1, 11, 15)]


def test_the_same_slide_after_a_disturbance_goes_on_with_its_visit(journal: Journal) -> None:
    arrive(journal, 1, 3, "new", start_s=1)
    leave(journal, 5)
    arrive(journal, 1, 8, "same", start_s=6)
    assert seen(journal) == [(1, 1, None)]
    leave(journal, 9)
    assert seen(journal) == [(1, 1, 9)]
    assert [capture.decision for capture in journal.captures()] == ["new", "same"]


def test_a_visit_nobody_ended_ends_where_the_next_one_starts(journal: Journal) -> None:
    arrive(journal, 1, 3, "new", start_s=1)
    arrive(journal, 2, 8, "new", start_s=6)
    assert seen(journal) == [(1, 1, 6), (2, 6, None)]


def test_a_same_that_does_not_fit_the_last_visit_opens_one(journal: Journal) -> None:
    arrive(journal, 1, 3, "new")
    arrive(journal, 2, 8, "same")
    assert seen(journal) == [(1, 3, 8), (2, 8, None)]


def test_an_end_without_a_visit_or_after_its_end_changes_nothing(journal: Journal) -> None:
    leave(journal, 1)
    assert seen(journal) == []
    arrive(journal, 1, 3, "new")
    leave(journal, 5)
    leave(journal, 7)
    assert seen(journal) == [(1, 3, 5)]


def test_an_end_from_a_replay_before_the_open_visit_changes_nothing(journal: Journal) -> None:
    arrive(journal, 1, 3, "new")
    leave(journal, 2)
    assert seen(journal) == [(1, 3, None)]


def test_no_visit_ends_before_it_starts_or_before_its_last_capture(journal: Journal) -> None:
    arrive(journal, 1, 5, "new", start_s=5)
    arrive(journal, 2, 6, "new", start_s=4)
    visits.close(journal, 3 * SECOND_NS)
    assert seen(journal) == [(1, 5, 5), (2, 4, 6)]


def test_a_grown_slide_goes_on_with_its_visit(journal: Journal) -> None:
    arrive(journal, 1, 3, "new", start_s=1)
    leave(journal, 5)
    arrive(journal, 1, 8, "grown", start_s=6)
    assert seen(journal) == [(1, 1, None)]


def test_an_end_from_a_replay_before_a_later_capture_changes_nothing(journal: Journal) -> None:
    arrive(journal, 1, 3, "new", start_s=1)
    leave(journal, 5)
    arrive(journal, 1, 8, "same", start_s=6)
    leave(journal, 5)  # everything is sent once more; the page at 8 s will be dropped as repeated
    assert seen(journal) == [(1, 1, None)]
    leave(journal, 9)
    assert seen(journal) == [(1, 1, 9)]


@pytest.mark.parametrize("kind", ["source", "analysis"])
def test_no_visit_goes_on_across_a_gap(journal: Journal, kind: str) -> None:
    arrive(journal, 1, 3, "new", start_s=1)
    gap = journal.open_gap(kind, 5 * SECOND_NS, "lost")
    journal.close_gap(gap, 7 * SECOND_NS)
    arrive(journal, 1, 8, "same", start_s=7)
    assert seen(journal) == [(1, 1, 5), (1, 7, None)]


def test_a_visit_goes_on_while_only_the_recording_has_a_gap(journal: Journal) -> None:
    arrive(journal, 1, 3, "new", start_s=1)
    journal.open_gap("recording", 5 * SECOND_NS, "disk-full")
    arrive(journal, 1, 8, "same", start_s=7)
    assert seen(journal) == [(1, 1, None)]
