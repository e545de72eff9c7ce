"""What a command took: time, memory of the whole tree, and when it said what was waited for."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "measure.py"
# A grandchild in a session of its own that holds 64 MiB until its parent closes its input.
HOLDS = "import sys; x = b'x' * (64 << 20); print('held', flush=True); sys.stdin.read()"
STARTS = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', {HOLDS!r}], stdin=-1, stdout=-1, start_new_session=True)
child.stdout.readline()
print('ready', flush=True)
sys.stdin.readline()
child.communicate()
"""


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["measure"] = made
    spec.loader.exec_module(made)
    return made


def test_memory_of_a_grandchild_in_another_session_counts(module: ModuleType) -> None:
    command = [sys.executable, "-c", STARTS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        pids = module.tree(process.pid)
        together = sum(map(module.pss, pids))
        process.stdin.write("\n")
    assert len(pids) == 2
    assert 64 << 20 < together < 200 << 20


def test_the_peak_of_a_run_is_found(module: ModuleType) -> None:
    grows = "import hashlib; x = b'x' * (80 << 20); hashlib.sha256(x * 2)"
    took = module.measure([sys.executable, "-c", grows], 0.01)
    assert took.peak_pss > 200 << 20
    assert took.cpu_s > 0
    assert took.exit_code == 0


def test_the_line_that_was_waited_for_has_its_time(module: ModuleType) -> None:
    took = module.measure([sys.executable, "-c", "print('a'); print('b')"], 0, lambda line: line == "b\n")
    assert took.first_s is not None
    assert 0 < took.first_s <= took.wall_s
    assert took.peak_pss == 0


def test_a_failing_command_keeps_its_exit_code_and_its_last_words(module: ModuleType) -> None:
    took = module.measure([sys.executable, "-c", "import sys; sys.exit('no luck')"], 0)
    assert (took.exit_code, took.errors) == (1, "no luck\n")


def test_a_process_that_has_ended_takes_no_memory(module: ModuleType) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert module.pss(process.pid) == 0


def test_a_command_that_is_not_there_is_named() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "no-such-thing"], check=False, capture_output=True, text=True)
    assert done.returncode == 127
    assert "no-such-thing" in done.stderr
