"""The training itself: epochs of batches, each epoch then measured, written down and kept. For train_segmenter.

Leaves in the run's folder: `last.pth` (all that going on needs), `best.pth` (the weights alone, of the best epoch),
`log.jsonl` (a line per epoch) and `epoch_NNN.jpg` (predictions). It reads no pictures and no command line.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import torch
from segmenter_batches import Samples
from segmenter_losses import feature_loss, mask_loss
from segmenter_pairs import Pair
from segmenter_recipes import ENCODER, Plan
from segmenter_scenes import Scene, Scenes
from segmenter_scoring import Score, grid, scored
from segmenter_state import Average, State
from segmenter_together import Together
from torch import Tensor, nn

from pipeline.errors import DataError
from stages.durable import write_bytes
from stages.segmentation.nets.checkpoints import NETS, load_weights
from stages.segmentation.nets.isnet import IsNet, IsNetTruthEncoder

LAST, BEST, LOG = "last.pth", "best.pth", "log.jsonl"
_FINAL_RATE = 0.01  # of the first, where it falls along a cosine


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """``scenes`` to train on; ``pairs`` and ``checks`` to measure with, of people and slides not among them."""

    scenes: Scenes
    pairs: Sequence[Pair]
    checks: Sequence[Scene]


@dataclass(frozen=True, slots=True)
class Epoch:
    """A line of the log. ``loss`` and, for IS-Net, the part of it that ``feature_loss`` is: means over the batches.

    ``seen``: samples so far, of all epochs. ``seconds``: of this one, measuring included.
    """

    net: str
    epoch: int
    seen: int
    rate: float
    loss: float
    feature_loss: float | None
    valid: Score
    best: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Watching:
    """Whom to tell. ``batch``: how many are done, of how many, mean loss; ``epoch``: once it is written down."""

    batch: Callable[[int, int, float], None]
    epoch: Callable[[Epoch], None]


def started(plan: Plan, weights: Path | None = None) -> State:
    """Net and optimiser at the beginning of ``plan``, from ``weights`` or random ones. Raises CheckpointError."""
    torch.manual_seed(plan.seed)
    net: nn.Module = NETS[plan.net].build()
    if weights is not None:
        load_weights(net, weights)
    _move(net, plan.device)
    optimiser = torch.optim.Adam(net.parameters(), plan.recipe.rate, betas=(0.9, 0.999), eps=1e-8)
    average = Average(net, plan.average) if plan.average else None
    scaler = torch.amp.GradScaler(_kind(plan.device), enabled=plan.precision == "fp16")
    return State(net, optimiser, average, scaler)


def encoder_of(plan: Plan) -> IsNetTruthEncoder | None:
    """The ground-truth encoder that supervises IS-Net, fixed; None if ``plan`` has none. Raises CheckpointError."""
    if plan.encoder is None:
        return None
    encoder = NETS[ENCODER].build()
    assert isinstance(encoder, IsNetTruthEncoder)
    load_weights(encoder, plan.encoder)
    for parameter in encoder.parameters():
        parameter.requires_grad_(False)
    _move(encoder, plan.device)
    encoder.eval()
    return encoder


def losses(
    net: nn.Module, encoder: IsNetTruthEncoder | None, inputs: Tensor, truth: Tensor
) -> tuple[Tensor, Tensor | None]:
    """What is minimised, and the feature loss in it: IS-Net has one if ``encoder`` is given, the others have none."""
    if encoder is None:
        return mask_loss(net(inputs), truth), None
    assert isinstance(net, IsNet)
    found = net.supervised(inputs)
    with torch.no_grad():
        wanted = encoder.supervised(truth).features
    features = feature_loss(found.features, wanted)
    return mask_loss(found.masks, truth) + features, features.detach()


def rate_at(plan: Plan, step: int, steps: int) -> float:
    """The learning rate of ``step``, of ``steps`` in all."""
    if plan.schedule == "constant":
        return plan.recipe.rate
    share = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
    return plan.recipe.rate * (_FINAL_RATE + (1 - _FINAL_RATE) * share)


def settings(plan: Plan) -> dict[str, str]:
    """What a run that goes on must have in common with the one before; the rest may be changed on the way."""
    return {"net": plan.net, "seed": str(plan.seed), "average": "on" if plan.average else "off"}


def trained(plan: Plan, data: Data, state: State, watching: Watching, together: Together) -> None:
    """Train from where ``state`` is to the end of ``plan``, and leave everything in the folder of ``plan``.

    Raises DataError if the loss is no number any more, WriteError if a file cannot be written.
    """
    encoder = encoder_of(plan)
    while state.epoch < plan.epochs:
        begun = time.monotonic()
        loss, features = _epoch(plan, data, state, encoder, watching, together)
        state.epoch += 1
        if together.first:
            valid = scored(state.measured, data.pairs, data.checks, plan)
            best = valid.total > state.best
            state.best = max(state.best, valid.total)
            rate = float(state.optimiser.param_groups[0]["lr"])
            seconds = round(time.monotonic() - begun, 2)
            line = Epoch(plan.net, state.epoch, state.seen, rate, loss, features, valid, best, seconds)
            _keep(plan, data, state, line)
            watching.epoch(line)
        together.wait()


def _epoch(
    plan: Plan,
    data: Data,
    state: State,
    encoder: IsNetTruthEncoder | None,
    watching: Watching,
    together: Together,
) -> tuple[float, float | None]:
    samples = Samples(data.scenes, plan, state.epoch, together)
    count = len(samples)
    dtype = torch.float16 if plan.precision == "fp16" else torch.bfloat16
    summed, feature_sum = 0.0, 0.0
    state.net.train()
    for number, batch in enumerate(samples, 1):
        for group in state.optimiser.param_groups:
            group["lr"] = rate_at(plan, state.epoch * count + number - 1, plan.epochs * count)
        truth = batch.truth.to(plan.device)
        inputs = batch.inputs.to(plan.device, memory_format=torch.channels_last)
        with torch.autocast(_kind(plan.device), dtype, enabled=plan.precision != "fp32"):
            total, features = losses(state.net, encoder, inputs, truth)
        loss = float(total.detach())
        if not math.isfinite(loss):
            where = f"epoch {state.epoch + 1}, batch {number}"
            raise DataError(f"{where}: the loss is {loss}; lower --rate, or take --precision fp32")
        state.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(state.scaler.scale(total))
        together.mean_gradients(state.net)
        state.scaler.step(state.optimiser)
        state.scaler.update()
        if state.average is not None:
            state.average.follow(state.net)
        summed += loss
        feature_sum += float(features) if features is not None else 0.0
        state.seen += len(truth) * together.count
        watching.batch(number, count, summed / number)
    return summed / count, feature_sum / count if encoder is not None else None


def _keep(plan: Plan, data: Data, state: State, line: Epoch) -> None:
    log = plan.out / LOG
    lines = log.read_bytes().splitlines() if log.is_file() else []
    # A run that was cut off between the log and the checkpoint does its last epoch again; that has one line.
    before = [each for each in lines if json.loads(each)["epoch"] < line.epoch]
    _, drawn = cv2.imencode(".jpg", grid(state.measured, data.pairs, data.checks, plan)[..., ::-1])
    write_bytes(plan.out / f"epoch_{line.epoch:03d}.jpg", drawn.tobytes())
    write_bytes(log, b"\n".join([*before, json.dumps(asdict(line)).encode()]) + b"\n")
    if line.best:
        state.save_weights(plan.out / BEST)
    state.save(plan.out / LAST, settings(plan))


def _move(net: nn.Module, device: str) -> None:
    """To ``device``, with channels last, which convolutions are faster with on CPUs and on tensor cores."""
    net.to(device)
    for parameter in net.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def _kind(device: str) -> str:
    return device.partition(":")[0]
