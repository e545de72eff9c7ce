"""Where a session may run: the execution providers of a device, and what is missing when one does not come up.

Asking the runtime for CUDA on a machine without it raises nothing: it runs on the CPU. So ``session`` looks at what it
got, and asks here why. The runtime itself is not imported.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from pipeline.errors import ConfigError

Device = Literal["auto", "cuda", "tensorrt", "cpu"]
Provider = tuple[str, Mapping[str, str]]

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"
NAMES: Mapping[str, str] = {CPU: "cpu", CUDA: "cuda", TENSORRT: "tensorrt"}
_WANTED = {"cpu": CPU, "cuda": CUDA, "tensorrt": TENSORRT}
_LIBRARIES = {CUDA: "libonnxruntime_providers_cuda.so", TENSORRT: "libonnxruntime_providers_tensorrt.so"}
_LABELS = {CUDA: "CUDA", TENSORRT: "TensorRT"}
_CURES = {CUDA: " and onnxruntime-gpu[cuda,cudnn] brings", TENSORRT: ""}
_DRIVER = "libcuda.so.1"
_NOT_FOUND = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")


def checked(device: str) -> Device:
    """``device``, if it is one. Raises ConfigError."""
    for known in get_args(Device):
        if device == known:
            return device  # type: ignore[return-value]
    raise ConfigError(f"device is '{device}'; it must be one of {', '.join(get_args(Device))}")


def wanted(device: Device) -> str:
    """The provider that ``device`` stands for; of auto the best, CUDA (TensorRT builds its engines for minutes)."""
    return _WANTED.get(device, CUDA)


def providers(
    first: str, available: Sequence[str], memory_limit: int, *, graphs: bool = False, engines: Path | None = None
) -> list[Provider]:
    """``first`` and what it falls back to for what it cannot compute, as far as ``available``.

    ``memory_limit``: bytes that the arena on the GPU may grow to. It grows by what is asked for: doubling, the
    runtime's default, takes up to twice the memory that a network needs. ``graphs``: whether runs may be recorded as
    CUDA graphs. ``engines``: where TensorRT keeps what it builds; else it builds at every start.
    """
    gpu = {"arena_extend_strategy": "kSameAsRequested", "gpu_mem_limit": str(memory_limit)}
    if graphs:
        gpu["enable_cuda_graph"] = "1"
    tensorrt = {"trt_max_workspace_size": str(memory_limit)}
    if engines is not None:
        tensorrt |= {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(engines)}
        tensorrt |= {"trt_timing_cache_enable": "1", "trt_timing_cache_path": str(engines)}
    options: dict[str, dict[str, str]] = {TENSORRT: tensorrt, CUDA: gpu, CPU: {}}
    order = [TENSORRT, CUDA, CPU]
    return [(name, options[name]) for name in order[order.index(first) :] if name in available or name == CPU]


def shaped(given: Sequence[Provider], name: str, size: tuple[int, int], batch: int) -> list[Provider]:
    """``given``, with TensorRT told of all batches up to ``batch``: else it builds anew for each larger one it meets.

    ``name``: of the input. ``size``: height and width.
    """
    shapes = {"min": 1, "opt": batch, "max": batch}
    profiles = {f"trt_profile_{key}_shapes": f"{name}:{n}x3x{size[0]}x{size[1]}" for key, n in shapes.items()}
    return [(each, {**options, **profiles} if each == TENSORRT else options) for each, options in given]


def missing(
    provider: str, available: Sequence[str], folder: Path, said: str = "", load: Callable[[str], object] = ctypes.CDLL
) -> str:
    """Why ``provider`` did not come up, naming the library.

    ``folder``: of the runtime's own libraries. ``said``: its message, if it had any.

    The provider's library is loaded by hand, as the loader's message names what it did not find; the runtime's says
    no more than that it failed, and only in its log.
    """
    label = _LABELS[provider]
    if provider not in available:
        return f"this onnxruntime has no {label}; install onnxruntime-gpu[cuda,cudnn] in its place"
    try:
        load(str(folder / _LIBRARIES[provider]))
    except OSError as e:
        if found := _NOT_FOUND.search(str(e)):
            return f"{found[1]} is missing, which {label} needs{_CURES[provider]}"
        # Anything else comes of loading it outside its host, and says nothing.
    try:
        load(_DRIVER)
    except OSError:
        return f"{_DRIVER} is missing: there is no NVIDIA driver"
    return f"{label} found no GPU that it can use" + (f" ({said})" if said else "")
