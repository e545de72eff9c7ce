"""The speed benchmark: its ratios and verdicts from figures that are known, and one short run."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("speed_table", SCRIPTS / "speed_table.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["speed_table"] = made
    spec.loader.exec_module(made)
    return made


def figures(table: ModuleType, **ours: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"wall_s": [10.0, 12.0, 11.0], "cpu_s": [1.0] * 3, "first_s": [1.5, 1.0, 1.2]}
    known |= {"peak_pss": 500 << 20, "long_peak_pss": 520 << 20}
    return {
        "decode": table.Result("decode", "", [8.0, 9.0, 8.8], [1.0] * 3),
        "plain-knn": table.Result("plain-knn", "", [40.0, 36.0, 44.0], [1.0] * 3),
        "slidetap-knn": table.Result("slidetap-knn", "", **(known | ours)),
    }


def test_every_target_is_judged_by_the_median_of_the_rounds_ratios(table: ModuleType) -> None:
    judged = table.verdicts(figures(table))
    assert [verdict.measured for verdict in judged] == ["4.00", "0.80", "500 MiB", "1.04", "1.20"]
    assert all(verdict.met for verdict in judged)


@pytest.mark.parametrize(
    ("index", "ours"),
    [
        (0, {"wall_s": [20.0, 20.0, 20.0]}),
        (1, {"wall_s": [13.0, 13.0, 13.0]}),
        (2, {"peak_pss": 1 << 30, "long_peak_pss": 1 << 30}),
        (3, {"long_peak_pss": 560 << 20}),
        (4, {"first_s": [2.1, 2.1, 2.1]}),
    ],
)
def test_a_target_that_was_missed_is_called_missed(table: ModuleType, index: int, ours: dict[str, Any]) -> None:
    assert table.verdicts(figures(table, **ours))[index].met is False


def test_what_was_not_measured_is_neither_met_nor_missed(table: ModuleType) -> None:
    failed = figures(table, wall_s=[9.0], peak_pss=0, long_peak_pss=0, first_s=[], failure="exit code 70: gone")
    assert [verdict.met for verdict in table.verdicts(failed)] == [None] * 5
    text = table.report(list(failed.values()), {"name": "a.mp4", "text": "", "seconds": 60.0}, "a machine", 3)
    assert "**Not measured**: exit code 70: gone" in text


def test_a_short_run_measures_and_writes_its_figures(tmp_path: Path) -> None:
    lecture = tmp_path / "a.mp4"
    made = ("--size", "160x90", "--duration", "2", "-q")
    subprocess.run([sys.executable, SCRIPTS / "make_lecture", lecture, *made], check=True)
    command: list[str | Path] = [
        *(sys.executable, SCRIPTS / "bench_speed", lecture, "--rounds", "1", "--cache-dir", tmp_path / "cache"),
        *("--only", "decode", "plain-knn", "slidetap-knn", "--slidetap", tmp_path / "none"),
        *("--json", tmp_path / "speed.json", "--check"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    read = {result["name"]: result for result in json.loads((tmp_path / "speed.json").read_text())["results"]}
    assert len(read["decode"]["wall_s"]) == len(read["plain-knn"]["wall_s"]) == 1
    assert read["decode"]["peak_pss"] > 0
    assert "cannot be started" in read["slidetap-knn"]["failure"]
    again = subprocess.run(
        [sys.executable, SCRIPTS / "speed_table.py", tmp_path / "speed.json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert again.stdout == done.stdout
