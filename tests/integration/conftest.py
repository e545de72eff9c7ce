"""Child processes of these tests find the playthings."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def playthings_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent / "plugins"))
