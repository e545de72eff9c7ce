"""Which result is best, and how all of them are shown."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from rich.console import Console

from stages.tuning import plot
from stages.tuning.grid import Candidate
from stages.tuning.results import Result, Series, bars, best, scored, series, summary, table
from stages.tuning.scoring import Score
from stages.tuning.truth import Slide, Truth

S = 10**9
PRESET = Candidate("default")
OTHER = Candidate("default", (("trigger.start_percent", 0.7),))


def result(candidate: Candidate, found: int, pages: int = 4, lenient: int = 4, duplicates: int = 0) -> Result:
    return Result(candidate, Score(pages, found, 4, duplicates), Score(pages, lenient, 4, duplicates), pages)


def test_times_become_scores_of_their_candidates() -> None:
    truth = Truth((Slide(0, 10, 0, 1, False), Slide(20, 30, 12, 1, False)), ())
    first, second = scored(truth, [PRESET, OTHER], [[5 * S, 15 * S], [5 * S, 25 * S]])
    assert (first.candidate, first.strict.f1, first.lenient.f1) == (PRESET, 0.5, 1.0)
    assert (second.candidate, second.strict.f1, second.slides) == (OTHER, 1.0, 2)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (result(OTHER, found=3), result(PRESET, found=2)),
        (result(OTHER, found=3, lenient=4), result(PRESET, found=3, lenient=3)),
        (result(OTHER, found=3), result(PRESET, found=3, duplicates=1)),
        (result(PRESET, found=3), result(OTHER, found=3)),
    ],
)
def test_strict_f1_then_lenient_then_duplicates_then_the_preset_decide(better: Result, worse: Result) -> None:
    assert best([worse, better]) is better
    assert best([better, worse]) is better


def test_a_series_has_the_best_of_each_value_and_the_preset_at_its_own() -> None:
    also = Candidate("default", (("trigger.start_percent", 0.7), ("trigger.settle_time", 1.0)))
    found = [result(PRESET, 4), result(OTHER, 1), result(also, 2)]
    (made,) = series(found)
    assert made == Series("default", "trigger.start_percent", ((0.2, 1.0), (0.7, 0.5)))


def test_a_method_of_which_nothing_was_swept_has_no_series() -> None:
    assert series([result(PRESET, 4)]) == []


def test_bars_are_as_long_as_f1_is_high() -> None:
    text = bars([Series("knn", "trigger.start_percent", ((0.1, 1.0), (0.25, 0.5), (0.5, 0.0)))])
    head, *lines = text.splitlines()
    assert head == "knn: strict F1 by trigger.start_percent"
    assert [line.count("█") for line in lines] == [32, 16, 0]
    assert [line.split()[-1] for line in lines] == ["1.00", "0.50", "0.00"]


def test_the_table_begins_with_the_best() -> None:
    console = Console(width=200)
    with console.capture() as said:
        console.print(table([result(PRESET, 1), result(OTHER, 4)]))
    head, first, second = said.get().splitlines()
    assert "strict F1" in head and "duplicates" in head
    assert "start_percent=0.7" in first and "1.00" in first
    assert "as it is" in second and "0.25" in second


def test_the_summary_says_what_was_found_of_what() -> None:
    assert "3 of 4 slides on 5 pages, 1 duplicates" in summary(result(PRESET, 3, pages=5, duplicates=1), 9)


def test_the_plot_has_a_panel_for_each_series_and_a_higher_line_for_a_higher_f1(tmp_path: Path) -> None:
    high = Series("knn", "trigger.start_percent", ((0.1, 1.0), (0.2, 1.0)))
    low = Series("gmg", "trigger.policy", (("delay", 0.1), ("settle", 0.1)))
    plot.write(tmp_path / "a.png", [high, low])
    drawn = cv2.imread(str(tmp_path / "a.png"))
    assert drawn is not None
    half = drawn.shape[0] // 2
    of_line = (drawn.astype(int)[..., 0] - drawn.astype(int)[..., 2]) > 100  # it is blue
    rows = [of_line[:half].any(axis=1).nonzero()[0].mean(), of_line[half:].any(axis=1).nonzero()[0].mean()]
    assert rows[0] < half / 3 < 2 * half / 3 < rows[1]
