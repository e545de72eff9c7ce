"""What all tests share: the same examples on every run, stages for child processes to import, and real lectures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

# A failure must be the same failure tomorrow, and a slow moment of the machine is none.
settings.register_profile("suite", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("suite")


@pytest.fixture
def plugins_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Child processes find the stages in tests/plugins, as this process does."""
    given = os.environ.get("PYTHONPATH")
    plugins = str(ROOT / "tests" / "plugins")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([plugins, given] if given else [plugins]))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real lectures with hand-made truth, which is not part of the repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"there are no real lectures at {folder}")
    return folder
