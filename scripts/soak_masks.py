"""Soak, masks: a very long stream with somebody walking through it, all stages that a mask passes; memory stays flat.

The network is a convolution of the colours, made here: what must not grow is what is around it, and the runtime's
session. A real one can be given, which takes as long as its masks take.
"""

from __future__ import annotations

from pathlib import Path

STAGES = ("testsource", "segmentation", "bgsub", "trigger", "dedup", "exporter")
FPS = 20
SIDE_PX = 64


def line(model: Path, frames: int, masks_per_s: float) -> str:
    """The launch line of a lecture of so many frames, with so many masks for each of its seconds."""
    return (
        f"testsource duration={frames / FPS:g} fps={FPS} width=320 height=180 slides=50 presenter=walk"
        f" ! segmentation model={model} like=u2netp role=any rate={masks_per_s:g} wait=true"
        " ! bgsub method=tiles"
        " ! trigger start_percent=0.2 settle_percent=0.2 settle_time=0.5 picture=last"
        " ! dedup distance=36 confirm=content builds=final ! exporter location=out pdf=false format=jpeg"
    )


def network(folder: Path) -> Path:
    """An ONNX file that marks what is more red than blue, as the presenter of the test lecture is."""
    import onnx
    from onnx import TensorProto, helper

    def shape(channels: int) -> list[int]:
        return [1, channels, SIDE_PX, SIDE_PX]

    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["sum"]), helper.make_node("Sigmoid", ["sum"], ["mask"])],
        "reddish",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape(3))],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, shape(1))],
        [
            helper.make_tensor("w", TensorProto.FLOAT, (1, 3, 1, 1), [8.0, 0.0, -8.0]),
            helper.make_tensor("b", TensorProto.FLOAT, (1,), [-4.0]),
        ],
    )
    path = folder / "reddish.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path
