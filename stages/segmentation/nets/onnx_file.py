"""A net as ONNX: one input ``image``, one output ``mask`` with the sigmoid inside, checked against PyTorch on the CPU.

Both are float32 whatever the precision inside. Height and width are fixed, the batch is fixed or free. Nothing is
written here: what is returned has passed the check.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from pipeline.errors import StageError
from stages.segmentation.nets.patterns import patterns

Precision = Literal["fp32", "fp16"]
INPUT, OUTPUT = "image", "mask"
OPSET = 18
MOST_APART: dict[Precision, float] = {"fp32": 1e-4, "fp16": 5e-2}  # of a probability


@dataclass(frozen=True, slots=True)
class Shape:
    """Of the input: ``height`` and ``width`` in px; ``batch`` None leaves the batch free."""

    channels: int
    height: int
    width: int
    batch: int | None = 1

    def batches(self) -> tuple[int, ...]:
        """The batch sizes to check."""
        return (1, 2) if self.batch is None else (self.batch,)

    def example(self, batch: int) -> Tensor:
        """``batch`` pictures to compare with, the same ones every time."""
        return patterns(batch, self.channels, self.height, self.width, seed=batch)


class _Mask(nn.Module):
    """The result of a net alone, as a probability. The sigmoid is taken in float32."""

    def __init__(self, net: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.net = net
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, 1, h, w), both float32."""
        return torch.sigmoid(self.net(image.to(self.dtype))[0].float())


def converted(net: nn.Module, shape: Shape, precision: Precision = "fp32", note: str = "") -> tuple[bytes, float]:
    """The bytes of an ONNX file, and how far its masks are from PyTorch's float32 ones, at most.

    ``note`` goes into the file as its description. The net is put into evaluation mode, and for fp16 into that
    precision. Raises StageError if the masks are further apart than MOST_APART, or not numbers.
    """
    net.eval()
    expected = [(picture, _by_pytorch(net, picture)) for picture in map(shape.example, shape.batches())]
    data = _exported(net, shape, precision, note)
    options = onnxruntime.SessionOptions()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    apart = 0.0
    for picture, mask in expected:
        (found,) = session.run([OUTPUT], {INPUT: picture.numpy()})
        apart = max(apart, _apart(found, mask))
    if not apart <= MOST_APART[precision]:
        raise StageError(
            f"the {precision} ONNX of {type(net).__name__} differs from PyTorch by {apart:.2g} (at most"
            f" {MOST_APART[precision]:g} is allowed); it was not written"
        )
    return data, apart


def _by_pytorch(net: nn.Module, picture: Tensor) -> np.ndarray:
    with torch.inference_mode():
        mask: np.ndarray = _Mask(net, torch.float32)(picture).numpy()
    return mask


def _apart(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference; infinite where shapes differ or one of them is not a number."""
    if found.shape != expected.shape or not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return float("inf")
    return float(np.abs(found - expected).max())


def _exported(net: nn.Module, shape: Shape, precision: Precision, note: str) -> bytes:
    module = _Mask(net.half(), torch.float16) if precision == "fp16" else _Mask(net, torch.float32)
    example = shape.example(shape.batch or 2)  # an example of one would fix a free batch to one
    free = {"image": {0: torch.export.Dim("batch", min=1)}} if shape.batch is None else None
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # of the exporter, about itself
            program = torch.onnx.export(
                module.eval(),
                (example,),
                dynamo=True,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=free,
                opset_version=OPSET,
                optimize=True,
                verbose=False,
            )
    finally:
        logger.setLevel(before)
    assert program is not None  # it is None only where the exporter writes the file itself
    model = program.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces with the paths of this machine
        node.doc_string = ""
    model.doc_string = note
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
