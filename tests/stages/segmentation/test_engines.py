"""The folder of TensorRT's engines: the user's own, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import OutputError
from stages.segmentation.engines import engines_folder


def test_the_folder_is_made_for_the_user_alone(tmp_path: Path) -> None:
    folder = engines_folder({"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert folder == tmp_path / "cache" / "slidetap" / "tensorrt"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert engines_folder({"XDG_CACHE_HOME": str(tmp_path / "cache")}) == folder


def test_without_a_cache_of_its_own_it_lies_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for relative in ("", "cache"):  # which the specification has ignored
        assert engines_folder({"XDG_CACHE_HOME": relative}) == tmp_path / ".cache" / "slidetap" / "tensorrt"


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    folder = engines_folder({"XDG_CACHE_HOME": str(tmp_path)})
    for mode in (0o770, 0o702):
        folder.chmod(mode)
        with pytest.raises(OutputError, match=f"others can write to '{folder}'; remove it, or chmod 700 it"):
            engines_folder({"XDG_CACHE_HOME": str(tmp_path)})


def test_a_link_to_another_folder_is_not_followed(tmp_path: Path) -> None:
    folder = engines_folder({"XDG_CACHE_HOME": str(tmp_path)})
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="TensorRT's engines are not kept"):
        engines_folder({"XDG_CACHE_HOME": str(tmp_path)})


def test_a_cache_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError, match="TensorRT's engines cannot be kept: .*Not a directory"):
        engines_folder({"XDG_CACHE_HOME": str(tmp_path / "cache")})
