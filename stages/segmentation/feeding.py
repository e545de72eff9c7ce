"""How pictures get into a loaded network and masks out of it: through the caller's memory, or by a CUDA graph.

Below ``network``, which chooses; anything that the runtime raises comes through. Both convert to half precision on
the way where the file wants it, in memory that is kept.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.segmentation.signature import Signature

_NO_GRAPH = "-1"  # kOrtRunOptionsConfigCudaGraphAnnotation: neither capture nor replay in this run
_GRAPH_ID = "gpu_graph_id"


class Converted:
    """Memory for one type, made when first asked for and kept; float32 needs none."""

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._kept: NDArray[np.generic] | None = None

    def like(self, array: NDArray[np.float32]) -> NDArray[np.generic]:
        """``array`` itself if it is of the type, else memory of its size."""
        if array.dtype == self._dtype:
            return array
        if self._kept is None or len(self._kept) < len(array):
            self._kept = np.empty(array.shape, self._dtype)
        return self._kept[: len(array)]


class Direct:
    """The runtime reads and writes the caller's memory itself; on a GPU it copies it there and back.

    ``options``: of each run, which keep graphs out of it where the session could make some.
    """

    def __init__(self, runtime: ModuleType, session: Any, signature: Signature, graphs: bool) -> None:
        self._session, self._signature = session, signature
        self._binding = session.io_binding()
        self._fed, self._made = Converted(signature.input_dtype), Converted(signature.output_dtype)
        self.options = _options(runtime, _NO_GRAPH) if graphs else None

    def infer(self, rows: NDArray[np.float32], results: NDArray[np.float32]) -> None:
        """From ``rows`` (n, 3, height, width) to ``results`` (n, 1, height, width), both contiguous."""
        signature, binding = self._signature, self._binding
        fed, made = self._fed.like(rows), self._made.like(results)
        if fed is not rows:
            np.copyto(fed, rows, casting="same_kind")
        binding.bind_input(signature.input, "cpu", 0, fed.dtype.type, fed.shape, fed.ctypes.data)
        binding.bind_output(signature.output, "cpu", 0, made.dtype.type, made.shape, made.ctypes.data)
        self._session.run_with_iobinding(binding, self.options)
        if made is not results:
            np.copyto(results, made, casting="same_kind")


class Graph:
    """Kernels of one batch size, recorded by the first run and replayed as a whole by those after it.

    That saves the launches, which are most of the time of a small network. A graph reads and writes where it was
    recorded, so it has memory of its own on the GPU, and a number that no other size may run under: the runtime does
    not compare them.
    """

    def __init__(self, runtime: ModuleType, session: Any, signature: Signature, count: int) -> None:
        height, width = signature.size
        value = runtime.OrtValue
        self._session = session
        self._fed = Converted(signature.input_dtype)
        self._rows = value.ortvalue_from_shape_and_type(
            [count, 3, height, width], np.dtype(signature.input_dtype).type, "cuda", 0
        )
        self._results = value.ortvalue_from_shape_and_type(
            [count, 1, height, width], np.dtype(signature.output_dtype).type, "cuda", 0
        )
        self._binding = session.io_binding()
        self._binding.bind_ortvalue_input(signature.input, self._rows)
        self._binding.bind_ortvalue_output(signature.output, self._results)
        self._options = _options(runtime, str(count))

    def infer(self, rows: NDArray[np.float32], results: NDArray[np.float32]) -> None:
        """As ``Direct.infer``, of exactly as many rows as it was made for."""
        fed = self._fed.like(rows)
        if fed is not rows:
            np.copyto(fed, rows, casting="same_kind")
        self._rows.update_inplace(fed)
        self._session.run_with_iobinding(self._binding, self._options)
        np.copyto(results, self._results.numpy(), casting="same_kind")


def _options(runtime: ModuleType, graph: str) -> Any:
    options = runtime.RunOptions()
    options.add_run_config_entry(_GRAPH_ID, graph)
    return options
