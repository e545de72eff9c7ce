"""What is loaded with the folder, and what only with the stage."""

from __future__ import annotations

import subprocess
import sys

import pytest

import stages.segmentation


def loaded(script: str) -> set[str]:
    script = f"{script}; import sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    told = subprocess.run([sys.executable, "-P", "-c", script], check=True, capture_output=True, text=True, timeout=60)
    return set(told.stdout.split())


def test_the_folder_alone_loads_no_picture_library_and_no_runtime() -> None:
    assert not loaded("import stages.segmentation") & {"numpy", "cv2", "onnxruntime", "pydantic", "zmq"}


def test_the_stage_loads_no_runtime_before_it_starts() -> None:
    assert "onnxruntime" not in loaded("from stages.segmentation import Segmentation")


def test_a_name_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match=r"stages\.segmentation.*'Segmenting'"):
        stages.segmentation.Segmenting  # type: ignore[attr-defined] # noqa: B018
