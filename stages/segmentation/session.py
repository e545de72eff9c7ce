"""A network on a device, with its buffers: the best device there is, and what is done when it fails.

Stands between ``preparing``, which fills ``Session.rows``, and ``masks``, which takes what ``run`` gives. The only file
that imports onnxruntime, and not before a session is made. It reads no pictures and knows no thresholds.
"""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError, OutputError, ResourceError, StageError
from stages.segmentation import devices, failures
from stages.segmentation.devices import CPU, CUDA, NAMES, TENSORRT
from stages.segmentation.engines import engines_folder
from stages.segmentation.network import SILENT, Network, Wanted
from stages.segmentation.signature import Size

Tell = Callable[[str], None]

GIBIBYTE = 2**30
LARGEST_BATCH = 256
_SLACK = 1e-3  # by which half precision may leave 0..1


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How long the first run of a session took, and a run after it, both of one picture."""

    first_ns: int
    next_ns: int


class Session:
    """Runs the network in ``path``. Raises ConfigError for a file or device that will not do, ResourceError for memory.

    ``size``: height and width, for where the file leaves them open. ``output``: number of the output that is the mask.
    ``batch``: pictures at once, if the file can. ``device``: auto takes CUDA where there is any; where not, it says
    through ``tell`` why, once. The others are taken or refused. ``threads``: of the CPU; 0 for one a core.
    ``memory_limit``: bytes on the GPU.

    ``rows``: float32 (batch, 3, height, width), to be filled before ``run``; the same memory as long as the session.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: Size | None = None,
        output: int = 0,
        batch: int = 1,
        device: str = "auto",
        threads: int = 0,
        memory_limit: int = 4 * GIBIBYTE,
        tell: Tell | None = None,
    ) -> None:
        if not 1 <= batch <= LARGEST_BATCH:
            raise ConfigError(f"batch is {batch}; it must be 1 to {LARGEST_BATCH}")
        self._asked = devices.checked(device)
        if not path.is_file():
            raise ConfigError(f"there is no model '{path}'")
        self._runtime = _onnxruntime()
        self._errors = _errors()
        self._name, self._memory_limit = path.name, memory_limit
        self._wanted = Wanted(path, size, output, batch, threads)
        self._tell: Tell = tell or (lambda _: None)
        self._network = self._best()
        self.size: Size = self._network.signature.size
        self._step = batch if self._network.signature.batched else 1
        try:
            self.rows: NDArray[np.float32] = np.zeros((batch, 3, *self.size), np.float32)
            self._results: NDArray[np.float32] = np.zeros((batch, 1, *self.size), np.float32)
        except MemoryError as e:
            raise ResourceError(f"there is no memory for {batch} pictures at once; take a smaller batch") from e
        self.warm_up = self._warm_up()

    @property
    def device(self) -> str:
        """Where it really runs: cpu, cuda or tensorrt."""
        return NAMES.get(self._network.provider, self._network.provider)

    @property
    def batch(self) -> int:
        """Pictures that go through at once; fewer than asked for if the file or the memory allows no more."""
        return self._step

    @property
    def graphs(self) -> tuple[int, ...]:
        """Numbers of pictures that CUDA graphs put through, as that was quicker when it started."""
        return self._network.graphs

    def run(self, count: int) -> NDArray[np.float32]:
        """Probabilities (count, height, width) of the first ``count`` of ``rows``; valid until the next run.

        Raises StageError if the device fails or what comes out are no probabilities, ResourceError if there is no
        memory for a single picture.
        """
        if not 1 <= count <= len(self.rows):
            raise ValueError(f"{count} pictures; the session has room for 1 to {len(self.rows)}")
        results = self._through(count)
        if wrong := _wrong(results):
            raise StageError(f"model '{self._name}' {wrong}")
        return results

    def _through(self, count: int) -> NDArray[np.float32]:
        """Put ``count`` rows through, in as many steps as the memory asks for."""
        done = 0
        while done < count:
            end = min(done + self._step, count)
            try:
                self._network.infer(self.rows[done:end], self._results[done:end])
            except self._errors as e:
                self._make_room(e)  # and then the same pictures again
            else:
                done = end
        return self._results[:count, 0]

    def _best(self) -> Network:
        """On the device asked for; under auto on the CPU, if that is all there is."""
        first = devices.wanted(self._asked)
        if first == CPU:
            return self._on_cpu()
        network, reason = self._on_gpu(first)
        if network is not None:
            return network
        fallback = self._on_cpu()  # if it is the file that will not do, this says so
        if self._asked != "auto":
            raise ConfigError(f"device '{self._asked}' cannot be had: {reason}; device 'auto' would take the CPU")
        self._tell(f"masks are made on the CPU: {reason}")
        return fallback

    def _on_gpu(self, first: str, graphs: bool = True) -> tuple[Network | None, str]:
        """The network on ``first``, or why not. ``graphs``: with CUDA graphs, if it can be had with them."""
        available: list[str] = self._runtime.get_available_providers()
        folder = Path(str(self._runtime.__file__)).parent / "capi"
        if first not in available:
            return None, devices.missing(first, available, folder)
        _preload(self._runtime)
        engines = self._engines() if first == TENSORRT else None
        said = ""
        for recorded in (True, False) if graphs and first == CUDA else (False,):
            given = devices.providers(first, available, self._memory_limit, graphs=recorded, engines=engines)
            try:
                network = Network(self._runtime, self._wanted, given, recorded)
                if network.provider != first:
                    return None, devices.missing(first, available, folder)
                network.try_out(np.zeros((1, 3, *network.signature.size), np.float32))
            except self._errors as e:
                said = str(e)
            else:
                return network, ""
        if failures.is_out_of_memory(said):
            return None, f"there is no room for '{self._name}' on the GPU"
        return None, devices.missing(first, available, folder, failures.summary(said))

    def _engines(self) -> Path | None:
        try:
            return engines_folder(os.environ)
        except OutputError as e:
            self._tell(f"{e}; they are built anew at every start")
            return None

    def _on_cpu(self) -> Network:
        try:
            network = Network(self._runtime, self._wanted, [(CPU, {})])
            network.try_out(np.zeros((1, 3, *network.signature.size), np.float32))
        except self._errors as e:
            raise ConfigError(f"model '{self._name}' cannot be loaded: {failures.loading(str(e))}") from e
        return network

    def _warm_up(self) -> WarmUp:
        """Run on noise, one picture and as many as there is room for, so that no picture is the first."""
        noise = np.random.default_rng(seed=0)
        self.rows[:] = noise.standard_normal(self.rows[:1].shape, np.float32)
        first_ns = self._network.first_ns
        self._through(1)
        begun = time.monotonic_ns()
        results = self._through(1)
        next_ns = time.monotonic_ns() - begun
        if wrong := _wrong(results):  # of noise, so it is the file, and stays so however often it is tried
            raise ConfigError(f"model '{self._name}' {wrong}")
        if self._step > 1:
            self._through(len(self.rows))
        self._record()
        self.rows[:] = 0.0
        return WarmUp(first_ns, next_ns)

    def _record(self) -> None:
        """Have runs of one picture, and of as many as there is room for, replayed as graphs where that is quicker."""
        try:
            for count in sorted({1, self._step}):
                self._network.try_graph(self.rows[:count], self._results[:count])
        except self._errors as e:  # a device on which recording has failed is not trusted to go on
            network, reason = self._on_gpu(CUDA, graphs=False)
            if network is None:
                raise StageError(f"model '{self._name}' failed on cuda: {reason}") from e
            self._network = network

    def _make_room(self, cause: Exception) -> None:
        """Go on with a smaller batch, or on the CPU; raise what ``cause`` means if it is not for want of memory."""
        text = str(cause)
        where = NAMES.get(self._network.provider, "?")
        if not failures.is_out_of_memory(text):
            lost = "the GPU was lost, " if failures.is_gone(text) else ""
            raise StageError(f"model '{self._name}' failed on {where}: {lost}{failures.summary(text)}") from cause
        if self._step > 1:
            self._step = (self._step + 1) // 2
            self._tell(f"no memory for a batch on {where}; going on with {self._step} at once")
        elif self._asked == "auto" and self._network.provider != CPU:
            self._network = self._on_cpu()
            self._tell(f"no memory for one picture on {where}; masks are made on the CPU from here on")
        else:
            raise ResourceError(
                f"model '{self._name}' has no memory for one picture on {where}; take a smaller network"
            ) from cause


