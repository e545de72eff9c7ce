"""The scoring rule, on truths made by hand."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def rule() -> ModuleType:
    spec = importlib.util.spec_from_file_location("slide_truth", SCRIPTS / "slide_truth.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["slide_truth"] = made
    spec.loader.exec_module(made)
    return made


def truth(
    rule: ModuleType, tmp_path: Path, *slides: dict[str, Any], ignore: tuple[tuple[float, float], ...] = ()
) -> Any:
    path = tmp_path / "a.truth.json"
    skipped = [{"start": start, "end": end} for start, end in ignore]
    path.write_text(json.dumps({"slides": list(slides), "ignore": skipped}))
    return rule.Truth.read(path)


def test_every_slide_found_once_is_a_perfect_score(rule: ModuleType, tmp_path: Path) -> None:
    made = truth(rule, tmp_path, {"start": 0, "end": 10}, {"start": 11, "end": 20})
    assert rule.score(made, [5.0, 15.0]).f1 == 1.0


def test_half_a_second_of_slack_and_no_more(rule: ModuleType, tmp_path: Path) -> None:
    made = truth(rule, tmp_path, {"start": 10, "end": 20})
    assert [rule.score(made, [time]).found for time in (9.4, 9.5, 20.5, 20.6)] == [0, 1, 1, 0]


def test_a_second_hit_is_a_duplicate_and_costs_precision(rule: ModuleType, tmp_path: Path) -> None:
    score = rule.score(truth(rule, tmp_path, {"start": 0, "end": 10}), [1.0, 2.0, 3.0])
    assert (score.pages, score.found, score.duplicates) == (3, 1, 2)
    assert score.f1 == pytest.approx(0.5)


def test_an_incomplete_slide_is_a_hit_only_when_lenient(rule: ModuleType, tmp_path: Path) -> None:
    made = truth(rule, tmp_path, {"start": 10, "end": 20, "partial_from": 2})
    assert rule.score(made, [5.0]).f1 == 0.0
    assert rule.score(made, [5.0], strict=False).f1 == 1.0


def test_a_page_in_an_ignored_stretch_counts_for_nothing(rule: ModuleType, tmp_path: Path) -> None:
    made = truth(rule, tmp_path, {"start": 10, "end": 20}, ignore=((0, 5),))
    assert rule.score(made, [2.0, 15.0]).f1 == 1.0


def test_tolerated_captures_are_no_duplicates(rule: ModuleType, tmp_path: Path) -> None:
    made = truth(rule, tmp_path, {"start": 0, "end": 10, "tolerated_captures": 2})
    assert rule.score(made, [1.0, 2.0]).f1 == 1.0
    assert rule.score(made, [1.0, 2.0, 3.0]).duplicates == 1


def test_an_optional_slide_costs_nothing_found_or_missed(rule: ModuleType, tmp_path: Path) -> None:
    made = truth(rule, tmp_path, {"start": 0, "end": 1, "optional": True}, {"start": 5, "end": 9})
    assert rule.score(made, [6.0]).f1 == rule.score(made, [0.5, 6.0]).f1 == 1.0


def test_where_there_are_no_slides_one_page_is_tolerated(rule: ModuleType, tmp_path: Path) -> None:
    made = truth(rule, tmp_path)
    assert [rule.score(made, times).f1 for times in ([], [3.0], [3.0, 4.0])] == [1.0, 1.0, 0.0]


def test_no_pages_at_all_score_nothing(rule: ModuleType, tmp_path: Path) -> None:
    assert rule.score(truth(rule, tmp_path, {"start": 0, "end": 9}), []).f1 == 0.0
