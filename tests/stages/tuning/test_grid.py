"""What is tried: the usual grid, grids of one's own, and keys and values that no stage has."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from pipeline.stage import validated
from stages.presets import PRESETS
from stages.tuning.grid import KINDS, Candidate, grid


def test_each_preset_comes_first_as_it_is_and_no_candidate_comes_twice() -> None:
    made = grid([])
    methods = list(dict.fromkeys(candidate.method for candidate in made))
    assert methods[0] == "default"
    assert {"knn", "frame_diff"} < set(methods)
    for method in methods:
        assert next(c for c in made if c.method == method) == Candidate(method)
    checked = [[validated(KINDS[stage], given) for stage, given in c.properties().items()] for c in made]
    assert all(checked.count(each) == 1 for each in checked)


def test_the_usual_grid_moves_both_percents_together() -> None:
    knn = [candidate.properties()["trigger"] for candidate in grid([]) if candidate.method == "knn"]
    assert len(knn) == 5
    for trigger in knn:
        start, settle = trigger["start_percent"], trigger["settle_percent"]
        assert isinstance(start, float) and isinstance(settle, float)
        assert start / settle == pytest.approx(15, rel=0.01)


def test_sweeps_make_all_combinations_of_the_default() -> None:
    made = grid(["start_percent=0.1,0.3", "dedup.distance=10, 20"])
    assert {candidate.method for candidate in made} == {"default"}
    assert [dict(candidate.settings) for candidate in made] == [
        {},
        {"trigger.start_percent": 0.1, "dedup.distance": 10},
        {"trigger.start_percent": 0.1, "dedup.distance": 20},
        {"trigger.start_percent": 0.3, "dedup.distance": 10},
        {"trigger.start_percent": 0.3, "dedup.distance": 20},
    ]


def test_a_sweep_of_methods_takes_the_other_sweeps_for_each() -> None:
    made = grid(["method=knn,gmg", "start_percent=0.7"])
    assert [(c.method, len(c.settings)) for c in made] == [("knn", 0), ("knn", 1), ("gmg", 0), ("gmg", 1)]


def test_what_equals_the_preset_is_not_tried_again() -> None:
    value = PRESETS["default"]["trigger"]["start_percent"]
    assert grid([f"start_percent={value}"]) == [Candidate("default")]


def test_changes_count_what_is_not_as_in_the_preset() -> None:
    assert Candidate("knn", (("trigger.start_percent", 0.15), ("trigger.settle_percent", 0.02))).changes == 1


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ("start_percent", "is no sweep"),
        ("start_percent=", "is no sweep"),
        ("start_percnt=1", "did you mean 'start_percent'"),
        ("nothing_like_it=1", "slidetap inspect STAGE"),
        ("decoder.rate=5", "no stage 'decoder' to tune"),
        ("trigger.method=knn", "trigger has no property 'method'"),
        ("method=knm", "'knm' is no method"),
        ("start_percent=101", "'start_percent' = 101"),
        ("policy=never", "'policy' = 'never'"),
        ("bgsub.history=5", "method"),
    ],
)
def test_what_cannot_be_tried_is_said_before_anything_is_decoded(sweep: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        grid([sweep])
    assert said in str(caught.value)


def test_a_key_swept_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="swept twice"):
        grid(["start_percent=1", "trigger.start_percent=2"])


def test_too_many_combinations_are_refused() -> None:
    many = ",".join(str(n / 10) for n in range(1, 60))
    with pytest.raises(ConfigError, match="more than 2000 combinations"):
        grid([f"start_percent={many}", f"settle_percent={many}"])
