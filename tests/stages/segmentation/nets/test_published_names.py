"""The nets hold exactly the weights that the published checkpoints have: the same names, the same shapes, no others.

The rule below is derived from the authors' sources; it is written out again here so that a change of the nets shows.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)

from stages.segmentation.nets.checkpoints import NETS, load_weights  # noqa: E402

Shape = tuple[int, ...]
Stage = tuple[int | str, int, int, int]  # kind, I, M, O

BIG_UP: list[Stage] = [
    ("4F", 1024, 256, 512),
    (4, 1024, 128, 256),
    (5, 512, 64, 128),
    (6, 256, 32, 64),
    (7, 128, 16, 64),
]
BIG_DOWN: list[Stage] = [
    (6, 64, 32, 128),
    (5, 128, 64, 256),
    (4, 256, 128, 512),
    ("4F", 512, 256, 512),
    ("4F", 512, 256, 512),
]
TABLE: dict[str, tuple[list[Stage], list[Stage]]] = {
    "u2net": ([(7, 3, 32, 64), *BIG_DOWN], BIG_UP),
    "u2netp": (
        [(kind, 3 if kind == 7 else 64, 16, 64) for kind in (7, 6, 5, 4, "4F", "4F")],
        [(kind, 128, 16, 64) for kind in ("4F", 4, 5, 6, 7)],
    ),
    "isnet": ([(7, 64, 32, 64), *BIG_DOWN], BIG_UP),
    "isnet-gt-encoder": (
        [
            (7, 16, 16, 64),
            (6, 64, 16, 64),
            (5, 64, 32, 128),
            (4, 128, 32, 256),
            ("4F", 256, 64, 512),
            ("4F", 512, 64, 512),
        ],
        [],
    ),
}
PARAMETERS = {"u2net": 44.0, "u2netp": 1.13, "isnet": 44.0}  # millions, from the papers


def conv(name: str, inputs: int, outputs: int, kernel: int = 3) -> dict[str, Shape]:
    return {f"{name}.weight": (outputs, inputs, kernel, kernel), f"{name}.bias": (outputs,)}


def norm(name: str, channels: int) -> dict[str, Shape]:
    per_channel = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{each}": (channels,) for each in per_channel} | {f"{name}.num_batches_tracked": ()}


def stage(name: str, kind: int | str, inputs: int, inner: int, outputs: int) -> dict[str, Shape]:
    depth = 4 if kind == "4F" else int(kind)
    parts = {"in": (inputs, outputs), "1": (outputs, inner), "1d": (2 * inner, outputs)}
    parts |= {str(level): (inner, inner) for level in range(2, depth + 1)}
    parts |= {f"{level}d": (2 * inner, inner) for level in range(2, depth)}
    keys: dict[str, Shape] = {}
    for part, (before, after) in parts.items():
        keys |= conv(f"{name}.rebnconv{part}.conv_s1", before, after) | norm(f"{name}.rebnconv{part}.bn_s1", after)
    return keys


def published(net: str) -> dict[str, Shape]:
    """Every key of a checkpoint of this net, with its shape."""
    down, up = TABLE[net]
    keys: dict[str, Shape] = {}
    for level, (kind, inputs, inner, outputs) in enumerate(down, 1):
        keys |= stage(f"stage{level}", kind, inputs, inner, outputs)
    for level, (kind, inputs, inner, outputs) in zip(range(5, 0, -1), up, strict=False):
        keys |= stage(f"stage{level}d", kind, inputs, inner, outputs)
    last = [*up[::-1], down[-1]] if up else down
    for level, (_, _, _, outputs) in enumerate(last, 1):
        keys |= conv(f"side{level}", outputs, 1)
    if net.startswith("u2net"):
        keys |= conv("outconv", 6, 1, kernel=1)
    elif net == "isnet":
        keys |= conv("conv_in", 3, 64)
    else:
        keys |= conv("conv_in.conv", 1, 16) | norm("conv_in.bn", 16)
    return keys


@pytest.mark.parametrize("net", TABLE)
def test_keys_and_shapes_are_those_of_the_published_checkpoints(net: str) -> None:
    with torch.device("meta"):
        state = NETS[net].build().state_dict()
    assert {key: tuple(value.shape) for key, value in state.items()} == published(net)


def test_every_net_is_in_the_rule() -> None:
    assert set(TABLE) == set(NETS)


@pytest.mark.parametrize(("net", "millions"), PARAMETERS.items())
def test_the_number_of_parameters_is_that_of_the_paper(net: str, millions: float) -> None:
    with torch.device("meta"):
        counted = sum(parameter.numel() for parameter in NETS[net].build().parameters())
    learned = {key: shape for key, shape in published(net).items() if key.rpartition(".")[2] in ("weight", "bias")}
    assert counted == sum(math.prod(shape) for shape in learned.values())
    assert counted / 1e6 == pytest.approx(millions, rel=0.005)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip format", "format of 2020"])
def test_a_file_with_the_published_keys_loads_strictly(tmp_path: Path, zipped: bool) -> None:
    made = {key: torch.full(shape, 0.5) for key, shape in published("u2netp").items()}
    torch.save(made, tmp_path / "u2netp.pth", _use_new_zipfile_serialization=zipped)
    net = NETS["u2netp"].build()
    load_weights(net, tmp_path / "u2netp.pth")
    loaded = {key: value.unique().tolist() for key, value in net.state_dict().items()}
    assert loaded == {key: [0 if key.endswith("tracked") else 0.5] for key in made}
