"""One ONNX file opened on one execution provider: loaded, its sizes fixed, run on memory of the caller's.

Below ``session``, which hands in the runtime, chooses the provider and catches what it raises: anything that comes
from the runtime comes through as it is. It knows no batches that fail and no other device.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.segmentation.devices import Provider
from stages.segmentation.signature import Node, Signature, Size, check_result, signature_of

SILENT = 4  # the runtime's level for what kills the process; the rest is raised, or found out by looking


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be opened. ``size``: where the file leaves it open. ``output``: number of the one that is the mask."""

    path: Path
    size: Size | None
    output: int
    batch: int
    threads: int


class Network:
    """Raises ConfigError for a file that is no segmentation network, and what the runtime raises."""

    def __init__(self, runtime: ModuleType, wanted: Wanted, providers: Sequence[Provider]) -> None:
        self._runtime, self._wanted, self._providers = runtime, wanted, providers
        session = self._load(())
        inputs, outputs = _nodes(session.get_inputs()), _nodes(session.get_outputs())
        name = wanted.path.name
        self.signature: Signature = signature_of(name, inputs, outputs, wanted.output, wanted.size, wanted.batch)
        if self.signature.overrides:
            session = self._load(self.signature.overrides)  # known sizes: memory is planned once, not at every run
        self._session = session
        self._binding = session.io_binding()
        self.first_ns = 0  # what the first run took, in which a device makes ready what it makes ready but once
        self._converted: dict[str, NDArray[np.generic]] = {}

    @property
    def provider(self) -> str:
        """What it really runs on. Nothing was raised if that is not what was asked for."""
        providers: list[str] = self._session.get_providers()
        return providers[0]

    def try_out(self, row: NDArray[np.float32]) -> None:
        """The first run, timed, on one picture (1, 3, height, width). Raises ConfigError if it gives no mask."""
        signature = self.signature
        fed = row.astype(signature.input_dtype, copy=False)
        begun = time.monotonic_ns()
        made: NDArray[np.generic] = self._session.run([signature.output], {signature.input: fed})[0]
        self.first_ns = time.monotonic_ns() - begun
        check_result(self._wanted.path.name, signature, made.shape)

    def infer(self, rows: NDArray[np.float32], results: NDArray[np.float32]) -> None:
        """From ``rows`` (n, 3, height, width) to ``results`` (n, 1, height, width), both contiguous.

        The runtime reads and writes that memory itself; on a GPU it copies it there and back.
        """
        signature = self.signature
        fed = self._in_type("input", signature.input_dtype, rows)
        made = self._in_type("output", signature.output_dtype, results)
        if fed is not rows:
            np.copyto(fed, rows, casting="same_kind")
        binding = self._binding
        binding.bind_input(signature.input, "cpu", 0, fed.dtype.type, fed.shape, fed.ctypes.data)
        binding.bind_output(signature.output, "cpu", 0, made.dtype.type, made.shape, made.ctypes.data)
        self._session.run_with_iobinding(binding)
        if made is not results:
            np.copyto(results, made, casting="same_kind")

    def _in_type(self, key: str, dtype: str, array: NDArray[np.float32]) -> NDArray[np.generic]:
        """``array``, or for half precision memory of its size that is kept."""
        if array.dtype == dtype:
            return array
        kept = self._converted.get(key)
        if kept is None or len(kept) < len(array):
            kept = self._converted[key] = np.empty(array.shape, dtype)
        return kept[: len(array)]

    def _load(self, overrides: Sequence[tuple[str, int]]) -> Any:
        options = self._runtime.SessionOptions()
        options.log_severity_level = SILENT
        options.intra_op_num_threads = self._wanted.threads
        for name, value in overrides:
            options.add_free_dimension_override_by_name(name, value)
        providers = [(name, dict(given)) for name, given in self._providers]
        # The runtime's own fallback would print on standard output and go on; what happens then is not for it to say.
        return self._runtime.InferenceSession(str(self._wanted.path), options, providers=providers, enable_fallback=0)


def _nodes(described: Sequence[Any]) -> list[Node]:
    return [Node(each.name, tuple(each.shape), each.type) for each in described]
