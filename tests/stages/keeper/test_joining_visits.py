"""Visits around a gap and in it become one timeline."""

from __future__ import annotations

from stages.journal import GapRow, VisitRow
from stages.keeper.joining_visits import Part, joined

S = 10**9
GAP = GapRow(1, "analysis", 10 * S, 20 * S, "bgsub")


def timeline(
    live: list[tuple[int, float, float | None]], parts: list[tuple[int, float, float]]
) -> list[tuple[int, float, float | None, int | None]]:
    """Slides with seconds; the ids of live visits count from 1."""
    rows = [
        VisitRow(number, slide, 0, round(start * S), None if end is None else round(end * S))
        for number, (slide, start, end) in enumerate(live, 1)
    ]
    found = joined(rows, GAP, [Part(slide, round(start * S), round(end * S)) for slide, start, end in parts])
    return [(each.slide, each.start_ns / S, each.end_ns and each.end_ns / S, each.visit) for each in found]


def test_without_anything_found_nothing_changes() -> None:
    assert timeline([(1, 5, 25)], []) == []


def test_a_slide_that_was_shown_throughout_has_one_visit() -> None:
    assert timeline([(1, 5, 25)], [(1, 10, 20)]) == [(1, 5, 25, 1)]


def test_a_live_visit_is_cut_out_of_a_gap_in_which_something_else_was_shown() -> None:
    assert timeline([(1, 5, 25)], [(2, 12, 18)]) == [(1, 5, 10, 1), (2, 12, 18, None), (1, 20, 25, None)]


def test_one_that_began_in_the_gap_by_mistake_begins_after_it() -> None:
    live: list[tuple[int, float, float | None]] = [(3, 8, 9.8), (3, 12, 22.5)]
    assert timeline(live, [(3, 10, 18), (4, 18.2, 20)]) == [(3, 8, 18, 1), (4, 18.2, 20, None), (3, 20, 22.5, 2)]


def test_what_seemed_to_last_until_the_view_was_looked_at_again_was_left_in_the_gap() -> None:
    live: list[tuple[int, float, float | None]] = [(3, 11.9, 12.3), (3, 12.6, 20.1), (4, 20.3, 28.9)]
    rows = [VisitRow(n, slide, 0, round(s * S), round((e or 0) * S)) for n, (slide, s, e) in enumerate(live, 1)]
    found = joined(rows, GAP, [Part(3, 10 * S, 18 * S), Part(4, 18 * S, 20 * S)])
    assert [(each.slide, each.start_ns / S, each.end_ns, each.visit, each.absorbed) for each in found] == [
        (3, 10, 18 * S, 1, [2]),
        (4, 18, round(28.9 * S), 3, []),
    ]


def test_what_goes_on_up_to_the_gap_goes_on_in_it() -> None:
    assert timeline([(1, 5, 9.8)], [(1, 10, 15)]) == [(1, 5, 15, 1)]


def test_a_visit_that_lasts_still_lasts() -> None:
    assert timeline([(1, 20.1, None)], [(1, 15, 20)]) == [(1, 15, None, 1)]


def test_visits_far_from_the_gap_are_left_alone() -> None:
    assert timeline([(1, 0, 5), (1, 25, 30)], [(2, 12, 18)]) == [(2, 12, 18, None)]
