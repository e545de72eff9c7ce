"""Networks of a few bytes, made where the tests run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pretended_gpu import Gpu, pretend

Dimension = int | str | None
Tiny = Callable[..., Path]


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """Makes an ONNX file: a 1x1 convolution and a sigmoid, so that a result is known by arithmetic.

    ``weights`` are of the channels in order; ``bias`` is added before the sigmoid.
    """
    onnx = pytest.importorskip("onnx", reason="makes the networks of these tests")
    pytest.importorskip("onnxruntime", reason="runs the networks of these tests")
    helper, kinds = onnx.helper, onnx.TensorProto

    def make(
        shape: tuple[Dimension, ...] = (1, 3, 24, 32),
        *,
        weights: tuple[float, ...] = (1.0, 0.0, 0.0),
        bias: float = 0.0,
        operator: str = "Conv",
        domain: str = "",
        inputs: int = 1,
        half: bool = False,
        integer: bool = False,
        sigmoid: bool = True,
        side_outputs: int = 0,
        channels: int = 1,
    ) -> Path:
        kind = kinds.FLOAT16 if half else kinds.INT64 if integer else kinds.FLOAT
        made = (shape[0], channels, *shape[2:])
        given = [helper.make_tensor_value_info(f"input{i}", kind, list(shape)) for i in range(inputs)]
        outputs = [helper.make_tensor_value_info("mask", kind, list(made))]
        outputs += [helper.make_tensor_value_info(f"side{i}", kind, list(made)) for i in range(side_outputs)]
        constant = kinds.FLOAT16 if half else kinds.FLOAT
        tensors = [
            helper.make_tensor("w", constant, (channels, len(weights), 1, 1), list(weights) * channels),
            helper.make_tensor("b", constant, (channels,), [bias] * channels),
        ]
        nodes = [helper.make_node(operator, ["input0", "w", "b"], ["sum"], domain=domain)]
        nodes += [helper.make_node("Sigmoid" if sigmoid else "Identity", ["sum"], ["mask"])]
        nodes += [helper.make_node("Neg", ["sum"], [f"side{i}"]) for i in range(side_outputs)]
        graph = helper.make_graph(nodes, "tiny", given, outputs, tensors)
        sets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
        path = tmp_path / "tiny.onnx"
        onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), path)
        return path

    return make


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gpu:
    """What onnxruntime finds instead of a GPU."""
    gpu = Gpu()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pretend(gpu, monkeypatch)
    return gpu


@pytest.fixture
def told() -> list[str]:
    """What a session has said."""
    return []
