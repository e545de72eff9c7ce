"""One ONNX file opened on one execution provider: loaded, its sizes fixed, run directly or as a CUDA graph.

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

from stages.segmentation.devices import CPU, TENSORRT, Provider, shaped
from stages.segmentation.feeding import Direct, Graph
from stages.segmentation.signature import Node, Signature, Size, check_result, signature_of

SILENT = 4  # the runtime's level for what kills the process; the rest is raised, or found out by looking
_TRIES = 5  # runs of which the quickest counts
_SAME = 1 / 255  # by which a graph's probabilities may differ


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be opened. ``size``: where the file leaves it open. ``output``: number of the one that is the mask."""

    path: Path
    size: Size | None
    output: int
    batch: int
    threads: int


class Network:
    """Raises ConfigError for a file that is no segmentation network, and what the runtime raises.

    ``graphs``: whether ``providers`` let runs be recorded, see ``try_graph``.
    """

    def __init__(
        self, runtime: ModuleType, wanted: Wanted, providers: Sequence[Provider], graphs: bool = False
    ) -> None:
        self._runtime, self._wanted = runtime, wanted
        name = wanted.path.name
        # TensorRT builds for minutes what it loads, so the file is looked at elsewhere first.
        slow = providers[0][0] == TENSORRT
        session = self._load([(CPU, {})] if slow else providers, optimise=not slow)
        inputs, outputs = _nodes(session.get_inputs()), _nodes(session.get_outputs())
        self.signature: Signature = signature_of(name, inputs, outputs, wanted.output, wanted.size, wanted.batch)
        if slow and self.signature.batched and wanted.batch > 1:
            providers = shaped(providers, self.signature.input, self.signature.size, wanted.batch)
        if self.signature.overrides or slow:
            # Known sizes: memory is planned once, not at every run.
            session = self._load(providers, self.signature.overrides)
        self._session = session
        self._graphs: dict[int, Graph] | None = {} if graphs else None
        self._direct = Direct(runtime, session, self.signature, graphs)
        self.first_ns = 0  # what the first run took, in which a device makes ready what it makes ready but once

    @property
    def provider(self) -> str:
        """What it really runs on. Nothing was raised if that is not what was asked for."""
        providers: list[str] = self._session.get_providers()
        return providers[0]

    @property
    def graphs(self) -> tuple[int, ...]:
        """Numbers of pictures that are put through by a CUDA graph."""
        return tuple(self._graphs or ())

    def try_out(self, row: NDArray[np.float32]) -> None:
        """The first run, timed, on one picture (1, 3, height, width). Raises ConfigError if it gives no mask."""
        signature = self.signature
        fed = row.astype(signature.input_dtype, copy=False)
        begun = time.monotonic_ns()
        made: NDArray[np.generic] = self._session.run([signature.output], {signature.input: fed}, self._direct.options)[
            0
        ]
        self.first_ns = time.monotonic_ns() - begun
        check_result(self._wanted.path.name, signature, made.shape)

    def infer(self, rows: NDArray[np.float32], results: NDArray[np.float32]) -> None:
        """From ``rows`` (n, 3, height, width) to ``results`` (n, 1, height, width), both contiguous."""
        graph = self._graphs.get(len(rows)) if self._graphs else None
        (graph or self._direct).infer(rows, results)

    def try_graph(self, rows: NDArray[np.float32], results: NDArray[np.float32]) -> None:
        """Record a graph for as many ``rows`` and keep it, if it gives the same as without and takes less time."""
        if self._graphs is None or len(rows) in self._graphs:
            return
        plain_ns = _quickest(self._direct, rows, results)
        wanted = results.copy()
        graph = Graph(self._runtime, self._session, self.signature, len(rows))
        graph.infer(np.ascontiguousarray(rows[..., ::-1]), results)  # of others: what is left over must not pass
        graph_ns = _quickest(graph, rows, results)
        if graph_ns < plain_ns and np.allclose(results, wanted, rtol=0.0, atol=_SAME):
            self._graphs[len(rows)] = graph

    def _load(
        self, given: Sequence[Provider], overrides: Sequence[tuple[str, int]] = (), *, optimise: bool = True
    ) -> Any:
        options = self._runtime.SessionOptions()
        options.log_severity_level = SILENT
        options.intra_op_num_threads = self._wanted.threads
        # Beside other stages: threads that spin for the next operator take their cores, and one that waits for a core
        # holds up all of an operator that was dealt out in equal parts. On two busy cores this is a third of the time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.dynamic_block_base", "4")
        if not optimise:
            options.graph_optimization_level = self._runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        for name, value in overrides:
            options.add_free_dimension_override_by_name(name, value)
        providers = [(name, dict(some)) for name, some in given]
        # The runtime's own fallback would print on standard output and go on; what happens then is not for it to say.
        return self._runtime.InferenceSession(str(self._wanted.path), options, providers=providers, enable_fallback=0)


def _quickest(feed: Direct | Graph, rows: NDArray[np.float32], results: NDArray[np.float32]) -> int:
    """Time in ns of the quickest of a few runs."""
    times = []
    for _ in range(_TRIES):
        begun = time.monotonic_ns()
        feed.infer(rows, results)
        times.append(time.monotonic_ns() - begun)
    return min(times)


def _nodes(described: Sequence[Any]) -> list[Node]:
    return [Node(each.name, tuple(each.shape), each.type) for each in described]
