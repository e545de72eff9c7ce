"""Every script says what it is for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [path for path in sorted((ROOT / "scripts").iterdir()) if path.is_file() and not path.suffix]


@pytest.mark.parametrize("script", [*SCRIPTS, ROOT / ".ci" / "run"], ids=lambda path: path.name)
def test_a_script_can_be_called_and_has_help(script: Path) -> None:
    assert os.access(script, os.X_OK), f"chmod +x {script}"
    told = subprocess.run([script, "--help"], check=True, capture_output=True, text=True, timeout=60)
    assert len(told.stdout.splitlines()) >= 3
    assert told.stderr == ""
