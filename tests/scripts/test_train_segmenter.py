"""Training: nets learn what they should, on drawn people and held-out lectures; and runs that stop go on.

U2-NetP is the real one, in pictures of 64 px. Where only the course of a run matters, the nets are narrow.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest
from drawn_people import write_pairs

pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)

import torch
from narrow_nets import put_in_place

from pipeline.errors import ExitCode
from stages.segmentation.nets.checkpoints import NETS, load_weights

SCRIPTS = Path(__file__).parents[2] / "scripts"
SCRIPT = SCRIPTS / "train_segmenter"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    write_pairs(folder, {"train": 60, "val": 12})
    return folder


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    put_in_place(monkeypatch)


def call(*arguments: str | Path) -> int:
    """The script, in this process."""
    code: int = runpy.run_path(str(SCRIPT))["main"]([str(each) for each in arguments])
    return code


def log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def weights(file: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(file, weights_only=True)["model"]
    return found


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


TINY = ("--size", "48", "--crop", "48", "--samples", "8", "--batch", "4", "--checks", "6", "--threads", "1", "-q")


# what is learned


@pytest.fixture(scope="module")
def run(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """U2-NetP after a minute of training, by the script as it is called."""
    out = tmp_path_factory.mktemp("runs") / "u2netp"
    command: list[str | Path] = [sys.executable, SCRIPT, "u2netp", out, "--pairs", people]
    command += ["--size", "64", "--crop", "64", "--schedule", "cosine", "--checks", "48"]
    command += ["--epochs", "4", "--samples", "240", "--batch", "6", "--rate", "2e-3", "--mix", "15,15,60,10"]
    # Two threads that share a core with other tests wait for each other more than they work.
    command += ["--average", "0.9", "--threads", "1"]
    made = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stderr
    return out


@pytest.mark.timeout(360)
def test_u2netp_learns_to_find_people_in_lectures_that_it_has_not_seen(run: Path) -> None:
    lines = log(run)
    losses = [line["loss"] for line in lines]
    assert losses[-1] == min(losses) < 0.6 * losses[0]
    valid = lines[-1]["valid"]
    # People who stand are a tenth of a lecture: who marks everything, or nothing, has no IoU like this.
    assert valid["plain"] > 0.65 and valid["standing"] > 0.25
    assert valid["empty"] < 0.02
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4] and lines[-1]["seen"] == 960


@pytest.mark.timeout(360)
def test_there_is_a_picture_of_predictions_for_each_epoch(run: Path) -> None:
    names = sorted(file.name for file in run.glob("*.jpg"))
    assert names == [f"epoch_{number:03d}.jpg" for number in (1, 2, 3, 4)]
    picture = cv2.imread(str(run / names[-1]))
    assert picture is not None and picture.shape == (8 * 160, 8 * 160, 3)
    truth, found = picture[:160, 160:320].mean(), picture[:160, 320:480].mean()
    assert abs(truth - found) < 25


@pytest.mark.timeout(360)
def test_export_onnx_takes_the_weights(run: Path, tmp_path: Path) -> None:
    for needed in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(needed, reason=f"{needed} is not installed", exc_type=ImportError)
    command: list[str | Path] = [sys.executable, SCRIPTS / "export_onnx", "u2netp", tmp_path / "a.onnx"]
    command += ["--checkpoint", run / "best.pth", "--size", "64"]
    made = subprocess.run(command, check=False, capture_output=True, text=True, timeout=110)
    assert (made.returncode, made.stderr) == (0, "")
    assert (tmp_path / "a.onnx").stat().st_size > 1_000_000
    load_weights(NETS["u2netp"].build(), run / "last.pth")  # all that export_onnx does with a checkpoint


@pytest.mark.usefixtures("narrow")
def test_isnet_learns_in_two_stages_and_comes_nearer_to_the_features_of_masks(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "isnet"
    options = (*TINY, "--samples", "72", "--batch", "6", "--rate", "5e-3", "--encoder-epochs", "5", "--epochs", "5")
    assert call("isnet", out, "--pairs", people, *options) == ExitCode.OK
    encoder, net = log(out / "encoder"), log(out)
    assert encoder[-1]["net"] == "isnet-gt-encoder" and encoder[-1]["feature_loss"] is None
    assert encoder[-1]["loss"] < 0.5 * encoder[0]["loss"]
    assert encoder[-1]["valid"]["plain"] > 0.85  # it was shown the masks
    features = [line["feature_loss"] for line in net]
    assert features == sorted(features, reverse=True) and features[-1] < 0.7 * features[0]
    assert net[-1]["loss"] - features[-1] < 0.9 * (net[0]["loss"] - features[0])
    assert net[-1]["valid"]["plain"] > 0.5


# how a run goes on


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("average", ["0", "0.9"])
def test_a_run_that_goes_on_ends_as_one_that_was_not_stopped(people: Path, tmp_path: Path, average: str) -> None:
    through, stopped = tmp_path / "through", tmp_path / "stopped"
    options = ("--pairs", people, *TINY, "--average", average)
    assert call("u2netp", through, *options, "--epochs", "3") == ExitCode.OK
    assert call("u2netp", stopped, *options, "--epochs", "1") == ExitCode.OK
    assert not same(weights(through / "last.pth"), weights(stopped / "last.pth"))
    assert call("u2netp", stopped, *options, "--epochs", "3", "--resume") == ExitCode.OK
    assert same(weights(through / "last.pth"), weights(stopped / "last.pth"))
    assert same(weights(through / "best.pth"), weights(stopped / "best.pth"))
    ours, theirs = log(through), log(stopped)
    assert [{**line, "seconds": 0} for line in ours] == [{**line, "seconds": 0} for line in theirs]


@pytest.mark.usefixtures("narrow")
def test_threads_that_compose_change_nothing_and_another_seed_does(people: Path, tmp_path: Path) -> None:
    for name, more in (("alone", ()), ("helped", ("--workers", "3")), ("other", ("--seed", "5"))):
        options = ("--pairs", people, *TINY, "--epochs", "1", *more)
        assert call("u2netp", tmp_path / name, *options) == ExitCode.OK
    alone, helped, other = (weights(tmp_path / name / "last.pth") for name in ("alone", "helped", "other"))
    assert same(alone, helped)
    assert not same(alone, other)


@pytest.mark.usefixtures("narrow")
def test_the_best_epoch_is_kept_and_what_comes_later_does_not_replace_it(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert call("u2netp", out, "--pairs", people, *TINY, "--epochs", "4", "--rate", "0.02") == ExitCode.OK
    lines = log(out)
    assert lines[0]["best"]  # the first is the best so far
    before = (out / "best.pth").read_bytes()
    last = torch.load(out / "last.pth", weights_only=True)
    torch.save({**last, "best": 2.0}, out / "last.pth")  # no score is as high
    assert call("u2netp", out, "--pairs", people, *TINY, "--epochs", "5", "--resume") == ExitCode.OK
    assert not log(out)[-1]["best"] and (out / "best.pth").read_bytes() == before


@pytest.mark.usefixtures("narrow")
def test_weights_of_another_run_are_where_training_begins(people: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert call("u2netp", first, "--pairs", people, *TINY, "--epochs", "1") == ExitCode.OK
    more = ("--weights", first / "best.pth", "--epochs", "1", "--rate", "1e-9")
    assert call("u2netp", second, "--pairs", people, *TINY, *more) == ExitCode.OK
    began, ended = weights(first / "best.pth"), weights(second / "best.pth")
    for name, value in ended.items():
        if name.endswith("conv_s1.weight"):
            assert torch.allclose(value, began[name], atol=1e-6), name


@pytest.mark.usefixtures("narrow")
def test_a_run_is_not_overwritten_unless_it_is_to_go_on(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("u2netp", tmp_path / "run", "--pairs", people, *TINY, "--epochs", "1")
    assert call(*options) == ExitCode.OK
    before = (tmp_path / "run" / "last.pth").read_bytes()
    assert call(*options) == ExitCode.CANT_CREATE
    assert "--resume" in capsys.readouterr().err
    assert (tmp_path / "run" / "last.pth").read_bytes() == before


@pytest.mark.usefixtures("narrow")
def test_a_run_of_another_seed_does_not_go_on(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("u2netp", tmp_path / "run", "--pairs", people, *TINY)
    assert call(*options, "--epochs", "1") == ExitCode.OK
    assert call(*options, "--epochs", "2", "--resume", "--seed", "1") == ExitCode.DATA
    assert "seed 0, not 1" in capsys.readouterr().err


@pytest.mark.usefixtures("narrow")
def test_a_loss_that_is_no_number_ends_the_run_and_spoils_nothing(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("u2netp", tmp_path / "run", "--pairs", people, *TINY)
    assert call(*options, "--epochs", "1") == ExitCode.OK
    before = (tmp_path / "run" / "last.pth").read_bytes()
    assert call(*options, "--epochs", "9", "--resume", "--rate", "1e30") == ExitCode.DATA
    assert "lower --rate" in capsys.readouterr().err
    assert (tmp_path / "run" / "last.pth").read_bytes() == before
    load_weights(NETS["u2netp"].build(), tmp_path / "run" / "best.pth")


@pytest.mark.usefixtures("narrow")
def test_bf16_trains_too_and_leaves_weights_in_full_precision(people: Path, tmp_path: Path) -> None:
    options = ("u2netp", tmp_path / "run", "--pairs", people, *TINY, "--epochs", "1", "--precision", "bf16")
    assert call(*options) == ExitCode.OK
    kinds = {value.dtype for value in weights(tmp_path / "run" / "best.pth").values()}
    assert kinds == {torch.float32, torch.int64}


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("--precision", "fp16", "--device", "cpu"), "fp16 needs cuda"),
        (("--encoder", "a.pth"), "--encoder is for isnet"),
        (("--size", "64", "--crop", "96"), "--crop 96"),
        (("--samples", "3", "--batch", "4"), "3 samples"),
    ],
)
def test_what_does_not_go_together_is_named(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], culprit: str
) -> None:
    assert call("u2netp", tmp_path / "run", "--pairs", people, *arguments) == ExitCode.CONFIG
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and culprit in told[0]
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("--mix", "1,2"), "four weights"),
        (("--mix", "0,0,0,0"), "four weights"),
        (("--batch", "1"), "2 or more"),
        (("--rate", "0"), "above 0"),
        (("--rate", "nan"), "a number"),
        (("--vertical-flip", "1.5"), "from 0 to 1"),
        (("--size", "16"), "at least 32"),
        (("--epochs", "0"), "1 or more"),
    ],
)
def test_a_wrong_option_is_named(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], culprit: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        call("u2netp", tmp_path / "run", "--pairs", people, *arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert culprit in told and arguments[0] in told
