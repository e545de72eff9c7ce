"""Nets by name, and their weights: from a checkpoint, or random ones from a seed. Never runs code from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.errors import ExitCode, PipelineError
from stages.segmentation.nets.isnet import IsNet, IsNetTruthEncoder
from stages.segmentation.nets.nested import NestedU
from stages.segmentation.nets.u2net import U2Net, U2NetP

_BIAS = 1.0  # in deviations; with 0 a random net is chaotic: the last bit of its input moves the output by hundreds
_SHOWN = 3  # names in an error


@dataclass(frozen=True, slots=True)
class Net:
    """``size_px`` is the side of the square input in the paper, ``channels`` those of the input."""

    build: Callable[[], NestedU]
    size_px: int
    channels: int = 3


NETS: Mapping[str, Net] = {
    "u2net": Net(U2Net, 320),
    "u2netp": Net(U2NetP, 320),
    "isnet": Net(IsNet, 1024),
    "isnet-gt-encoder": Net(IsNetTruthEncoder, 1024, channels=1),
}


class CheckpointError(PipelineError):
    """A file is no checkpoint, or not one of this net."""

    exit_code = ExitCode.DATA


def load_weights(net: nn.Module, path: Path) -> None:
    """Put the weights in ``path`` into ``net``: every key must be there, and no other, as in ``strict=True``.

    A plain state dict, one under the key "model", and names with the "module." of DataParallel are understood. Raises
    CheckpointError; then ``net`` is as it was.
    """
    state = _read(path)
    wanted = net.state_dict()
    # BatchNorm counted no batches before PyTorch 0.4.1; strict loading takes such files as well.
    absent = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    surplus = [key for key in state if key not in wanted]
    if absent or surplus:
        raise CheckpointError(
            f"'{path}' does not fit {type(net).__name__}: {_told('absent', absent)}, {_told('unknown', surplus)};"
            " choose the net that the file was made for"
        )
    for key, value in state.items():
        if value.shape != wanted[key].shape:
            raise CheckpointError(
                f"'{path}' does not fit {type(net).__name__}: {key} has shape {tuple(value.shape)}, not"
                f" {tuple(wanted[key].shape)}; choose the net that the file was made for"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"'{path}' is damaged: {key} holds NaN or infinity; fetch or train it again")
    net.load_state_dict({**wanted, **state}, strict=True)


def seed_weights(net: nn.Module, seed: int, like: Tensor) -> None:
    """Give ``net`` random weights that answer to their input; the same seed gives the same ones on one machine.

    He initialisation, then the statistics of batch normalisation from ``like``, two pictures or more: with PyTorch's
    own defaults the signal is gone after so many layers, and the output is the same for every picture. They should have
    the size that the net is used with: in small ones the dilated convolutions see little but the border. Leaves ``net``
    in evaluation mode.
    """
    generator = torch.Generator().manual_seed(seed)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over what it sees
        nn.init.constant_(norm.bias, _BIAS)
    net.train()
    with torch.no_grad():
        net(like)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    net.eval()


def _read(path: Path) -> dict[str, Tensor]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as e:
        raise CheckpointError(f"there is no checkpoint '{path}'") from e
    except Exception as e:
        # PyTorch raises a dozen things, by where the bytes go wrong; its advice to allow code is not passed on.
        raise CheckpointError(f"'{path}' is no checkpoint of weights, or is damaged; fetch or train it again") from e
    if isinstance(found, dict) and isinstance(found.get("model"), dict):
        found = found["model"]
    if not isinstance(found, dict) or not found or not all(isinstance(value, Tensor) for value in found.values()):
        raise CheckpointError(f"'{path}' holds no weights by name; a state dict is needed, not a whole module")
    if all(str(key).startswith("module.") for key in found):
        return {str(key).removeprefix("module."): value for key, value in found.items()}
    return {str(key): value for key, value in found.items()}


def _told(what: str, keys: list[str]) -> str:
    more = ", ..." if len(keys) > _SHOWN else ""
    return f"{len(keys)} {what}" + (f" ({', '.join(keys[:_SHOWN])}{more})" if keys else "")
