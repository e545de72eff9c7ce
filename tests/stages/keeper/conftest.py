from __future__ import annotations

from pathlib import Path

import pytest
from lecture_room import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A keeper with nothing real around it."""
    return Room(tmp_path / "lectures")
