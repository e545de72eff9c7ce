"""Providers of a device, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from stages.segmentation.devices import CPU, CUDA, TENSORRT, checked, missing, providers, shaped, wanted

ALL = [TENSORRT, CUDA, CPU]


def loader(*absent: str, text: str = "{}: cannot open shared object file: No such file or directory") -> Callable:
    """Loads everything but ``absent``: (library that is loaded, library that is said to be missing)."""
    table = dict(each.split(" needs ") if " needs " in each else (each, each) for each in absent)

    def load(name: str) -> object:
        if (last := Path(name).name) in table:
            raise OSError(text.format(table[last]))
        return object()

    return load


def test_cuda_is_bounded_and_grows_by_what_is_asked_for() -> None:
    (first, options), (second, none) = providers(CUDA, ALL, 1 << 30)
    assert (first, second, none) == (CUDA, CPU, {})
    assert options == {"arena_extend_strategy": "kSameAsRequested", "gpu_mem_limit": str(1 << 30)}


def test_tensorrt_falls_back_to_cuda_for_what_it_cannot_compute() -> None:
    assert [name for name, _ in providers(TENSORRT, ALL, 1)] == ALL


def test_graphs_are_asked_for_of_cuda_alone() -> None:
    given = dict(providers(TENSORRT, ALL, 1, graphs=True))
    assert {name: options.get("enable_cuda_graph") for name, options in given.items()} == {
        TENSORRT: None, CUDA: "1", CPU: None,
    }  # fmt: skip
    assert "enable_cuda_graph" not in dict(providers(CUDA, ALL, 1))[CUDA]


def test_tensorrt_keeps_its_engines_where_it_is_told_and_nowhere_else(tmp_path: Path) -> None:
    kept = dict(providers(TENSORRT, ALL, 1, engines=tmp_path))[TENSORRT]
    assert (kept["trt_engine_cache_enable"], kept["trt_engine_cache_path"]) == ("1", str(tmp_path))
    assert not any("cache" in key for key in dict(providers(TENSORRT, ALL, 1))[TENSORRT])


def test_tensorrt_is_told_of_every_batch_that_may_come() -> None:
    given = dict(shaped(providers(TENSORRT, ALL, 1), "image", (240, 320), 8))
    shapes = [given[TENSORRT][f"trt_profile_{each}_shapes"] for each in ("min", "opt", "max")]
    assert shapes == ["image:1x3x240x320", "image:8x3x240x320", "image:8x3x240x320"]
    assert given[CUDA] == dict(providers(CUDA, ALL, 1))[CUDA]


def test_nothing_is_asked_for_that_the_runtime_does_not_have() -> None:
    assert [name for name, _ in providers(TENSORRT, [TENSORRT, CPU], 1)] == [TENSORRT, CPU]


def test_auto_means_cuda_first() -> None:
    assert [wanted(checked(each)) for each in ("auto", "cuda", "tensorrt", "cpu")] == [CUDA, CUDA, TENSORRT, CPU]


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ConfigError, match="device is 'gpu'; it must be one of auto, cuda, tensorrt, cpu"):
        checked("gpu")


@pytest.mark.parametrize(
    ("available", "absent", "said"),
    [
        ([CPU], [], "this onnxruntime has no CUDA; install onnxruntime-gpu"),
        (ALL, ["libonnxruntime_providers_cuda.so needs libcudnn.so.9"], "libcudnn.so.9 is missing, which CUDA needs"),
        (ALL, ["libcuda.so.1"], "there is no NVIDIA driver"),
        (ALL, [], "CUDA found no GPU that it can use"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, available: list[str], absent: list[str], said: str) -> None:
    assert said in missing(CUDA, available, tmp_path, load=loader(*absent))


def test_tensorrt_has_a_library_of_its_own(tmp_path: Path) -> None:
    absent = "libonnxruntime_providers_tensorrt.so needs libnvinfer.so.10"
    assert missing(TENSORRT, ALL, tmp_path, load=loader(absent)) == "libnvinfer.so.10 is missing, which TensorRT needs"


def test_a_symbol_that_only_the_host_has_is_not_taken_for_a_missing_library(tmp_path: Path) -> None:
    load = loader("libonnxruntime_providers_cuda.so", text="{}: undefined symbol: Provider_GetHost")
    assert missing(CUDA, ALL, tmp_path, load=load) == "CUDA found no GPU that it can use"


def test_the_runtimes_own_message_is_passed_on_only_if_nothing_better_is_known(tmp_path: Path) -> None:
    said = "CUDA failure 100: no CUDA-capable device"
    assert missing(CUDA, ALL, tmp_path, said, loader()) == f"CUDA found no GPU that it can use ({said})"
    assert said not in missing(CUDA, ALL, tmp_path, said, loader("libcuda.so.1"))
