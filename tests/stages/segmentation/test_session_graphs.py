"""CUDA graphs and TensorRT's engines, on a GPU that is pretended: taken where they help, left where they do not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pretended_gpu import GONE, NO_ROOM, Gpu

from pipeline.errors import StageError
from stages.segmentation.devices import CUDA, TENSORRT
from stages.segmentation.session import Session

pytest.importorskip("onnxruntime", reason="runs the networks of these tests")

Tiny = Callable[..., Path]
ANY_BATCH = ("n", 3, 24, 32)


def opened(path: Path, told: list[str], device: str = "auto", batch: int = 1) -> Session:
    return Session(path, device=device, batch=batch, threads=1, tell=told.append)


def assert_right(session: Session, counts: tuple[int, ...]) -> None:
    """Each count of pictures gives what the arithmetic says, and other pictures give something else."""
    for first in (-1.0, 0.5):
        for count in counts:
            numbers = first + np.arange(len(session.rows), dtype=np.float32) / 8
            session.rows[:] = 0.0
            session.rows[:, 0] = numbers[:, None, None]
            wanted = [1.0 / (1.0 + math.exp(-each)) for each in numbers[:count]]
            np.testing.assert_allclose(session.run(count)[:, 5, 5], wanted, atol=1e-3)


@pytest.mark.parametrize("half", [False, True])
def test_a_network_whose_launches_cost_is_replayed(tiny: Tiny, gpu: Gpu, told: list[str], half: bool) -> None:
    gpu.launch_s = 0.01
    session = opened(tiny(ANY_BATCH, half=half), told, batch=4)
    assert session.graphs == (1, 4)
    gpu.replayed.clear()
    assert_right(session, (4, 1, 4, 3))
    assert gpu.replayed == [4, 1, 4] * 2  # three pictures go without: a graph is of one size
    assert told == []


def test_a_network_that_is_no_quicker_for_it_goes_without(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    session = opened(tiny(ANY_BATCH), told, batch=2)
    assert session.graphs == ()
    gpu.replayed.clear()
    assert_right(session, (2, 1))
    assert gpu.replayed == []


def test_a_graph_that_gives_what_it_once_gave_is_not_taken(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    gpu.launch_s, gpu.stale = 0.01, True
    session = opened(tiny(), told)
    assert session.graphs == ()
    assert_right(session, (1,))


def test_a_network_that_cannot_be_recorded_is_loaded_without(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    gpu.records = False
    session = opened(tiny(), told, "cuda")
    assert (session.device, session.graphs, told) == ("cuda", (), [])
    assert ["enable_cuda_graph" in given[0][1] for given in gpu.providers] == [True, False]
    assert_right(session, (1,))


@pytest.mark.parametrize("fault", [NO_ROOM, "CUDA failure 900: operation not permitted when stream is capturing"])
def test_a_recording_that_fails_costs_the_graphs_alone(tiny: Tiny, gpu: Gpu, told: list[str], fault: str) -> None:
    gpu.at_recording = fault
    session = opened(tiny(ANY_BATCH), told, "cuda", batch=2)
    assert (session.device, session.batch, session.graphs, told) == ("cuda", 2, (), [])
    assert gpu.providers[-1][0] == (CUDA, {k: v for k, v in gpu.providers[0][0][1].items() if "graph" not in k})
    assert_right(session, (2, 1))


def test_a_gpu_that_is_lost_while_it_records_is_an_error_that_a_restart_may_mend(
    tiny: Tiny, gpu: Gpu, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu.at_recording = GONE
    monkeypatch.setattr(Session, "_on_gpu", lost_after_the_first(Session._on_gpu))
    with pytest.raises(StageError, match="model 'tiny.onnx' failed on cuda: no GPU any more") as raised:
        opened(tiny(), told)
    assert not raised.value.final


def lost_after_the_first(real: Callable[..., object]) -> Callable[..., object]:
    def on_gpu(session: Session, first: str, graphs: bool = True) -> object:
        return real(session, first, graphs) if graphs else (None, "no GPU any more")

    return on_gpu


def test_a_graph_is_left_when_memory_runs_out_for_it(tiny: Tiny, gpu: Gpu, told: list[str]) -> None:
    gpu.launch_s = 0.01
    session = opened(tiny(ANY_BATCH), told, batch=4)
    gpu.room = 2
    assert_right(session, (4, 1))
    assert (session.device, session.batch) == ("cuda", 2)
    assert told == ["no memory for a batch on cuda; going on with 2 at once"]


def test_tensorrt_keeps_engines_for_all_batches_in_the_users_cache(
    tiny: Tiny, gpu: Gpu, told: list[str], tmp_path: Path
) -> None:
    opened(tiny(ANY_BATCH), told, "tensorrt", batch=8)
    (name, options), *_ = gpu.providers[-1]
    folder = tmp_path / "cache" / "slidetap" / "tensorrt"
    assert (name, options["trt_engine_cache_path"]) == (TENSORRT, str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert options["trt_profile_max_shapes"] == "input0:8x3x24x32"
    assert told == []


def test_a_cache_that_others_can_write_to_costs_time_and_not_the_masks(
    tiny: Tiny, gpu: Gpu, told: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "cache" / "slidetap" / "tensorrt"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    session = opened(tiny(), told, "tensorrt")
    assert session.device == "tensorrt"
    assert not any("cache" in key for key in gpu.providers[-1][0][1])
    (line,) = told
    assert line.startswith("TensorRT's engines are not kept: others can write to")
    assert line.endswith("; they are built anew at every start")
