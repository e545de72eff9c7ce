"""What is taken and refused as a segmentation network, by its inputs and outputs."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from stages.segmentation.signature import Dimension, Node, Signature, check_result, signature_of


def node(*shape: Dimension, name: str = "x", kind: str = "tensor(float)") -> Node:
    return Node(name, shape, kind)


def signature(
    given: Node, made: Node | None = None, size: tuple[int, int] | None = (320, 320), batch: int = 1
) -> Signature:
    return signature_of("a.onnx", [given], [made or node(1, 1, 320, 320, name="y")], 0, size, batch)


def test_fixed_sizes_are_taken_as_they_are() -> None:
    found = signature(node(1, 3, 240, 320), size=(999, 999))
    assert (found.size, found.batched, found.overrides) == ((240, 320), False, ())


def test_free_sizes_are_fixed_by_name() -> None:
    found = signature(node("n", 3, "h", "w"), size=(240, 320), batch=4)
    assert (found.size, found.batched, found.overrides) == ((240, 320), True, (("h", 240), ("w", 320)))


def test_a_free_batch_is_fixed_too_if_there_is_only_ever_one_picture() -> None:
    assert signature(node("n", 3, 320, 320)).overrides == (("n", 1),)


def test_sizes_without_a_name_are_fixed_by_what_is_fed() -> None:
    found = signature(node(None, 3, None, None), size=(240, 320))
    assert (found.size, found.batched, found.overrides) == ((240, 320), True, ())


def test_one_name_for_both_sides_is_no_obstacle_to_a_square() -> None:
    assert signature(node(1, 3, "s", "s")).overrides == (("s", 320),)


def test_half_precision_is_seen() -> None:
    found = signature(node(1, 3, 320, 320, kind="tensor(float16)"))
    assert (found.input_dtype, found.output_dtype) == ("float16", "float32")


@pytest.mark.parametrize(
    ("given", "size", "message"),
    [
        (node(1, 3, "h", "w"), None, "model 'a.onnx' leaves its height open"),
        (node(1, 3, "s", "s"), (240, 320), "calls two sizes 's' that are to be 240 and 320"),
        (node(1, 1, 320, 320), None, "takes 1 channel; pictures have 3"),
        (node(1, 4, 320, 320), None, "takes 4 channels"),
        (node(1, "c", 320, 320), None, "takes any number of channels"),
        (node(1, 320, 320, 3), None, "takes 320 channels"),
        (node(8, 3, 320, 320), None, "fixed to batches of 8"),
        (node(1, 3, 320), None, r"takes \(1, 3, 320\); it must be \(batch, 3, height, width\)"),
        (node(1, 3, 100_000, 320), None, "height of 100000 px; 8192 is the most"),
        (node(1, 3, 320, 320, kind="tensor(int64)"), None, "'x' is tensor\\(int64\\)"),
    ],
)
def test_what_cannot_be_fed_with_pictures_is_refused(given: Node, size: tuple[int, int] | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        signature(given, size=size)


def test_another_number_of_inputs_is_refused() -> None:
    two = [node(1, 3, 320, 320, name="image"), node(1, 1, 320, 320, name="prompt")]
    with pytest.raises(ConfigError, match=r"has 2 inputs \(image, prompt\)"):
        signature_of("a.onnx", two, [node(1, 1, 320, 320)], 0, None, 1)
    with pytest.raises(ConfigError, match=r"has 0 inputs \(none\)"):
        signature_of("a.onnx", [], [node(1, 1, 320, 320)], 0, None, 1)


def test_an_output_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 1 outputs, none of them with number 6"):
        signature_of("a.onnx", [node(1, 3, 320, 320)], [node(1, 1, 320, 320)], 6, None, 1)


@pytest.mark.parametrize("shape", [(1, 21, 320, 320), (1, 1, 80, 80), (1, 1000), (1, 320, 320)])
def test_a_result_that_is_no_mask_is_refused(shape: tuple[int, ...]) -> None:
    found = signature(node(1, 3, 320, 320))
    check_result("a.onnx", found, (1, 1, 320, 320))
    with pytest.raises(ConfigError, match=r"for one picture; a mask is \(1, 1, 320, 320\)"):
        check_result("a.onnx", found, shape)
