"""The accuracy benchmark as a command: what it measures, what it says, and that it starts outside the venv."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench_accuracy"
# Stands in for the command: it writes the slides.json it is told to, whatever the video.
FAKE = """#!{python}
import json, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
out.mkdir(exist_ok=True)
(out / "slides.json").write_text(json.dumps({{"slides": [{{"picture_pts": t}} for t in {times}]}}))
"""


def clip(folder: Path, name: str = "talk") -> None:
    (folder / f"{name}.mp4").touch()
    slides = [{"start": 0, "end": 10}, {"start": 11, "end": 20}]
    (folder / f"{name}.truth.json").write_text(json.dumps({"slides": slides}))


def run(folder: Path, *arguments: str | Path, times: str = "[5.0, 6.0]") -> subprocess.CompletedProcess[str]:
    command = folder / "slidetap"
    command.write_text(FAKE.format(python=sys.executable, times=times))
    command.chmod(0o755)
    call = [sys.executable, SCRIPT, "--data", folder, "--no-lecture", "--slidetap", command, *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_each_clip_has_a_line_with_its_scores_and_the_mean_comes_last(tmp_path: Path) -> None:
    clip(tmp_path)
    done = run(tmp_path, "--method", "knn@0", "--json", tmp_path / "f.json")
    assert done.returncode == 0
    assert "### knn@0" in done.stdout
    assert "| talk | 0.50 | 0.50 | 0.50 | 0.50 | 2 / 2 | 1 |" in done.stdout
    assert json.loads((tmp_path / "f.json").read_text()) == {"knn@0": {"talk": 0.5, "mean": 0.5}}


def test_a_folder_without_clips_is_named(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (66, "")
    assert str(tmp_path) in done.stderr


def test_a_command_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    clip(tmp_path)
    done = run(tmp_path, "--slidetap", tmp_path / "absent")
    assert done.returncode == 66
    assert "absent; run scripts/setup" in done.stderr


def test_a_conversion_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    clip(tmp_path)
    done = run(tmp_path, "--method", "knn", times="1/0")
    assert done.returncode == 70
    assert "bench_accuracy: exit code 1 of:" in done.stderr.splitlines()[-1]
    assert "talk.mp4" in done.stderr.splitlines()[-1]


def test_it_is_started_without_the_venv_being_active(tmp_path: Path) -> None:
    done = subprocess.run(
        [SCRIPT, "--data", tmp_path, "--no-lecture"],
        env={**os.environ, "VIRTUAL_ENV": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 66
    assert "name a folder with --data" in done.stderr
