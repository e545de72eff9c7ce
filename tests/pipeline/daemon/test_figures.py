"""Numbers that stages tell, right and wrong ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.daemon.figures import MOST_FIGURES, Figures
from pipeline.daemon.snapshot import Figure


def test_the_newest_value_counts() -> None:
    figures = Figures()
    figures.hear("a", {"lag_seconds": 1})
    figures.hear("b", {"lag_seconds": 3})
    figures.hear("a", {"lag_seconds": 0.5})
    assert figures.all() == (Figure("lag_seconds", "a", 0.5), Figure("lag_seconds", "b", 3.0))
    assert figures.value("lag_seconds") == 3.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "1", None, True, b"1", 10**400])
def test_what_is_no_finite_number_is_left_out_and_said(value: object) -> None:
    figures = Figures()
    (problem,) = figures.hear("a", {"lag_seconds": value})  # type: ignore[dict-item]
    assert "'lag_seconds'" in problem
    assert figures.all() == ()


@pytest.mark.parametrize("name", ["", "Lag", "lag-seconds", "1st", "x" * 65, "lag\n", "lag_bucket", 'a{b="c"}'])
def test_what_is_no_name_is_left_out_and_said(name: str) -> None:
    figures = Figures()
    assert len(figures.hear("a", {name: 1})) == 1
    assert figures.all() == ()


def test_a_stage_that_is_always_wrong_is_told_once() -> None:
    figures = Figures()
    assert [len(figures.hear("a", {"x": math.nan})) for _ in range(3)] == [1, 0, 0]


def test_they_do_not_grow_without_end() -> None:
    figures = Figures()
    problems = [figures.hear("a", {f"x{number}": number}) for number in range(MOST_FIGURES + 50)]
    assert len(figures.all()) == MOST_FIGURES
    assert sum(len(problem) for problem in problems) == 1
    figures.hear("a", {"x0": 7})
    assert figures.value("x0") == 7


def test_with_its_process_a_stages_gauges_go_and_its_counters_stay() -> None:
    figures = Figures()
    figures.hear("a", {"lag_seconds": 1, "reconnects_total": 2})
    figures.forget("a")
    assert figures.all() == (Figure("reconnects_total", "a", 2.0),)


@given(st.dictionaries(st.text(max_size=10), st.floats() | st.integers() | st.text(max_size=5) | st.none()))
def test_whatever_a_stage_tells_what_is_kept_is_finite(data: dict[str, float | str | None]) -> None:
    figures = Figures()
    figures.hear("a", data)
    assert all(math.isfinite(figure.value) for figure in figures.all())
