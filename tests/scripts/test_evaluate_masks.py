"""The measures of masks: known masks get the scores that can be worked out by hand, bad folders one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

pytest.importorskip("py_sod_metrics", reason="pysodmetrics is not installed", exc_type=ImportError)

from pipeline.errors import ExitCode

if TYPE_CHECKING:
    from mask_measures import Scores

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def measures(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import mask_measures

    return mask_measures


def person(shift: int = 0, size: tuple[int, int] = (60, 80)) -> np.ndarray:
    """A rectangle, 20 px high and 30 wide."""
    plane = np.zeros(size, bool)
    plane[20:40, 25 + shift : 55 + shift] = True
    return plane


def scored(measures: Any, *pairs: tuple[np.ndarray, np.ndarray]) -> Scores:
    scoring = measures.Scoring()
    for mask, truth in pairs:
        scoring.add(mask.astype(np.float64), truth)
    found: Scores = scoring.scores()
    return found


def test_the_truth_itself_scores_best(measures: Any) -> None:
    found = scored(measures, (person(), person()))
    assert (found.max_f, found.weighted_f, found.s, found.boundary_f, found.iou) == pytest.approx((1.0,) * 5, abs=1e-6)
    assert found.e > 0.99
    assert found.mae == 0.0


def test_a_shifted_mask_gets_what_can_be_worked_out(measures: Any) -> None:
    found = scored(measures, (person(shift=10), person()))
    assert found.iou == pytest.approx(20 / 40)
    assert found.mae == pytest.approx(2 * 10 * 20 / (60 * 80))
    assert found.max_f == pytest.approx(2 / 3)  # precision and recall are both two thirds


def test_beta_squared_weighs_precision_over_recall(measures: Any) -> None:
    half = person()
    half[30:] = False
    found = scored(measures, (half, person()))
    assert found.max_f == pytest.approx(1.3 * 1.0 * 0.5 / (0.3 * 1.0 + 0.5))


def test_every_measure_gets_worse_the_further_off_the_mask_is(measures: Any) -> None:
    near, far = (scored(measures, (person(shift), person())) for shift in (2, 15))
    for name in ("max_f", "weighted_f", "s", "e", "boundary_f", "iou"):
        assert getattr(near, name) > getattr(far, name), name
    assert near.mae < far.mae


def test_a_boundary_within_three_pixels_is_right_and_one_further_off_is_not(measures: Any) -> None:
    assert measures.relaxed_boundary_f(person(shift=3), person()) == 1.0
    assert measures.relaxed_boundary_f(person(shift=4), person()) < 1.0
    assert measures.relaxed_boundary_f(np.zeros((60, 80), bool), person()) == 0.0


def test_faint_noise_where_nobody_is_is_not_stretched_into_a_person(measures: Any) -> None:
    noise = np.random.default_rng(1).uniform(0.0, 0.02, (60, 80))
    found = scored(measures, (person(), person()), (noise, np.zeros((60, 80), bool)))
    assert (found.pictures, found.empty) == (2, 1)
    assert found.mae < 0.01
    assert found.iou == 1.0  # of the picture with a person alone


def test_with_falling_thresholds_recall_rises_to_all(measures: Any) -> None:
    fading = np.linspace(0.0, 1.0, 80) * np.ones((60, 80))
    found = scored(measures, (fading, person()))
    assert len(found.precision) == len(found.recall) == 256
    assert found.recall == sorted(found.recall)
    assert (found.recall[0], found.recall[-1]) == (0.0, 1.0)
    assert found.precision[-1] == pytest.approx(20 * 30 / (60 * 80))


def test_correcting_the_truth_costs_no_click_and_a_hole_in_it_costs_some(measures: Any) -> None:
    pierced = person(size=(120, 160))
    truth = pierced.copy()
    pierced[20:40, 33:47] = False
    costs = []
    for mask in (truth, pierced):
        scoring = measures.Scoring(with_hce=True)
        scoring.add(mask.astype(np.float64), truth)
        costs.append(scoring.scores().hce)
    assert costs[0] == 0.0
    assert costs[1] > 0.0


def test_nothing_but_empty_truth_cannot_be_measured(measures: Any) -> None:
    with pytest.raises(ValueError, match="none of 1"):
        scored(measures, (person(), np.zeros((60, 80), bool)))


def evaluate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / "evaluate_masks", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=110)


def write(file: Path, mask: np.ndarray) -> None:
    file.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(file), mask.astype(np.uint8) * 255)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        write(tmp_path / "truth" / f"{name}.png", person())
        write(tmp_path / "same" / f"{name}.bmp", person())
        write(tmp_path / "shifted" / f"{name}.png", person(shift=10))
    return tmp_path


def test_each_folder_is_a_row_in_the_table_and_in_the_json(folders: Path) -> None:
    done = evaluate("--truth", folders / "truth", folders / "same", folders / "shifted", "--json", folders / "a.json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = done.stdout.splitlines()[2:]
    assert rows[0].startswith(f"| {folders / 'same'} | 2 | 0 | 1.000 |")
    assert rows[1].endswith("| 0.500 |")
    told = json.loads((folders / "a.json").read_text())
    assert told[str(folders / "shifted")]["iou"] == pytest.approx(0.5)
    assert len(told[str(folders / "same")]["precision"]) == 256


def test_curves_go_through_their_points_each_in_a_colour_of_its_own(folders: Path) -> None:
    plot = folders / "curves.png"
    done = evaluate("--truth", folders / "truth", folders / "same", folders / "shifted", "--plot", plot, "--hce")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].endswith("| HCE |")
    drawn = cv2.imread(str(plot))
    assert drawn is not None
    blue, orange = (178, 114, 0), (0, 94, 213)
    assert tuple(drawn[60 + 300, 60 + 600]) == blue  # recall 1, precision 0.5: on the way down to the last threshold
    assert tuple(drawn[60 + 200, 60 + 400]) == orange  # both two thirds


def test_a_mask_of_another_size_is_resized_to_the_truth(folders: Path) -> None:
    for file in (folders / "same").iterdir():
        large = cv2.resize(person().astype(np.uint8), (160, 120), interpolation=cv2.INTER_NEAREST)
        write(file, large)
    done = evaluate("--truth", folders / "truth", folders / "same")
    assert done.stdout.splitlines()[2].endswith("| 1.000 |")


def test_a_mask_that_is_missing_is_named(folders: Path) -> None:
    (folders / "same" / "two.bmp").unlink()
    done = evaluate("--truth", folders / "truth", folders / "same")
    assert done.returncode == ExitCode.NO_INPUT
    assert len(done.stderr.splitlines()) == 1
    assert "no mask for 1 of 2" in done.stderr and "two" in done.stderr


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_damaged_picture_is_named(folders: Path, content: bytes) -> None:
    (folders / "same" / "two.bmp").write_bytes(content)
    done = evaluate("--truth", folders / "truth", folders / "same")
    assert done.returncode == ExitCode.DATA
    assert "two.bmp" in done.stderr.splitlines()[-1]


def test_two_pictures_of_one_name_are_refused(folders: Path) -> None:
    write(folders / "same" / "two.png", person())
    done = evaluate("--truth", folders / "truth", folders / "same")
    assert done.returncode == ExitCode.DATA
    assert "two.bmp" in done.stderr and "two.png" in done.stderr


def test_a_folder_that_is_not_there_or_has_no_pictures_is_named(folders: Path) -> None:
    (folders / "void").mkdir()
    for name, told in (("nowhere", "there is no folder"), ("void", "has no pictures")):
        done = evaluate("--truth", folders / "truth", folders / name)
        assert done.returncode == ExitCode.NO_INPUT
        assert told in done.stderr and name in done.stderr
