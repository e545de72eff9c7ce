"""ONNX files of nets: they give PyTorch's masks, and one that does not never leaves the function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)
onnx = pytest.importorskip("onnx", reason="ONNX is not installed", exc_type=ImportError)
pytest.importorskip("onnxscript", reason="onnxscript is not installed", exc_type=ImportError)
ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed", exc_type=ImportError)

from pipeline.errors import StageError  # noqa: E402
from stages.segmentation.nets import onnx_file  # noqa: E402
from stages.segmentation.nets.checkpoints import NETS, seed_weights  # noqa: E402
from stages.segmentation.nets.nested import NestedU  # noqa: E402
from stages.segmentation.nets.onnx_file import Shape, converted  # noqa: E402
from stages.segmentation.nets.patterns import patterns  # noqa: E402


def seeded(name: str = "u2netp") -> NestedU:
    net = NETS[name].build()
    seed_weights(net, 7, patterns(2, 3, 64, 96))
    return net


def masks(data: bytes, pictures: Any) -> Any:
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": pictures.numpy()})[0]


@pytest.fixture(scope="module")
def free_batch() -> tuple[NestedU, bytes, float]:
    net = seeded()
    return (net, *converted(net, Shape(3, 64, 96, None), note="a net for tests"))


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_masks_of_any_batch_are_those_of_pytorch(free_batch: tuple[NestedU, bytes, float], batch: int) -> None:
    net, data, _ = free_batch
    pictures = patterns(batch, 3, 64, 96, seed=40 + batch)  # not those that the export was checked with
    with torch.inference_mode():
        expected = torch.sigmoid(net(pictures)[0]).numpy()
    found = masks(data, pictures)
    assert found.shape == (batch, 1, 64, 96)
    assert np.abs(found - expected).max() <= 1e-4
    assert expected.std() > 0.03  # of masks that are the same everywhere, agreement would prove nothing


def test_the_distance_that_is_told_is_that_of_the_worst_pixel(free_batch: tuple[NestedU, bytes, float]) -> None:
    net, data, told = free_batch
    found = 0.0
    for batch in (1, 2):
        pictures = Shape(3, 64, 96).example(batch)
        with torch.inference_mode():
            expected = torch.sigmoid(net(pictures)[0]).numpy()
        found = max(found, float(np.abs(masks(data, pictures) - expected).max()))
    assert told == pytest.approx(found, abs=1e-6)


def test_the_file_says_what_it_is_and_nothing_of_the_machine(free_batch: tuple[NestedU, bytes, float]) -> None:
    model = onnx.load_from_string(free_batch[1])
    assert model.doc_string == "a net for tests"
    assert b".py" not in free_batch[1]
    (image,), (mask,) = model.graph.input, model.graph.output
    assert (image.name, mask.name) == ("image", "mask")
    sizes = [[axis.dim_param or axis.dim_value for axis in each.type.tensor_type.shape.dim] for each in (image, mask)]
    assert sizes == [["batch", 3, 64, 96], ["batch", 1, 64, 96]]


def test_half_precision_halves_the_file_and_keeps_input_and_output(free_batch: tuple[NestedU, bytes, float]) -> None:
    data, apart = converted(seeded(), Shape(3, 64, 96, 2), "fp16")
    assert len(data) < 0.6 * len(free_batch[1])
    assert 0.0 < apart <= onnx_file.MOST_APART["fp16"]
    model = onnx.load_from_string(data)
    weights = {each.data_type for each in model.graph.initializer if len(each.dims) == 4}
    assert weights == {onnx.TensorProto.FLOAT16}
    found = masks(data, patterns(2, 3, 64, 96))
    assert (found.dtype, found.shape) == (np.float32, (2, 1, 64, 96))


class Unlike(NestedU):
    """Gives other masks when it is exported than when it runs."""

    def forward(self, x: Any) -> tuple[Any, ...]:
        mask = self.sides(self.features(x), x.shape[-2:])[0]
        return (mask + 0.01,) if torch.compiler.is_exporting() else (mask,)


class Broken(NestedU):
    """Gives NaN."""

    def forward(self, x: Any) -> tuple[Any, ...]:
        return (self.sides(self.features(x), x.shape[-2:])[0] * float("nan"),)


@pytest.mark.parametrize("kind", [Unlike, Broken])
def test_a_file_that_differs_from_pytorch_is_not_given_out(kind: type[NestedU]) -> None:
    from stages.segmentation.nets.blocks import Rsu

    net = kind([Rsu("4F", 3 if level == 0 else 4, 2, 4) for level in range(6)])
    with pytest.raises(StageError, match=f"{kind.__name__} differs from PyTorch by .*not written"):
        converted(net, Shape(3, 32, 32))
