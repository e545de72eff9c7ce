"""The speed benchmark: its ratios and verdicts from figures that are known, and one short run."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("speed_table")


def figures(table: ModuleType, **ours: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"wall_s": [10.0, 12.0, 11.0], "cpu_s": [1.0] * 3, "first_s": [0.9, 0.5, 0.7]}
    known |= {"peak_pss": 500 << 20, "long_peak_pss": 520 << 20}
    return {
        "decode": table.Result("decode", "", [9.0, 10.2, 10.0], [1.0] * 3),
        "plain-knn": table.Result("plain-knn", "", [40.0, 50.0, 44.0], [1.0] * 3),
        "miavisc-fck": table.Result("miavisc-fck", "", [17.0, 18.0, 16.0], [1.0] * 3),
        "slidetap-knn": table.Result("slidetap-knn", "", [10.0, 12.5, 11.0], [1.0] * 3),
        "slidetap-full": table.Result("slidetap-full", "", **(known | ours)),
        "slidetap": table.Result("slidetap", "", [0.8, 0.8, 0.8], [1.0] * 3, [0.95, 0.6, 0.8]),
    }


def test_every_target_is_judged_by_the_median_of_the_rounds_ratios(table: ModuleType) -> None:
    judged = table.verdicts(figures(table), 8.0)
    speeds = ["4.00", "0.90", "0.90", "12.50", "55.00", "21.25"]
    assert [verdict.measured for verdict in judged] == [*speeds, "500 MiB", "1.04", "0.70", "0.80"]
    assert all(verdict.met for verdict in judged)


@pytest.mark.parametrize(
    ("index", "name", "field", "value"),
    [
        (0, "slidetap-knn", "wall_s", [20.0] * 3),
        (1, "slidetap-knn", "wall_s", [16.0] * 3),
        (2, "slidetap-full", "wall_s", [13.0] * 3),
        (3, "slidetap", "wall_s", [1.1] * 3),
        (4, "slidetap", "wall_s", [0.9] * 3),
        (5, "slidetap", "wall_s", [0.9] * 3),
        (6, "slidetap-full", "peak_pss", 601 << 20),
        (7, "slidetap-full", "long_peak_pss", 560 << 20),
        (8, "slidetap-full", "first_s", [1.1] * 3),
        (9, "slidetap", "first_s", [1.1] * 3),
    ],
)
def test_a_target_that_was_missed_is_called_missed(
    table: ModuleType, index: int, name: str, field: str, value: object
) -> None:
    known = figures(table)
    setattr(known[name], field, value)
    assert table.verdicts(known, 8.0)[index].met is False


def test_of_a_file_with_few_keyframes_less_is_asked(table: ModuleType) -> None:
    known = figures(table)
    known["slidetap"].wall_s = [3.0] * 3
    assert [table.verdicts(known, gop_s)[3].met for gop_s in (2.0, 8.0, 30.0)] == [False, False, True]


def test_what_was_not_measured_is_neither_met_nor_missed(table: ModuleType) -> None:
    failed = figures(table, wall_s=[9.0], peak_pss=0, long_peak_pss=0, first_s=[], failure="exit code 70: gone")
    judged = table.verdicts({"decode": failed["decode"], "slidetap-full": failed["slidetap-full"]})
    assert [verdict.met for verdict in judged] == [None] * 10
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
