"""The script that makes ONNX files: from a checkpoint or a seed, checked, and whole or not there at all."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

for _needed in ("torch", "onnx", "onnxscript", "onnxruntime"):
    pytest.importorskip(_needed, reason=f"{_needed} is not installed", exc_type=ImportError)

import torch  # noqa: E402

from pipeline.errors import ExitCode  # noqa: E402
from stages.segmentation.nets.checkpoints import NETS, seed_weights  # noqa: E402
from stages.segmentation.nets.patterns import patterns  # noqa: E402

SCRIPT = Path(__file__).parents[2] / "scripts" / "export_onnx"


def export(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=110)


def masks(file: Path, pictures: torch.Tensor) -> torch.Tensor:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {"image": pictures.numpy()})[0])


def test_a_checkpoint_becomes_a_file_that_gives_its_masks(tmp_path: Path) -> None:
    net = NETS["u2netp"].build()
    seed_weights(net, 3, patterns(2, 3, 64, 96))
    torch.save(net.state_dict(), tmp_path / "person.pth")
    (tmp_path / "person.onnx").write_bytes(b"an older one")
    made = export(
        "u2netp", tmp_path / "person.onnx", "--checkpoint", tmp_path / "person.pth", "--size", "96x64", "--batch", "0"
    )
    assert (made.returncode, made.stderr) == (0, "")
    assert "person.pth, 96x64, any batch, fp32" in made.stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == ["person.onnx", "person.pth"]
    pictures = patterns(3, 3, 64, 96, seed=9)
    with torch.inference_mode():
        expected = torch.sigmoid(net(pictures)[0])
    assert float((masks(tmp_path / "person.onnx", pictures) - expected).abs().max()) <= 1e-4


def test_a_seed_gives_a_random_net_of_the_size_and_batch_asked_for(tmp_path: Path) -> None:
    made = export(
        "u2netp", tmp_path / "a.onnx", "--seed", "5", "--size", "64", "--batch", "2", "--precision", "fp16", "-q"
    )
    assert (made.returncode, made.stderr) == (0, "")
    found = masks(tmp_path / "a.onnx", patterns(2, 3, 64, 64))
    assert tuple(found.shape) == (2, 1, 64, 64)
    assert 0.0 <= float(found.min()) < float(found.max()) <= 1.0


def test_a_checkpoint_of_another_net_is_refused_in_one_line(tmp_path: Path) -> None:
    torch.save(NETS["isnet-gt-encoder"].build().state_dict(), tmp_path / "other.pth")
    made = export("u2netp", tmp_path / "a.onnx", "--checkpoint", tmp_path / "other.pth")
    assert made.returncode == ExitCode.DATA
    assert len(made.stderr.splitlines()) == 1
    assert "other.pth" in made.stderr and "U2NetP" in made.stderr
    assert not (tmp_path / "a.onnx").exists()


def test_a_checkpoint_that_is_not_there_is_named(tmp_path: Path) -> None:
    made = export("u2netp", tmp_path / "a.onnx", "--checkpoint", tmp_path / "none.pth")
    assert made.returncode == ExitCode.DATA
    assert made.stderr.splitlines() == [f"export_onnx: there is no checkpoint '{tmp_path / 'none.pth'}'"]


def test_a_folder_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    made = export("u2netp", tmp_path / "no" / "a.onnx", "--seed", "1")
    assert made.returncode == ExitCode.CANT_CREATE
    assert len(made.stderr.splitlines()) == 1
    assert "no/a.onnx" in made.stderr


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("--seed", "1", "--size", "wide"), "--size"),
        (("--seed", "1", "--size", "31"), "at least 32"),
        (("--seed", "1", "--batch", "-1"), "--batch"),
        (("--seed", "1", "--checkpoint", "a.pth"), "--checkpoint"),
        ((), "--seed"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, arguments: tuple[str, ...], culprit: str) -> None:
    made = export("u2netp", tmp_path / "a.onnx", *arguments)
    assert made.returncode == 2
    assert culprit in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_nets_that_can_be_named_are_those_that_take_pictures() -> None:
    offered = runpy.run_path(str(SCRIPT))["NETS"]
    assert list(offered) == [name for name, net in NETS.items() if net.channels == 3]
