"""What the process of a daemon loads, and what it leaves to others."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["stages.keeper", "stages.cli"])
def test_the_daemons_process_loads_no_codec_and_no_picture_library(module: str) -> None:
    script = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    told = subprocess.run([sys.executable, "-P", "-c", script], check=True, capture_output=True, text=True, timeout=60)
    heavy = {"av", "cv2", "PIL", "numpy", "imagehash", "scipy", "img2pdf", "pptx", "icalendar", "recurring_ical_events"}
    assert not set(told.stdout.split()) & heavy
