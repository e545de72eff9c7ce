"""Lectures with interruptions: gaps, new connections, restarts of all that is around, and another lecture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pages
import pytest
from watching import CLOCK, WALL, ZERO, Watching, at, begin, connected, end, gaps, lost, page, said, visits

from pipeline.frame import SECOND_NS, Event, EventKind
from pipeline.testing import Harness
from stages.exporter import index
from stages.journal import SegmentRow
from stages.lecture import create, looked_at, opened


def test_a_gap_ends_the_visit_and_the_slide_shown_after_it_has_another(watching: Harness, folder: Path) -> None:
    connected(watching, 0)
    begin(watching, folder)
    page(watching, 1, 2)
    lost(watching, 10, "stalled")
    lost(watching, 10, "stalled")
    connected(watching, 14, 1, 2)
    page(watching, 1, 15, "same")
    assert gaps(folder) == [(10, 14, "stalled")]
    assert visits(folder) == [(1, 2, 10), (1, 15, None)]


def test_a_frame_ends_a_gap_too(watching: Harness, folder: Path) -> None:
    connected(watching, 0)
    begin(watching, folder)
    lost(watching, 10)
    page(watching, 1, 15, start_s=14)
    assert gaps(folder) == [(10, 14, "lost")]


def test_a_new_connection_without_a_gap_makes_one_from_the_last_time_that_is_known(
    watching: Harness, folder: Path
) -> None:
    connected(watching, 0)
    begin(watching, folder)
    page(watching, 1, 2)
    with opened(folder) as journal:
        journal.open_segment(SegmentRow("segments/a.mp4", 0, 0, 9 * SECOND_NS, 0))
        journal.open_segment(SegmentRow("segments/b.mp4", 1, 20 * SECOND_NS, 21 * SECOND_NS, 0))
    connected(watching, 20, 1, 2)
    assert gaps(folder) == [(9, 20, "unknown")]
    assert visits(folder) == [(1, 2, 9)]


def test_a_lecture_that_begins_before_the_source_is_there_begins_with_a_gap(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    connected(watching, 4)
    assert gaps(folder) == [(0, 4, "unknown")]


def test_a_connection_from_before_the_lecture_is_no_gap(watching: Harness, folder: Path) -> None:
    at(-500)
    watching.event(Event(EventKind.EPOCH, 3 * SECOND_NS, {"epoch": 0, "wall_ns": 1}))
    at(0)
    begin(watching, folder)
    page(watching, 1, 2)
    assert gaps(folder) == [] and visits(folder) == [(1, 2, None)]


def test_a_restarted_exporter_is_told_what_it_knew_and_goes_on(folder: Path) -> None:
    first = Harness(Watching)
    connected(first, 0)
    begin(first, folder)
    page(first, 1, 2)
    page(first, 2, 5)
    first.stage.stop()  # as good as killed: the journal is the same
    second = Harness(Watching)
    begin(second, folder)
    second.event(Event(EventKind.EPOCH, 0, {"epoch": 0, "wall_ns": 1}))
    page(second, 2, 5)  # was not acknowledged
    second.event(pages.visit_end(7))
    page(second, 3, 9)
    assert second.ledger.dropped == {"repeated": 1}
    assert gaps(folder) == [] and visits(folder) == [(1, 2, 5), (2, 5, 7), (3, 9, None)]
    second.stage.stop()


@pytest.mark.parametrize("drained", [True, False])
@pytest.mark.parametrize("connected_first", [True, False])
def test_a_restarted_daemon_goes_on_with_the_lecture_after_a_gap(
    folder: Path, drained: bool, connected_first: bool
) -> None:
    first = Harness(Watching)
    connected(first, 0, 0, 1)
    begin(first, folder)
    page(first, 1, 2)
    page(first, 1, 8, "same")
    if drained:
        first.eos()
        assert not index.read(folder).complete and looked_at(folder).state == "open"
        assert visits(folder) == [(1, 2, 8)]
    else:
        first.stage.stop()
    second = Harness(Watching)
    at(60)
    if connected_first:
        second.event(Event(EventKind.EPOCH, 0, {"epoch": 0, "wall_ns": 2}))  # epochs count anew
        begin(second, folder)
    else:
        begin(second, folder)
        connected(second, 60, 0, 2)
    page(second, 1, 63, "same")
    assert gaps(folder) == [(8, 60, "unknown")]
    assert visits(folder) == [(1, 2, 8), (1, 63, None)]
    end(second, folder, 70)
    assert [(v.start, v.end) for v in index.read(folder).slides[0].visits] == [(2, 8), (63, 70)]
    second.stage.stop()


def test_slides_are_in_order_of_lecture_time_also_if_epochs_count_anew(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    page(watching, 1, 10, epoch=3)
    page(watching, 2, 20, epoch=0)
    end(watching, folder, 30)
    assert [slide.id for slide in index.read(folder).slides] == [1, 2]


def test_what_comes_late_of_an_earlier_lecture_does_not_touch_the_new_one(watching: Harness, tmp_path: Path) -> None:
    old, new = create(tmp_path, "old", WALL), create(tmp_path, "new", WALL)
    begin(watching, old)
    page(watching, 1, 100)
    end(watching, old, 200)
    begin(watching, new, ZERO + 200 * SECOND_NS)
    CLOCK.advance(2)
    watching.push(pages.page(1, 1))
    watching.event(pages.visit_end(199))
    watching.event(Event(EventKind.GAP, 199 * SECOND_NS, {"reason": "lost"}))
    watching.push(pages.page(2, 198))
    watching.event(Event(EventKind.LECTURE_STOP, 200 * SECOND_NS, {"lecture": old.name}))
    assert visits(new) == [(1, 1, None)] and gaps(new) == []
    assert watching.ledger.dropped == {"earlier-lecture": 1}
    assert visits(old) == [(1, 100, 200)]


def test_another_lecture_ends_the_one_that_nobody_ended(watching: Harness, tmp_path: Path) -> None:
    old, new = create(tmp_path, "old", WALL), create(tmp_path, "new", WALL)
    begin(watching, old)
    page(watching, 1, 100)
    begin(watching, new, ZERO + 100 * SECOND_NS)
    assert (looked_at(old).state, looked_at(new).state) == ("closed", "open")
    assert [m.data["state"] for m in said(watching, "lecture")] == ["open", "closed", "open"]


def test_a_gap_that_lasts_to_the_end_ends_there(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    page(watching, 1, 2)
    lost(watching, 5)
    end(watching, folder, 30)
    assert gaps(folder) == [(5, 30, "lost")] and visits(folder) == [(1, 2, 5)]
    (gap,) = index.read(folder).gaps
    assert (gap.kind, gap.start, gap.end, gap.filled) == ("source", 5.0, 30.0, False)


def test_a_slide_whose_id_is_taken_gets_another_and_keeps_it(folder: Path) -> None:
    """Dedup was restarted while slide 2 was on its way to the journal, and counts on from 1."""
    first = Harness(Watching)
    begin(first, folder)
    page(first, 1, 1)
    page(first, 2, 2)
    page(first, 2, 10, seed=33)
    page(first, 1, 12, "revisit")
    page(first, 2, 14, "revisit")
    assert visits(folder) == [(1, 1, 2), (2, 2, 10), (3, 10, 12), (1, 12, 14), (3, 14, None)]
    assert np.array_equal(pages.read(folder / "slides" / "slide-0003.png"), pages.pixels(33))
    first.stage.stop()
    second = Harness(Watching)
    begin(second, folder)
    page(second, 2, 20, "grown", seed=34)
    assert visits(folder)[-1] == (3, 14, None)
    second.stage.stop()


def test_a_restarted_dedup_calls_slides_by_the_ids_that_they_have_in_the_journal(
    watching: Harness, folder: Path
) -> None:
    begin(watching, folder)
    page(watching, 1, 1)
    page(watching, 1, 2, seed=22)  # is 2 in the journal
    page(watching, 2, 3, seed=33)  # is 3
    page(watching, 2, 4, "revisit", recalled=3)
    page(watching, 4, 5, recalled=3)
    assert [slide for slide, _, _ in visits(folder)] == [1, 2, 3, 2, 4]
