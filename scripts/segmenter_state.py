"""What a run needs in order to go on: weights, their average, the optimiser, epoch, random numbers; and it on disk.

Files are replaced at once and durably: after a power cut there is the last one or this one. They hold tensors and
plain values only, and are read without running code from them. The weights are under "model", where
scripts/export_onnx looks for them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import torch
from torch import Tensor, nn

from pipeline.errors import DataError, SourceError
from stages.durable import replacing

FORMAT = 1

Weights = dict[str, Tensor]


class Average:
    """The running average of a net's weights; it follows faster at first, when there is little to remember."""

    def __init__(self, net: nn.Module, keep: float) -> None:
        self.net = copy.deepcopy(net).eval()
        for parameter in self.net.parameters():
            parameter.requires_grad_(False)
        self.steps = 0
        self._keep = keep

    def follow(self, net: nn.Module) -> None:
        """Take a step towards ``net``: parameters, and the statistics of batch normalisation."""
        self.steps += 1
        keep = min(self._keep, (1 + self.steps) / (10 + self.steps))
        theirs = net.state_dict()
        with torch.no_grad():
            for name, ours in self.net.state_dict().items():
                if ours.is_floating_point():
                    ours.lerp_(theirs[name], 1 - keep)
                else:
                    ours.copy_(theirs[name])


class _Saved(TypedDict):
    format: int
    settings: dict[str, str]
    model: Weights
    average: Weights | None
    average_steps: int
    optimiser: dict[str, object]
    scaler: dict[str, float]
    rng: Tensor
    cuda_rng: list[Tensor]
    epoch: int
    seen: int
    best: float


@dataclass(slots=True)
class State:
    """A run so far. ``epoch``: how many are done. ``best``: the highest score of any; below 0 if there is none."""

    net: nn.Module
    optimiser: torch.optim.Optimizer
    average: Average | None
    scaler: torch.amp.GradScaler
    epoch: int = 0
    seen: int = 0
    best: float = -1.0

    @property
    def measured(self) -> nn.Module:
        """What is validated and kept: the average where there is one."""
        return self.average.net if self.average is not None else self.net

    def save(self, path: Path, settings: dict[str, str]) -> None:
        """Write all of it; ``settings``: what a run that goes on from it must have too. Raises WriteError."""
        saved = _Saved(
            format=FORMAT,
            settings=settings,
            model=self.net.state_dict(),
            average=self.average.net.state_dict() if self.average is not None else None,
            average_steps=self.average.steps if self.average is not None else 0,
            optimiser=self.optimiser.state_dict(),
            scaler=self.scaler.state_dict(),
            rng=torch.get_rng_state(),
            cuda_rng=torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            epoch=self.epoch,
            seen=self.seen,
            best=self.best,
        )
        with replacing(path) as tmp:
            torch.save(saved, tmp)

    def save_weights(self, path: Path) -> None:
        """Write the weights that are measured, and nothing else. Raises WriteError."""
        with replacing(path) as tmp:
            torch.save({"model": {name: value.cpu() for name, value in self.measured.state_dict().items()}}, tmp)

    def load(self, path: Path, settings: dict[str, str]) -> None:
        """Go on from ``path``. Raises SourceError if it is not there, DataError if it is of another run."""
        saved = _read(path)
        if other := [name for name in settings if saved["settings"].get(name) != settings[name]]:
            changed = ", ".join(f"{name} {saved['settings'].get(name)}, not {settings[name]}" for name in other)
            raise DataError(f"'{path}' is of a run with {changed}; go on with the same, or start in another folder")
        try:
            self.net.load_state_dict(saved["model"])
            self.optimiser.load_state_dict(saved["optimiser"])
            if self.average is not None and saved["average"] is not None:
                self.average.net.load_state_dict(saved["average"])
                self.average.steps = saved["average_steps"]
            if saved["scaler"] and self.scaler.is_enabled():
                self.scaler.load_state_dict(saved["scaler"])
            torch.set_rng_state(saved["rng"])
            if torch.cuda.is_available() and len(saved["cuda_rng"]) == torch.cuda.device_count():
                torch.cuda.set_rng_state_all(saved["cuda_rng"])
        except (KeyError, ValueError, RuntimeError) as e:
            raise DataError(f"'{path}' does not fit {type(self.net).__name__}; start in another folder") from e
        self.epoch, self.seen, self.best = saved["epoch"], saved["seen"], saved["best"]


def _read(path: Path) -> _Saved:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as e:
        raise SourceError(f"there is no run to go on with: no '{path}'") from e
    except Exception as e:
        # PyTorch raises a dozen things, by where the bytes go wrong; its advice to allow code is not passed on.
        raise DataError(f"'{path}' is no checkpoint, or is damaged; take it away and start anew") from e
    whole = isinstance(found, dict) and set(found) == _Saved.__required_keys__ and found["format"] == FORMAT
    if not whole:
        raise DataError(f"'{path}' is no run of this version; start in another folder, with --weights if it has some")
    return cast(_Saved, found)
