"""What tests of several commands share: the command itself, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.cli import main


@pytest.fixture
def slidetap(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """``slidetap ARGUMENTS``; the exit code."""

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["slidetap", *map(str, arguments)])
        return main()

    return run
