"""What an ONNX file says it takes and gives, and whether a session can be fed with pictures through that. Pure.

``session`` reads the nodes from the runtime; here is decided which sizes are free, how they are fixed, and what is
wrong with a file that is no segmentation network. Errors are ConfigError, one line, naming the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import ConfigError

# A size in px, the name of a free dimension, or None for a free dimension without a name: the runtime's own way.
Dimension = int | str | None
Size = tuple[int, int]

_TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16"}
LARGEST_PX = 8192  # of a side; more is a damaged file


@dataclass(frozen=True, slots=True)
class Node:
    """An input or output as the file describes it."""

    name: str
    shape: tuple[Dimension, ...]
    type: str


@dataclass(frozen=True, slots=True)
class Signature:
    """How to feed one file. ``size``: height and width. ``dtype``: of its input and its output.

    ``batched``: any number of pictures at once; else one. ``overrides``: free dimensions by name, and what to fix
    them to.
    """

    input: str
    output: str
    size: Size
    batched: bool
    input_dtype: str
    output_dtype: str
    overrides: tuple[tuple[str, int], ...]


def signature_of(
    model: str, inputs: Sequence[Node], outputs: Sequence[Node], output: int, size: Size | None, batch: int
) -> Signature:
    """Of file ``model``; ``size`` is for where it leaves height and width open. Raises ConfigError."""
    if len(inputs) != 1:
        names = ", ".join(node.name for node in inputs) or "none"
        raise ConfigError(f"model '{model}' has {len(inputs)} inputs ({names}); a segmentation network takes one")
    if not 0 <= output < len(outputs):
        raise ConfigError(f"model '{model}' has {len(outputs)} outputs, none of them with number {output}")
    given, made = inputs[0], outputs[output]
    if len(given.shape) != 4:
        raise ConfigError(f"model '{model}' takes {_text(given.shape)}; it must be (batch, 3, height, width)")
    count, channels, height, width = given.shape
    if channels != 3:
        raise ConfigError(f"model '{model}' takes {_channels(channels)}; pictures have 3, R, G and B")
    if isinstance(count, int) and count not in (-1, 1):
        raise ConfigError(f"model '{model}' is fixed to batches of {count}; export it for 1, or for any number")
    fixed = (
        _side(model, "height", height, size[0] if size else None),
        _side(model, "width", width, size[1] if size else None),
    )
    batched = count != 1
    wanted: list[tuple[Dimension, int]] = [(height, fixed[0]), (width, fixed[1])]
    if batched and batch == 1:
        wanted.append((count, 1))
    return Signature(
        input=given.name,
        output=made.name,
        size=fixed,
        batched=batched,
        input_dtype=_dtype(model, given),
        output_dtype=_dtype(model, made),
        overrides=_overrides(model, wanted),
    )


def check_result(model: str, signature: Signature, shape: Sequence[int]) -> None:
    """Refuse a file whose output for one picture has a ``shape`` that is no mask. Raises ConfigError."""
    height, width = signature.size
    if tuple(shape) != (1, 1, height, width):
        raise ConfigError(
            f"model '{model}' gives {_text(shape)} for one picture; a mask is (1, 1, {height}, {width}), "
            "one channel at the size of the input"
        )


def _side(model: str, name: str, given: Dimension, wanted: int | None) -> int:
    if isinstance(given, int) and given > 0:
        if given > LARGEST_PX:
            raise ConfigError(f"model '{model}' has a {name} of {given} px; {LARGEST_PX} is the most")
        return given
    if wanted is None:
        raise ConfigError(f"model '{model}' leaves its {name} open; say which size it is to have")
    return wanted


def _overrides(model: str, wanted: Sequence[tuple[Dimension, int]]) -> tuple[tuple[str, int], ...]:
    """Free dimensions with a name are fixed by it; those without are fixed by what is fed."""
    fixed: dict[str, int] = {}
    for dimension, value in wanted:
        if isinstance(dimension, str) and fixed.setdefault(dimension, value) != value:
            raise ConfigError(
                f"model '{model}' calls two sizes '{dimension}' that are to be {fixed[dimension]} and {value}; "
                "export it with fixed sizes"
            )
    return tuple(fixed.items())


def _dtype(model: str, node: Node) -> str:
    if node.type not in _TYPES:
        raise ConfigError(f"model '{model}': '{node.name}' is {node.type}; it must be {' or '.join(_TYPES)}")
    return _TYPES[node.type]


def _channels(channels: Dimension) -> str:
    if isinstance(channels, int) and channels > 0:
        return f"{channels} channel{'' if channels == 1 else 's'}"
    return "any number of channels"


def _text(shape: Sequence[Dimension]) -> str:
    return "(" + ", ".join("?" if each is None else str(each) for each in shape) + ")"