def _wrong(results: NDArray[np.float32]) -> str:
    """What is wrong with ``results`` as probabilities; nothing if nothing is. NaN is in every minimum."""
    lowest, highest = float(results.min()), float(results.max())
    if lowest >= -_SLACK and highest <= 1.0 + _SLACK:
        return ""
    if np.isnan(lowest) or np.isnan(highest):
        return "gives NaN; in half precision a network may overflow: take its fp32 file"
    return f"gives {lowest:.3g} to {highest:.3g}, no probabilities; export it with its sigmoid"


def _preload(runtime: ModuleType) -> None:
    """Load CUDA's libraries from where pip puts them, which is not where the loader looks."""
    preload = getattr(runtime, "preload_dlls", None)  # since 1.21
    if preload is not None:
        with contextlib.redirect_stdout(io.StringIO()):  # what it does not find, it prints
            preload()


def _onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as e:
        raise ConfigError(
            f"segmentation needs onnxruntime, which cannot be imported: {e}; pip install onnxruntime"
        ) from e
    runtime: ModuleType = onnxruntime
    runtime.set_default_logger_severity(SILENT)  # a library it does not find is four lines of log, in colours
    return runtime


def _errors() -> tuple[type[Exception], ...]:
    """What the runtime raises: a class per status code, with no class of its own above them."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = (each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception))
    return (RuntimeError, *own)
