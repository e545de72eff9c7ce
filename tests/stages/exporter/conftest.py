"""A lecture's folder, and an exporter that watches; the clock stands at the lecture's beginning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
from watching import CLOCK, WALL, ZERO, Watching

from pipeline.testing import Harness
from stages.lecture import create


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    CLOCK.now_ns = ZERO
    return create(tmp_path, "Analysis II", WALL)


@pytest.fixture
def watching() -> Iterator[Harness]:
    CLOCK.now_ns = ZERO
    harness = Harness(Watching)
    harness.caps(pages.CAPS)
    yield harness
    harness.stage.stop()
