"""A CPU that says it is a GPU, and fails as one does: for tests of what a session makes of its device.

It records and replays CUDA graphs as the runtime does, and holds whoever asks for them to its rules, which the runtime
itself does not check.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from stages.segmentation import network
from stages.segmentation.devices import CPU, CUDA, TENSORRT

NO_ROOM = "Failed to allocate memory for requested buffer of size 939524096"
GONE = "CUDA failure 719: unspecified launch failure ; GPU=0"


def failure(text: str) -> Exception:
    from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

    return RuntimeException(f"[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : {text}")


@dataclass
class Gpu:
    """What the pretended GPU does. ``room``: pictures at once. ``comes_up``: else it is the CPU, silently."""

    comes_up: bool = True
    room: float = math.inf
    at_load: str = ""
    at_run: str = ""
    at_recording: str = ""
    records: bool = True  # else a session that is to record graphs cannot be made
    stale: bool = False  # a graph gives what it gave when it was recorded
    launch_s: float = 0.0  # what a run costs that is not replayed
    steps: list[str] = field(default_factory=list)
    providers: list[Sequence[tuple[str, dict[str, str]]]] = field(default_factory=list)
    runs: list[tuple[str, int]] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)
    now_ns: int = 0


class Value:
    """Memory on the pretended GPU, at an address of its own for as long as it lives."""

    def __init__(self, shape: Sequence[int], kind: Any) -> None:
        self.array = np.zeros(shape, kind)

    def update_inplace(self, array: Any) -> None:
        np.copyto(self.array, array, casting="no")

    def numpy(self) -> Any:
        return self.array.copy()


class Binding:
    def __init__(self, real: Any) -> None:
        self.real, self.pictures = real, 0
        self.kept: np.ndarray[Any, Any] | None = None  # what a graph of this memory gave when it was recorded
        self.results = Value((0,), np.float32)

    def bind_ortvalue_input(self, name: str, value: Value) -> None:
        array = value.array
        self.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def bind_ortvalue_output(self, name: str, value: Value) -> None:
        array, self.results = value.array, value
        self.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def bind_input(self, name: str, device: str, number: int, kind: Any, shape: tuple[int, ...], address: int) -> None:
        self.pictures = shape[0]
        self.real.bind_input(name, device, number, kind, shape, address)

    def bind_output(self, *arguments: Any) -> None:
        self.real.bind_output(*arguments)


def pretend(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have onnxruntime find ``gpu``."""
    import onnxruntime

    real = onnxruntime.InferenceSession

    class Pretended:
        def __init__(self, path: str, options: Any, providers: Sequence[Any], enable_fallback: int) -> None:
            assert not enable_fallback
            gpu.steps.append("session")
            gpu.providers.append(providers)
            names = [name for name, _ in providers]
            if names[0] != CPU and gpu.at_load:
                raise failure(gpu.at_load)
            self._records = "enable_cuda_graph" in providers[0][1]
            if self._records and not gpu.records:
                raise failure("This session cannot use the graph capture feature as requested by the user")
            self._real = real(path, options, providers=[CPU])
            self._says = names if gpu.comes_up else [CPU]

        def get_inputs(self) -> Any:
            return self._real.get_inputs()

        def get_outputs(self) -> Any:
            return self._real.get_outputs()

        def get_providers(self) -> list[str]:
            return self._says

        def io_binding(self) -> Binding:
            return Binding(self._real.io_binding())

        def run(self, outputs: list[str], feed: dict[str, Any], options: Any = None) -> Any:
            self._check(len(next(iter(feed.values()))), self._graph(options))
            return self._real.run(outputs, feed)

        def run_with_iobinding(self, binding: Binding, options: Any = None) -> None:
            number = self._graph(options)
            self._check(binding.pictures, number)
            if self._says[0] != CPU and gpu.at_run:
                raise failure(gpu.at_run)
            if number == -1:
                gpu.now_ns += round(gpu.launch_s * 1e9)
            else:
                self._replay(binding, number)
            self._real.run_with_iobinding(binding.real)
            if binding.kept is not None and gpu.stale:
                binding.results.array[:] = binding.kept
            elif number != -1:
                binding.kept = binding.results.array.copy()

        def _replay(self, binding: Binding, number: int) -> None:
            if gpu.at_recording:
                raise failure(gpu.at_recording)
            # The runtime replays a number whatever is bound: one of another size would give masks of the wrong ones.
            assert number == binding.pictures
            gpu.replayed.append(number)

        def _graph(self, options: Any) -> int:
            """Number of the graph; 0 is what the runtime takes for one if nothing is said."""
            if not self._records:
                assert options is None
                return -1
            return int(options.get_run_config_entry("gpu_graph_id")) if options is not None else 0

        def _check(self, pictures: int, graph: int) -> None:
            assert graph != 0, "a run that was to be recorded on memory that does not stay"
            gpu.runs.append((self._says[0], pictures))
            if self._says[0] == CPU:
                return
            if pictures > gpu.room:
                raise failure(NO_ROOM)

    def preload() -> None:
        gpu.steps.append("preload")
        print("Failed to load libcudnn.so.9")

    class OrtValue:
        @staticmethod
        def ortvalue_from_shape_and_type(shape: Sequence[int], kind: Any, device: str, number: int) -> Value:
            assert (device, number) == ("cuda", 0)
            return Value(shape, kind)

    class Clock:
        @staticmethod
        def monotonic_ns() -> int:
            gpu.now_ns += 1000
            return gpu.now_ns

    monkeypatch.setattr(onnxruntime, "InferenceSession", Pretended)
    monkeypatch.setattr(onnxruntime, "OrtValue", OrtValue)
    # Whatever this machine has of CUDA is not looked at: the runtime's own library is the one that is missing.
    monkeypatch.setattr(onnxruntime, "__file__", "/nowhere/onnxruntime/__init__.py")
    monkeypatch.setattr(network, "time", Clock)
    monkeypatch.setattr(onnxruntime, "preload_dlls", preload)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [TENSORRT, CUDA, CPU])
