"""The table of networks."""

from __future__ import annotations

import re

import pytest

from stages.segmentation.models import MODELS, ModelSpec

SUMS = {
    "u2netp": "8e83ca70e441ab06c318d82300c84806",
    "u2net": "60024c5c889badc19c04ad937298a77b",
    "u2net_human_seg": "c09ddc2e0104f800e3e1bb4652583d1f",
    "isnet-general-use": "fc16ebd8b0c10d971d3513d564d01e29",
}


def test_the_table_has_the_published_files_with_their_sums() -> None:
    assert {name: spec.digest for name, spec in MODELS.items()} == {name: f"md5:{md5}" for name, md5 in SUMS.items()}


@pytest.mark.parametrize("spec", MODELS.values(), ids=list(MODELS))
def test_an_entry_is_complete(spec: ModelSpec) -> None:
    assert MODELS[spec.name] is spec
    assert spec.url.startswith("https://")
    assert spec.url.endswith(f"/{spec.name}.onnx")
    assert re.fullmatch(r"md5:[0-9a-f]{32}", spec.digest)
    assert spec.licence
    assert spec.purpose
    assert 0.0 < spec.threshold < 1.0


def test_isnet_takes_the_full_picture_and_the_others_the_analysis_plane() -> None:
    assert [spec.name for spec in MODELS.values() if spec.full_picture] == ["isnet-general-use"]


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        MODELS["mine"] = MODELS["u2net"]  # type: ignore[index]
