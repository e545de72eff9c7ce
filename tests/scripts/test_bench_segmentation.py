"""The benchmark of masks: its ratios and verdicts from figures that are known, its processes, and one short run."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
MS = 1_000_000


@pytest.fixture(autouse=True)
def scripts_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def table() -> ModuleType:
    return importlib.import_module("segmentation_table")


@pytest.fixture
def asking() -> ModuleType:
    return importlib.import_module("segmentation_asking")


def network(folder: Path, side: int = 320) -> Path:
    """A network that is a convolution of the first channel and a sigmoid."""
    onnx = pytest.importorskip("onnx", reason="makes the network of this test")
    pytest.importorskip("onnxruntime", reason="runs the network of this test")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w"], ["sum"]), helper.make_node("Sigmoid", ["sum"], ["mask"])],
        "tiny",
        [helper.make_tensor_value_info("image", kind, ["n", 3, side, side])],
        [helper.make_tensor_value_info("mask", kind, ["n", 1, side, side])],
        [helper.make_tensor("w", kind, (1, 3, 1, 1), [1.0, 0.0, 0.0])],
    )
    path = folder / "u2netp-fp32.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def figures(table: ModuleType, device: str = "cpu", batch: int = 1, **ns: list[int]) -> list[Any]:
    case = table.Case("u2netp", "fp32", batch, device, 40.0)
    return [table.Result(case, name, ns=[[each * MS] for each in took]) for name, took in ns.items()]


def test_ratios_are_taken_round_by_round(table: ModuleType) -> None:
    # The machine was busy in the second round: both took five times as long.
    session, stage = figures(table, session=[100, 500, 100], stage=[110, 550, 111])
    assert table.ratio(stage, session) == pytest.approx(1.1)
    assert stage.ms == 111


def test_the_cpus_targets_are_judged(table: ModuleType) -> None:
    judged = table.verdicts(figures(table, session=[100], stage=[114], rembg=[172]))
    assert [(each.measured, each.met) for each in judged] == [("1.140", True), ("1.51", True)]
    judged = table.verdicts(figures(table, session=[100], stage=[116], rembg=[172]))
    assert [each.met for each in judged] == [False, False]


def test_a_gpu_has_targets_of_its_own(table: ModuleType) -> None:
    results = figures(table, "cuda", session=[10], stage=[11], rembg=[30])
    results[1].apart = 2.5
    judged = table.verdicts(results)
    assert [each.met for each in judged] == [True, False, False]
    assert judged[1].target.endswith("at least 3 x rembg")
    assert judged[2].measured == "2.50"


def test_what_did_not_run_is_neither_met_nor_missed_and_says_why(table: ModuleType) -> None:
    results = figures(table, session=[100], stage=[110], rembg=[])
    results[2].failure = "rembg cannot be installed: no network"
    assert [each.met for each in table.verdicts(results)] == [True, None]
    text = table.report(results, "a machine", {"u2netp": 1}, ["CUDA: there is no NVIDIA driver"])
    assert "**Not measured**: rembg cannot be installed: no network" in text
    assert text.endswith("Not run:\n\n* CUDA: there is no NVIDIA driver")


def test_the_share_of_peak_is_of_the_card_and_the_precision(table: ModuleType) -> None:
    case = table.Case("u2netp", "fp32", 8, "cuda", 40.0)
    assert table.of_peak(case, 6.4, "NVIDIA H100 80GB HBM3, driver 1") == pytest.approx(
        50 / 495
    )  # 8 * 40 GFLOP, 6.4 ms
    assert table.of_peak(case, 6.4, "NVIDIA A100-SXM4-80GB, driver 1") == pytest.approx(50 / 156)
    assert table.of_peak(case, 6.4, "a card nobody knows") is None
    assert table.of_peak(table.Case("u2netp", "fp32", 8, "cpu", 40.0), 6.4, "NVIDIA H100") is None


def test_convolutions_are_counted(tmp_path: Path) -> None:
    flops = importlib.import_module("segmentation_flops")
    assert flops.gflop(network(tmp_path), 320) == pytest.approx(2 * 3 * 320 * 320 / 1e9)


def test_a_contestant_answers_until_it_is_closed(asking: ModuleType, tmp_path: Path) -> None:
    job = {"model": network(tmp_path), "net": "u2netp"}
    with asking.Process([sys.executable], "slidetap", job) as process:
        assert process.device == "cpu"
        assert all(each > 0 for each in process.took("stage", 2))
        process.save(tmp_path / "masks.npy")
        assert np.load(tmp_path / "masks.npy").shape == (1, 320, 320)


def test_a_contestant_that_cannot_run_says_why(asking: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(asking.NotRunError, match="there is no model"):
        asking.Process([sys.executable], "slidetap", {"model": tmp_path / "none.onnx", "net": "u2netp"})
    with pytest.raises(asking.NotRunError, match="cannot be started: No such file"):
        asking.Process([tmp_path / "python"], "slidetap", {"model": tmp_path / "none.onnx", "net": "u2netp"})


def test_a_contestant_that_dies_is_a_reason_and_no_end(asking: ModuleType, tmp_path: Path) -> None:
    job = {"model": network(tmp_path), "net": "u2netp"}
    with asking.Process([sys.executable], "bare", job) as process:
        os.kill(process.pid, 9)
        with pytest.raises(asking.NotRunError, match="it ended with exit code -9"):
            process.took("run", 1)


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return path


def test_memory_and_name_of_a_gpu_are_read_from_its_tool(
    asking: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (asking.gpu_name(), asking.gpu_memory(12)) == ("", 0)
    answers = {"--query-gpu": "NVIDIA H100 80GB HBM3, 580.1\n", "--query-compute-apps": "7, 100\n12, 300\n13, [N/A]\n"}
    program(tmp_path, "nvidia-smi", f"import sys; print({answers}[sys.argv[1].partition('=')[0]], end='')")
    assert asking.gpu_name() == "NVIDIA H100 80GB HBM3, driver 580.1"
    assert asking.gpu_memory(12) == 300 << 20
    assert asking.gpu_memory(13) == 0


def pretender(folder: Path) -> Path:
    """A Python that runs contestants as if CUDA were there."""
    body = (
        "import json, sys\n"
        "import numpy as np\n"
        "kind, job = sys.argv[2], json.loads(sys.argv[3])\n"
        "print(json.dumps({'device': job['device'], 'about': kind}), flush=True)\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    if 'save' in asked:\n"
        "        shade = 0.5 if job['device'] == 'cpu' else 0.5 + 1 / 255\n"
        "        np.save(asked['save'], np.full((job['batch'], 4, 4), shade, np.float32))\n"
        "        print(json.dumps({'saved': asked['save']}), flush=True)\n"
        "    else:\n"
        "        ms = {'session': 10, 'stage': 11, 'run': 12, 'predict': 40, 'forward': 50}[asked['work']]\n"
        "        print(json.dumps({'ns': [ms * 1000000] * asked['calls']}), flush=True)\n"
    )
    return program(folder, "python", body)


def test_a_run_with_cuda_takes_every_batch_and_precision_and_compares_the_masks(tmp_path: Path) -> None:
    python = pretender(tmp_path)
    for precision in ("fp32", "fp16"):
        network(tmp_path).rename(tmp_path / f"u2netp-{precision}.onnx.new")
    for precision in ("fp32", "fp16"):
        (tmp_path / f"u2netp-{precision}.onnx.new").rename(tmp_path / f"u2netp-{precision}.onnx")
    command: list[str | Path] = [
        *(sys.executable, SCRIPTS / "bench_segmentation", "--nets", "u2netp", "--device", "cuda", "--rounds", "2"),
        *("--models", tmp_path, "--python", python, "--rembg-python", python, "--torch-python", python),
        *("--json", tmp_path / "masks.json", "--check"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    read = json.loads((tmp_path / "masks.json").read_text())
    found = {(one["case"]["precision"], one["case"]["batch"], one["name"]): one for one in read["results"]}
    assert {(precision, batch) for precision, batch, _ in found} == {
        (precision, batch) for precision in ("fp32", "fp16") for batch in (1, 8, 32)
    }
    assert found["fp32", 32, "stage"]["apart"] == pytest.approx(1.0, abs=1e-3)
    assert "u2netp fp32, batch 1, cuda: at least 3 x rembg | 3.64 | met" in done.stdout
    assert ("fp32", 8, "rembg") not in found  # it takes one at a time
    assert ("fp16", 1, "PyTorch") not in found


def test_a_short_run_on_the_cpu_says_what_was_not_run(tmp_path: Path) -> None:
    network(tmp_path)
    command: list[str | Path] = [
        *(sys.executable, SCRIPTS / "bench_segmentation", "--nets", "u2netp", "--rounds", "2", "--models", tmp_path),
        *("--rembg-python", tmp_path / "none", "--json", tmp_path / "masks.json"),
    ]
    no_gpu = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=no_gpu)
    assert done.returncode == 0, done.stderr
    assert f"**Not measured**: '{tmp_path}/none' cannot be started" in done.stdout
    assert "* CUDA (each network" in done.stdout
    assert "* PyTorch: no Python that has it was named (--torch-python)" in done.stdout
    read = {result["name"]: result for result in json.loads((tmp_path / "masks.json").read_text())["results"]}
    assert len(read["session"]["ns"]) == len(read["stage"]["ns"]) == 2
    again = subprocess.run(
        [sys.executable, SCRIPTS / "segmentation_table.py", tmp_path / "masks.json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert again.stdout == done.stdout
