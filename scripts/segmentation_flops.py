"""What a network computes for one picture, counted from its ONNX file. For bench_segmentation's share of peak."""

from __future__ import annotations

import math
from pathlib import Path


def gflop(model: Path, side: int) -> float:
    """Of one picture of ``side`` x ``side`` px: two operations for each multiplication of a convolution, in 10^9.

    All but nothing of these networks is convolutions. 0 if onnx is not there, or cannot tell the sizes.
    """
    try:
        import onnx
    except ImportError:
        return 0.0
    loaded = onnx.load(model)
    shape = loaded.graph.input[0].type.tensor_type.shape.dim
    for dimension, value in zip(shape, (1, 3, side, side), strict=True):
        dimension.dim_value = value
    inferred = onnx.shape_inference.infer_shapes(loaded).graph
    sizes = {each.name: [dim.dim_value for dim in each.type.tensor_type.shape.dim] for each in inferred.value_info}
    sizes |= {each.name: [dim.dim_value for dim in each.type.tensor_type.shape.dim] for each in inferred.output}
    weights = {each.name: list(each.dims) for each in inferred.initializer}
    total = 0.0
    for node in inferred.node:
        if node.op_type == "Conv":
            kernel = weights[node.input[1]]
            total += 2.0 * math.prod(kernel[1:]) * math.prod(sizes.get(node.output[0], [0]))
    return total / 1e9
