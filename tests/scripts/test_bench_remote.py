"""``scripts/bench_remote``, over a network of a few bytes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from people import finder

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "bench_remote"


def test_latency_and_throughput_are_measured_over_a_service_with_keys(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="runs the network")
    model = finder(tmp_path / "green.onnx", 32)
    command = [sys.executable, SCRIPT, model, "--rounds", "3", "--clients", "2", "--seconds", "0.2"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    near, far, apart, *rows = made.stdout.splitlines()
    assert re.fullmatch(r"one mask, cpu: \d+\.\d\d ms", near)
    assert re.search(r"one mask, remote cpu: \d+\.\d\d ms, -?\d+\.\d\d ms more", far)
    found = re.match(r"probabilities differ by (\d\.\d{3}) / 255 at most, 0 pixels", apart)
    assert found is not None and float(found[1]) <= 1.001
    clients, rate, median, *_ = (float(cell) for cell in rows[-1].strip("| ").split("|"))
    assert clients == 2 and rate > 0 and median > 0
