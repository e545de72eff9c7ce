#!/usr/bin/env python3
"""One contestant of bench_segmentation, in a process of its own and maybe a venv of its own; bench_segmentation asks.

    scripts/segmentation_contestants.py slidetap '{"model": "u2netp.onnx", "net": "u2netp", "device": "cpu"}'

It says in a line of JSON where it runs, or why it cannot; then it reads a line {"work": ..., "calls": ...} at a time,
does that, and says how many ns each call took. Of the project nothing is imported for those who do without.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
HEIGHT, WIDTH = 1080, 1920
BLOCK_PX = 40
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))

Array = npt.NDArray[np.generic]
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Job:
    """``model``: the ONNX file. ``net``: which it is. ``seed``: of its weights, for who makes them without a file."""

    model: Path
    net: str
    device: str = "cpu"
    batch: int = 1
    seed: int = 7

    @property
    def side(self) -> int:
        """Of the square input in px."""
        return 1024 if self.net == "isnet" else 320

    @property
    def normal(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """Mean and standard deviation of R, G, B."""
        return HALF if self.net == "isnet" else IMAGENET


@dataclass(frozen=True, slots=True)
class Ready:
    """``works``: what it can be asked for, by name; ``masks``: float32 (n, height, width) of its pictures, once."""

    device: str
    about: str
    works: Mapping[str, Work]
    masks: Callable[[], npt.NDArray[np.float32]]


def pictures(count: int) -> list[npt.NDArray[np.uint8]]:
    """The same 1080p BGR pictures for all."""
    random = np.random.default_rng(11)
    small = random.integers(0, 256, (count, HEIGHT // BLOCK_PX, WIDTH // BLOCK_PX, 3), np.uint8)
    return list(small.repeat(BLOCK_PX, axis=1).repeat(BLOCK_PX, axis=2))


def prepared(job: Job) -> npt.NDArray[np.float32]:
    """Float32 (batch, 3, side, side): what a network is fed with, for who is not timed for preparing it."""
    return np.random.default_rng(5).standard_normal((job.batch, 3, job.side, job.side), np.float32)


def slidetap(job: Job) -> Ready:
    """``session``: the network alone, as the stage runs it. ``stage``: from a picture to a mask as large."""
    sys.path.insert(0, str(ROOT))
    from stages.segmentation.masks import fitted
    from stages.segmentation.models import MODELS
    from stages.segmentation.segmenter import Segmenter
    from stages.segmentation.session import GIBIBYTE, Session

    session = Session(job.model, device=job.device, batch=job.batch, memory_limit=16 * GIBIBYTE)
    segmenter = Segmenter(session, MODELS["isnet-general-use" if job.net == "isnet" else "u2net"])
    seen = pictures(job.batch)

    def stage() -> object:
        return [fitted(found.mask, WIDTH, HEIGHT) for found in segmenter.segment(seen)]

    def masks() -> npt.NDArray[np.float32]:
        return np.stack([found.probabilities for found in segmenter.segment(seen)])

    graphs = f", CUDA graphs for {', '.join(map(str, session.graphs))}" if session.graphs else ""
    works: dict[str, Work] = {"session": lambda: session.run(job.batch), "stage": stage}
    return Ready(session.device, f"{_runtime()}{graphs}", works, masks)


def bare(job: Job) -> Ready:
    """``run``: onnxruntime with its own defaults, arrays in and arrays out."""
    import onnxruntime

    runtime = onnxruntime
    runtime.set_default_logger_severity(4)
    if job.device == "cuda":
        with contextlib.redirect_stdout(io.StringIO()):
            runtime.preload_dlls()
    wanted = ["CUDAExecutionProvider"] if job.device == "cuda" else []
    session = runtime.InferenceSession(str(job.model), providers=[*wanted, "CPUExecutionProvider"])
    _same_device(job, session.get_providers()[0])
    (given,) = session.get_inputs()
    fed = {given.name: prepared(job).astype(np.float16 if "16" in given.type else np.float32)}
    return Ready(
        job.device, _runtime(), {"run": lambda: session.run(None, fed)}, lambda: session.run(None, fed)[0][:, 0]
    )


def rembg(job: Job) -> Ready:
    """``predict``: rembg's session for a file of one's own, a picture to a mask as large; one picture at a time."""
    os.environ["REMBG_HOME"] = os.environ["U2NET_HOME"] = str(job.model.parent)  # it takes files from nowhere else
    image = importlib.import_module("PIL.Image")
    runtime = importlib.import_module("onnxruntime")
    runtime.set_default_logger_severity(4)
    if job.device == "cuda":
        with contextlib.redirect_stdout(io.StringIO()):
            runtime.preload_dlls()
    custom = "dis_custom" if job.net == "isnet" else "u2net_custom"
    session = importlib.import_module("rembg").new_session(custom, model_path=str(job.model))
    _same_device(job, session.inner_session.get_providers()[0])
    seen = pictures(job.batch)

    def predict() -> object:
        # From and to arrays, as the stage does; the channels are put in order on the way.
        return [np.asarray(session.predict(image.fromarray(each[:, :, ::-1]))[0]) for each in seen]

    version = importlib.import_module("importlib.metadata").version("rembg")
    return Ready(job.device, f"rembg {version}, {_runtime()}", {"predict": predict}, _no_masks)


def torch(job: Job) -> Ready:
    """``forward``: PyTorch on the same weights, tensor in and tensor out."""
    sys.path.insert(0, str(ROOT))
    from stages.segmentation.nets.checkpoints import NETS, seed_weights

    torch_module = importlib.import_module("torch")
    if job.device == "cuda" and not torch_module.cuda.is_available():
        raise RuntimeError("this PyTorch has no CUDA")
    net = NETS[job.net].build()
    seed_weights(net, job.seed, torch_module.from_numpy(prepared(replace(job, batch=2))))
    net = net.eval().to(job.device)
    fed = torch_module.from_numpy(prepared(job)).to(job.device)

    def forward() -> object:
        with torch_module.inference_mode():
            made = net(fed)[0]
            return made.cpu()

    return Ready(job.device, f"PyTorch {torch_module.__version__}", {"forward": forward}, _no_masks)


def _no_masks() -> npt.NDArray[np.float32]:
    raise RuntimeError("only speed is asked of this one")


def _runtime() -> str:
    return f"onnxruntime {importlib.import_module('onnxruntime').__version__}"


def _same_device(job: Job, provider: str) -> None:
    if job.device == "cuda" and not provider.startswith("CUDA"):
        raise RuntimeError(f"it runs on {provider}, not on CUDA")


CONTESTANTS: Mapping[str, Callable[[Job], Ready]] = {
    "bare": bare,
    "slidetap": slidetap,
    "rembg": rembg,
    "torch": torch,
}


def serve(ready: Ready, ask: Callable[[], str], say: Callable[[Mapping[str, object]], None]) -> None:
    """Answer until there is nothing more to read."""
    say({"device": ready.device, "about": ready.about, "works": list(ready.works)})
    while line := ask():
        wanted = json.loads(line)
        if "save" in wanted:
            np.save(wanted["save"], ready.masks())
            say({"saved": wanted["save"]})
            continue
        work, took = ready.works[wanted["work"]], []
        for _ in range(wanted["calls"]):
            begun = time.perf_counter_ns()
            work()
            took.append(time.perf_counter_ns() - begun)
        say({"ns": took})


def main(arguments: list[str] | None = None) -> int:
    """Serve one contestant on standard input and output. Returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 2 or given[0] not in CONTESTANTS:
        print(__doc__)
        return 0 if given in (["--help"], ["-h"]) else 2
    out = sys.stdout
    sys.stdout = sys.stderr  # a library that prints must not be taken for an answer

    def say(told: Mapping[str, object]) -> None:
        print(json.dumps(told), file=out, flush=True)

    read = json.loads(given[1])
    try:
        ready = CONTESTANTS[given[0]](Job(**{**read, "model": Path(read["model"])}))
    except Exception as e:  # noqa: BLE001 whatever a library raises is what the table says
        say({"error": " ".join(f"{e or type(e).__name__}".split())})
        return 1
    serve(ready, sys.stdin.readline, say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
