"""Which device a session takes, and what it does when one fails: a CPU that says it is a GPU, and fails as one does."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pretended_gpu import GONE, NO_ROOM, Gpu

from pipeline.errors import ConfigError, ResourceError, StageError
from stages.segmentation.devices import CPU, CUDA, TENSORRT
from stages.segmentation.session import Session

onnxruntime = pytest.importorskip("onnxruntime", reason="runs the networks of these tests")

Tiny = Callable[..., Path]


def opened(path: Path, told: list[str], device: str = "auto", batch: int = 1) -> Session:
    return Session(path, device=device, batch=batch, threads=1, tell=told.append)


def fill(session: Session) -> list[float]:
    """Number the pictures; the probabilities that must come out."""
    numbers = np.linspace(-1.0, 1.0, len(session.rows), dtype=np.float32)
    session.rows[:] = 0.0
    session.rows[:, 0] = numbers[:, None, None]
    return [1.0 / (1.0 + math.exp(-each)) for each in numbers]


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_is_taken_and_nothing_is_said(tiny: Tiny, gpu: Gpu, told: list[str], device: str) -> None:
    session = opened(tiny(), told, device)
    assert (session.device, told) == ("cuda", [])
    assert [name for name, _ in gpu.providers[0]] == [CUDA, CPU]
    assert gpu.providers[0][0][1]["arena_extend_strategy"] == "kSameAsRequested"


def test_libraries_are_loaded_before_the_session_and_in_silence(
    tiny: Tiny, gpu: Gpu, told: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    opened(tiny(), told)
    assert gpu.steps[:2] == ["preload", "session"]
    assert capfd.readouterr() == ("", "")


def test_the_runtime_is_told_to_keep_its_log_to_itself(
    tiny: Tiny, gpu: Gpu, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    levels: list[int] = []
    monkeypatch.setattr(onnxruntime, "set_default_logger_severity", levels.append)
    opened(tiny(), told)
    assert levels == [4]


def test_a_runtime_without_preloading_will_do(
    tiny: Tiny, gpu: Gpu, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(onnxruntime, "preload_dlls")
    assert opened(tiny(), told).device == "cuda"


def test_tensorrt_is_taken_only_when_asked_for(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    assert opened(tiny(), told, "tensorrt").device == "tensorrt"
    looked_at, built = gpu.providers
    assert [name for name, _ in looked_at] == [CPU]  # it takes minutes to build, and that once
    assert [name for name, _ in built] == [TENSORRT, CUDA, CPU]


def test_the_cpu_is_taken_without_looking_at_the_gpu(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    assert opened(tiny(), told, "cpu").device == "cpu"
    assert gpu.steps == ["session"]
    assert told == []


@pytest.mark.parametrize("fault", [{"comes_up": False}, {"at_load": "CUDA failure 100: no CUDA-capable device"}])
def test_auto_falls_back_and_says_so_once(tiny: Tiny, gpu: Gpu, told: list[str], fault: dict[str, Any]) -> None:
    vars(gpu).update(fault)
    session = opened(tiny(), told)
    expected = fill(session)
    assert session.run(1)[0, 0, 0] == pytest.approx(expected[0])
    assert session.device == "cpu"
    assert len(told) == 1
    assert told[0].startswith("masks are made on the CPU: ")
    assert "libonnxruntime_providers_cuda.so is missing, which CUDA needs" in told[0]


@pytest.mark.parametrize("device", ["cuda", "tensorrt"])
@pytest.mark.parametrize("fault", [{"comes_up": False}, {"at_load": "CUDA failure 100: no CUDA-capable device"}])
def test_a_device_that_was_asked_for_is_refused_with_what_is_missing(
    tiny: Tiny, gpu: Gpu, told: list[str], device: str, fault: dict[str, Any]
) -> None:
    vars(gpu).update(fault)
    with pytest.raises(ConfigError, match=rf"^device '{device}' cannot be had: .*\.so is missing, which .* needs"):
        opened(tiny(), told, device)
    assert told == []


def test_a_runtime_for_the_cpu_alone_says_what_to_install(
    tiny: Tiny, gpu: Gpu, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    assert opened(tiny(), told).device == "cpu"
    assert told == [
        "masks are made on the CPU: this onnxruntime has no CUDA; install onnxruntime-gpu[cuda,cudnn] in its place"
    ]
    with pytest.raises(ConfigError, match="device 'cuda' cannot be had: this onnxruntime has no CUDA"):
        opened(tiny(), told, "cuda")


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_bad_file_is_not_blamed_on_the_gpu(tiny: Tiny, gpu: Gpu, told: list[str], device: str) -> None:
    path = tiny()
    path.write_bytes(path.read_bytes()[:50])
    gpu.at_load = "whatever the runtime says then"
    with pytest.raises(ConfigError, match=r"model 'tiny.onnx' cannot be loaded: it is no ONNX file"):
        opened(path, told, device)
    assert told == []


@pytest.mark.parametrize(("room", "left"), [(7, 4), (3, 2), (1, 1)])
def test_a_batch_too_large_for_the_gpu_is_halved(tiny: Tiny, gpu: Gpu, told: list[str], room: int, left: int) -> None:
    gpu.room = room
    session = opened(tiny(("n", 3, 24, 32)), told, "cuda", batch=8)
    assert (session.device, session.batch) == ("cuda", left)
    assert told[-1] == f"no memory for a batch on cuda; going on with {left} at once"
    expected = fill(session)
    np.testing.assert_allclose(session.run(8)[:, 5, 5], expected, atol=1e-6)


def test_memory_that_runs_out_later_costs_no_picture(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    session = opened(tiny(("n", 3, 24, 32)), told, batch=8)
    rows, expected = session.rows, fill(session)
    for room, device in ((8, "cuda"), (5, "cuda"), (1, "cuda"), (0, "cpu")):
        gpu.room = room
        np.testing.assert_allclose(session.run(8)[:, 5, 5], expected, atol=1e-6)
        assert session.device == device
    assert session.rows is rows
    assert told[-1] == "no memory for one picture on cuda; masks are made on the CPU from here on"
    assert len(told) == 4  # 4 at once, 2, 1, and the CPU


def test_without_auto_memory_that_runs_out_ends_it(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    session = opened(tiny(), told, "cuda")
    gpu.room = 0
    with pytest.raises(ResourceError, match="model 'tiny.onnx' has no memory for one picture on cuda"):
        session.run(1)


def test_a_network_that_does_not_fit_at_all_goes_to_the_cpu(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    gpu.at_load = NO_ROOM
    assert opened(tiny(), told).device == "cpu"
    assert told == ["masks are made on the CPU: there is no room for 'tiny.onnx' on the GPU"]
    with pytest.raises(ConfigError, match="device 'cuda' cannot be had: there is no room for 'tiny.onnx' on the GPU"):
        opened(tiny(), told, "cuda")


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_that_goes_away_is_an_error_of_the_stage_that_a_restart_may_mend(
    tiny: Tiny, gpu: Gpu, told: list[str], device: str
) -> None:
    session = opened(tiny(), told, device)
    gpu.at_run = GONE
    with pytest.raises(
        StageError, match="model 'tiny.onnx' failed on cuda: the GPU was lost, CUDA failure 719"
    ) as raised:
        session.run(1)
    assert not raised.value.final
    assert told == []


def test_a_gpu_that_goes_away_while_it_warms_up_is_not_the_fault_of_the_file(
    tiny: Tiny, gpu: Gpu, told: list[str]
) -> None:
    gpu.at_run = GONE
    with pytest.raises(StageError, match="failed on cuda: the GPU was lost, CUDA failure 719"):
        opened(tiny(), told)


def test_an_unknown_device_is_refused(tiny: Tiny, told: list[str]) -> None:
    with pytest.raises(ConfigError, match="device is 'gpu'; it must be one of"):
        opened(tiny(), told, "gpu")
