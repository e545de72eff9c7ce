"""The scoring on truths made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stages.tuning.scoring import score
from stages.tuning.truth import Truth


def truth(tmp_path: Path, *slides: dict[str, Any], ignore: tuple[tuple[float, float], ...] = ()) -> Truth:
    path = tmp_path / "a.truth.json"
    skipped = [{"start": start, "end": end} for start, end in ignore]
    path.write_text(json.dumps({"slides": list(slides), "ignore": skipped}))
    return Truth.read(path)


def test_every_slide_found_once_is_a_perfect_score(tmp_path: Path) -> None:
    made = truth(tmp_path, {"start": 0, "end": 10}, {"start": 11, "end": 20})
    assert score(made, [5.0, 15.0]).f1 == 1.0


def test_half_a_second_of_slack_and_no_more(tmp_path: Path) -> None:
    made = truth(tmp_path, {"start": 10, "end": 20})
    assert [score(made, [time]).found for time in (9.4, 9.5, 20.5, 20.6)] == [0, 1, 1, 0]


def test_a_second_hit_is_a_duplicate_and_costs_precision(tmp_path: Path) -> None:
    scored = score(truth(tmp_path, {"start": 0, "end": 10}), [1.0, 2.0, 3.0])
    assert (scored.pages, scored.found, scored.duplicates) == (3, 1, 2)
    assert scored.f1 == pytest.approx(0.5)


def test_an_incomplete_slide_is_a_hit_only_when_lenient(tmp_path: Path) -> None:
    made = truth(tmp_path, {"start": 10, "end": 20, "partial_from": 2})
    assert score(made, [5.0]).f1 == 0.0
    assert score(made, [5.0], strict=False).f1 == 1.0


def test_a_page_in_an_ignored_stretch_counts_for_nothing(tmp_path: Path) -> None:
    made = truth(tmp_path, {"start": 10, "end": 20}, ignore=((0, 5),))
    assert score(made, [2.0, 15.0]).f1 == 1.0


def test_tolerated_captures_are_no_duplicates(tmp_path: Path) -> None:
    made = truth(tmp_path, {"start": 0, "end": 10, "tolerated_captures": 2})
    assert score(made, [1.0, 2.0]).f1 == 1.0
    assert score(made, [1.0, 2.0, 3.0]).duplicates == 1


def test_an_optional_slide_costs_nothing_found_or_missed(tmp_path: Path) -> None:
    made = truth(tmp_path, {"start": 0, "end": 1, "optional": True}, {"start": 5, "end": 9})
    assert score(made, [6.0]).f1 == score(made, [0.5, 6.0]).f1 == 1.0


def test_where_there_are_no_slides_one_page_is_tolerated(tmp_path: Path) -> None:
    made = truth(tmp_path)
    assert [score(made, times).f1 for times in ([], [3.0], [3.0, 4.0])] == [1.0, 1.0, 0.0]


def test_no_pages_at_all_score_nothing(tmp_path: Path) -> None:
    assert score(truth(tmp_path, {"start": 0, "end": 9}), []).f1 == 0.0
