"""Slides with somebody before them, drawn in a green that nothing else has, and a network that marks that green."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.frame import Plane
from stages.segmentation.models import IMAGENET_MEAN, IMAGENET_STD

GREEN = (30, 220, 30)  # B, G, R
ON_CPU = {"device": "cpu", "threads": 1}
WEIGHTS, BIAS = (-20.0, 40.0, -20.0), -12.0  # of R, G, B from 0 to 1


def slide(number: int, width: int = 320, height: int = 180) -> Plane:
    """Grey lines on white, others on each slide; BGR (height, width, 3)."""
    picture = np.full((height, width, 3), 245, np.uint8)
    rng = np.random.default_rng(number)
    cv2.rectangle(picture, (width // 16, height // 12), (width // 2, height // 6), (70, 70, 70), cv2.FILLED)
    for line in range(8):
        y = height * (26 + 7 * line) // 90
        for word in range(6):
            x = width * (1 + 2.5 * word) / 16
            long = width * rng.uniform(0.4, 2.0) / 16
            cv2.rectangle(picture, (round(x), y), (round(x + long), y + height // 36), (90, 90, 90), cv2.FILLED)
    return picture


def person(picture: Plane, x: float) -> Plane:
    """``picture`` with somebody standing at ``x``, a fraction of the width; a copy."""
    shown = picture.copy()
    height, width = shown.shape[:2]
    centre = round(x * width)
    cv2.circle(shown, (centre, height * 45 // 100), height * 9 // 100, GREEN, cv2.FILLED)
    cv2.ellipse(shown, (centre, height), (height * 18 // 100, height * 45 // 100), 0, 0, 360, GREEN, cv2.FILLED)
    return shown


def sway(second: float) -> float:
    """What to add to a place, so that somebody who stands there is alive: they lean over twice a second."""
    return 0.012 * (int(2 * second) % 2)


def is_person(picture: Plane) -> NDArray[np.bool_]:
    """Where it is green."""
    blue, green, red = (picture[:, :, channel].astype(np.int16) for channel in range(3))
    return (green - blue > 60) & (green - red > 60)


def finder(path: Path, side: int = 96) -> Path:
    """Write an ONNX file that marks what is green, at ``side`` x ``side``; it gives near 0 and near 1.

    It is fed as U2-Net is, so it has to undo that.
    """
    onnx = pytest.importorskip("onnx", reason="makes the network of these tests")
    pytest.importorskip("onnxruntime", reason="runs the network of these tests")
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    given = helper.make_tensor_value_info("input", float32, [1, 3, side, side])
    made = helper.make_tensor_value_info("mask", float32, [1, 1, side, side])
    weights = [weight * std for weight, std in zip(WEIGHTS, IMAGENET_STD, strict=True)]
    bias = BIAS + sum(weight * mean for weight, mean in zip(WEIGHTS, IMAGENET_MEAN, strict=True))
    tensors = [
        helper.make_tensor("w", float32, (1, 3, 1, 1), weights),
        helper.make_tensor("b", float32, (1,), [bias]),
    ]
    nodes = [helper.make_node("Conv", ["input", "w", "b"], ["sum"]), helper.make_node("Sigmoid", ["sum"], ["mask"])]
    graph = helper.make_graph(nodes, "green", [given], [made], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path
