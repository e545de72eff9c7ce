"""What the stage can be told, and what it refuses."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from pipeline.stage import validated
from stages.segmentation import SegmentationProperties


def properties(**given: object) -> SegmentationProperties:
    made = validated(SegmentationProperties, given)
    assert isinstance(made, SegmentationProperties)
    return made


@pytest.mark.parametrize(
    ("model", "is_file"),
    [("u2net", False), ("mine", False), ("mine.onnx", True), ("./mine", True), ("/models/mine", True)],
)
def test_a_path_is_told_from_a_name(model: str, is_file: bool) -> None:
    assert properties(model=model).is_file is is_file


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("size", "320x320"),
        ("mean", "0,0,0"),
        ("std", "1,1,1"),
        ("output", 0),
        ("threshold", 0.5),
        ("full_picture", True),
    ],
)
def test_what_describes_a_file_is_refused_for_a_model_of_the_store(key: str, value: object) -> None:
    assert getattr(properties(model="a.onnx", **{key: value}), key) == value
    with pytest.raises(ConfigError, match=f"'{key}' is for a file of your own; model u2net knows its own"):
        properties(model="u2net", **{key: value})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": "a.onnx", "mean": "0.5"}, "property 'mean' = '0.5'"),
        ({"model": "a.onnx", "std": "1,1,x"}, "property 'std' = '1,1,x'"),
        ({"model": "a.onnx", "size": "320"}, "property 'size' = '320'"),
        ({"model": "a.onnx", "like": "x"}, "like = 'x' is no model; there is: u2netp, "),
        ({"device": "gpu"}, "property 'device' = 'gpu'"),
        ({"rate": 0}, "property 'rate' = 0"),
        ({"dilatation": 0}, "unknown property 'dilatation'; did you mean 'dilation'"),
        ({"keys": "keys"}, "keys are for a remote service"),
        ({"remote": "tcp://gpu:5000", "model": "a.onnx"}, "a remote service has its own files"),
    ],
)
def test_what_makes_no_sense_is_named(given: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        properties(**given)
    assert words in str(raised.value)


def test_a_standard_deviation_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="std"):
        properties(model="a.onnx", std="1,0,1")
