"""The live benchmark: what is worked out from figures that are known. It is run for real where it is documented."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from onlooker import config

SCRIPTS = Path(__file__).parents[2] / "scripts"
S = 1_000_000_000


@pytest.fixture(autouse=True)
def scripts_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def figures() -> ModuleType:
    return importlib.import_module("live_figures")


@pytest.fixture
def table() -> ModuleType:
    return importlib.import_module("live_table")


def view(figures: ModuleType, slide: int, calm_s: float, end_s: float) -> Any:
    return figures.View(slide, round(calm_s * S), round(end_s * S))


def at(*seconds: float) -> list[int]:
    return [round(each * S) for each in seconds]


def test_a_delay_runs_from_the_calm_of_a_view_to_its_slide(figures: ModuleType) -> None:
    views = [view(figures, 0, 10, 20), view(figures, 1, 20, 30)]
    found = figures.delays(at(10.75, 21.5), views)
    assert found == figures.Delays((0.75, 1.5), (), 0)


def test_a_view_without_a_slide_is_missed_and_a_second_slide_of_one_is_extra(figures: ModuleType) -> None:
    views = [view(figures, 4, 10, 20), view(figures, 5, 20, 30), view(figures, 6, 30, 40)]
    found = figures.delays(at(10.5, 12, 31), views)
    assert found == figures.Delays((0.5, 1.0), (5,), 1)


def test_a_slide_long_after_its_view_had_gone_is_extra(figures: ModuleType) -> None:
    assert figures.delays(at(26), [view(figures, 0, 10, 20)]) == figures.Delays((), (0,), 1)


def test_the_first_slide_and_what_came_to_rest_too_late_are_not_judged(figures: ModuleType) -> None:
    views = [view(figures, n, 10 * n, 10 * n + 10) for n in range(5)]
    found = figures.judged(at(3, 11, 21, 41, 43), views, end_ns=42 * S)
    assert found == figures.Delays((1.0, 1.0), (3,), 0)


def test_a_slide_of_a_view_that_came_to_rest_before_the_first_slide_was_durable_is_none_too_many(
    figures: ModuleType,
) -> None:
    views = [view(figures, n, 10 * n, 10 * n + 10) for n in range(5)]
    found = figures.judged(at(11, 12.5, 21, 31, 41), views, end_ns=42 * S)
    assert found == figures.Delays((1.0, 1.0), (), 0)


def test_without_any_slide_all_are_missed(figures: ModuleType) -> None:
    assert figures.judged([], [view(figures, 2, 0, 10)], 20 * S).missed == (2,)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 95, None),
        ([3.0], 50, 3.0),
        ([1.0, 2.0], 50, 1.0),
        ([2.0, 1.0, 3.0], 50, 2.0),
        (list(range(1, 101)), 95, 95),
    ],
)
def test_percentiles_are_nearest_ranks(
    figures: ModuleType, values: list[float], percent: float, expected: float | None
) -> None:
    assert figures.percentile(values, percent) == expected


def test_drops_are_what_links_and_the_decoder_lost_and_not_what_is_left_out_by_design(figures: ModuleType) -> None:
    ledger = {
        "decoder": {"dropped": {"rate": 600, "stale": 2}, "lost_pictures": 0},
        "decoder.frames-bgsub": {"dropped": {"leaky": 3}},
        "bgsub-trigger": {"dropped": {}},
        "trigger": {"dropped": {"calm": 250}, "lost_pictures": 1},
        "dedup": {"dropped": {"same": 4}},
        "recorder": {"dropped": {"no-time": 1}},
        "decoder.packets-recorder": {"dropped": {"overflow": 5}},
    }
    assert figures.dropped(ledger) == {"decoder: stale": 2, "decoder.frames-bgsub: leaky": 3, "trigger: pictures": 1}
    assert figures.unrecorded(ledger) == {"recorder: no-time": 1, "decoder.packets-recorder: overflow": 5}


def test_shares_are_cpu_seconds_a_second_of_what_ran_all_the_time(figures: ModuleType) -> None:
    assert figures.shares({"a": 1.0, "gone": 5.0}, {"a": 3.0, "new": 1.0}, 4.0) == {"a": 0.5}


@pytest.fixture
def one(table: ModuleType) -> Any:
    return table.Result(
        streams=1, seconds=60.0, delays_s=[0.6, 0.7, 0.8], missed=0, extra=0, dropped={}, cores={"decoder": 0.25},
        camera_cores=0.01, analysed=600, recorded_bytes=1000,
    )  # fmt: skip


def test_the_streams_that_are_carried_are_those_before_the_first_drop(table: ModuleType, one: Any) -> None:
    lossy = {"decoder.frames-bgsub: leaky": 1}
    results = [one, replace(one, streams=2), replace(one, streams=3, dropped=lossy), replace(one, streams=4)]
    assert table.carries(results) == 2
    assert "| streams carried before the first drop | 2 | met |" in table.verdicts(results, 0.5)
    assert table.carries([replace(one, dropped=lossy)]) == 0


@pytest.mark.parametrize(
    ("held", "lost", "following"),
    [
        ([], [], 1), ([1], [], 2), ([1, 2, 4], [], 8), ([1, 2, 4, 8], [], 10), ([1, 2, 10], [], None), ([], [1], None),
        ([1, 2, 4], [8], 6), ([1, 2, 4, 6], [8], 7), ([4, 6, 7], [8], None), ([4], [6, 8], 5), ([4, 7], [6, 8], 5),
    ],
)  # fmt: skip
def test_the_number_of_streams_is_doubled_and_then_closed_in_on(
    table: ModuleType, one: Any, held: list[int], lost: list[int], following: int | None
) -> None:
    results = [replace(one, streams=n) for n in held] + [replace(one, streams=n, dropped={"a: b": 1}) for n in lost]
    assert table.next_streams(results, 1, 10) == following


def test_no_end_is_claimed_where_none_was_found(table: ModuleType, one: Any) -> None:
    failed = replace(one, streams=2, failures=["exit code 70: gone"])
    for results in ([one], [one, failed]):
        assert "| streams carried before the first drop | at least 1 |  |" in table.verdicts(results, 0.5)


def test_the_delay_is_judged_by_the_settle_time(table: ModuleType, one: Any) -> None:
    slow = replace(one, delays_s=[1.6])
    assert any("0.80 s | met |" in line for line in table.verdicts([one], 0.5))
    assert any("1.60 s | missed |" in line for line in table.verdicts([slow], 0.5))
    assert any("1.60 s | met |" in line for line in table.verdicts([slow], 0.7))


def test_what_failed_is_called_not_measured(table: ModuleType, one: Any) -> None:
    failed = replace(one, failures=["exit code 70: gone"])
    assert "**not measured**: exit code 70: gone" in table.report([failed], "film", "machine", 0.5)
    assert table.carries([failed]) == 0


def test_a_report_can_be_made_again_from_its_file(table: ModuleType, one: Any, tmp_path: Path) -> None:
    told = ([one], "1920x1080", "a machine", 0.5)
    (tmp_path / "live.json").write_text(table.to_json(*told))
    again = subprocess.run(
        [sys.executable, SCRIPTS / "live_table.py", tmp_path / "live.json"], check=True, capture_output=True, text=True
    )
    assert again.stdout == table.report(*told) + "\n"


def test_the_config_has_the_recorder_beside_the_analysis(tmp_path: Path) -> None:
    read = tomllib.loads(config(tmp_path, {"uri": "rtsp://127.0.0.1:1/live", "rate": 10.0}))
    stages = {stage["name"]: stage for stage in read["stage"]}
    assert list(stages) == ["decoder", "bgsub", "trigger", "dedup", "exporter", "recorder"]
    assert stages["recorder"]["after"] == "decoder.packets"
    assert stages["bgsub"]["leaky"] == "downstream"
    assert stages["decoder"]["properties"] == {"uri": "rtsp://127.0.0.1:1/live", "rate": 10.0}


def test_fused_stages_share_a_process_and_the_recorder_may_be_left_out(tmp_path: Path) -> None:
    told = tomllib.loads(config(tmp_path, {"uri": "rtsp://a"}, ("decoder", "bgsub"), recorded=False))
    assert [stage.get("process") for stage in told["stage"]] == ["fused", "fused", None, None, None]
    assert "recorder" not in {stage["name"] for stage in told["stage"]}


def test_frames_that_mode_keyframes_leaves_out_are_not_lost(figures: ModuleType) -> None:
    ledger = {"decoder": {"dropped": {"unchanged": 50, "keyframes": 9, "behind": 1}}}
    assert figures.dropped(ledger) == {"decoder: behind": 1}
