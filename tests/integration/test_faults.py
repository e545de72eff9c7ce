"""What goes wrong in a stage ends the run with one error that names it, and leaves no process behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from building import chain

from pipeline.errors import CapsError, ConfigError, ExitCode, ResourceError, SourceError, StageError
from pipeline.messages import BusMessage, StateChanged
from pipeline.supervisor import run
from pipeline.supervisor.children import RunFolder

PLUGINS = Path(__file__).parent.parent / "plugins"
CHECK = ("check", "Checking", {})


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raise", "ValueError: a bug"),
        ("kill", "was killed by SIGKILL"),
        ("segv", "was killed by SIGSEGV"),
        ("exit", "ended with exit code 3"),
        ("hang", "no sign of life for 2 s"),
    ],
)
def test_a_stage_that_goes_down_ends_the_run_and_is_named(how: str, words: str) -> None:
    crashing = ("pass", "Pass", {"crash_at": 20, "how": how})
    outcome = run(chain(("count", "Counting", {"endless": True}), crashing, CHECK, working_s=2.0))
    assert isinstance(outcome.error, StageError)
    assert outcome.error.exit_code == ExitCode.SOFTWARE == 70
    assert outcome.error.stage == "pass"
    assert words in str(outcome.error)
    assert children_of(os.getpid()) == []


def test_the_failing_stage_is_named_among_fused_ones() -> None:
    crashing = ("two", "Pass", {"crash_at": 3})
    outcome = run(chain(("count", "Counting", {}), ("one", "Pass", {}), crashing, CHECK, fused=("one", "two")))
    assert outcome.error is not None
    assert outcome.error.stage == "two"


def test_an_error_of_the_source_keeps_its_kind() -> None:
    outcome = run(chain(("count", "Counting", {"fail_at": 5}), CHECK))
    assert isinstance(outcome.error, SourceError)
    assert "the cable was pulled" in str(outcome.error)


def test_a_stage_that_cannot_start_is_named() -> None:
    outcome = run(chain(("count", "Counting", {}), ("check", "Checking", {"fail_start": True})))
    assert isinstance(outcome.error, SourceError)
    assert outcome.error.stage == "check"


def test_a_mistyped_property_is_refused_with_the_right_name() -> None:
    outcome = run(chain(("count", "Counting", {"frmes": 5}), CHECK))
    assert isinstance(outcome.error, ConfigError)
    assert "unknown property 'frmes'; did you mean 'frames'?" in str(outcome.error)


def test_an_ill_typed_property_is_refused_with_its_value() -> None:
    outcome = run(chain(("count", "Counting", {"frames": "many"}), CHECK))
    assert isinstance(outcome.error, ConfigError)
    assert "'frames' = 'many'" in str(outcome.error)


def test_an_unknown_stage_is_refused() -> None:
    outcome = run(chain(("count", "Nothing", {}), CHECK))
    assert isinstance(outcome.error, ConfigError)
    assert "playthings:Nothing" in str(outcome.error)


def test_caps_that_cannot_link_name_both_stages_and_no_frame_flows() -> None:
    heard: list[BusMessage] = []
    outcome = run(chain(("count", "Counting", {}), ("other", "Other", {})), heard.append)
    assert isinstance(outcome.error, CapsError)
    assert "cannot link 'count' to 'other'" in str(outcome.error)
    assert "video/raw" in str(outcome.error)
    assert "audio/raw" in str(outcome.error)
    assert not [m for m in heard if isinstance(m, StateChanged)]


def test_shared_memory_that_is_too_small_is_found_at_the_first_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    monkeypatch.setattr("pipeline.supervisor.children.shared_memory", lambda: tmp_path)
    try:
        outcome = run(chain(("count", "Counting", {"width": 2000, "height": 2000}), CHECK))
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
    assert isinstance(outcome.error, ResourceError)
    assert outcome.error.exit_code == ExitCode.OS_ERROR
    assert "picture pool needs" in str(outcome.error)


def test_a_run_folder_is_private_and_one_left_by_a_killed_run_is_swept_up_at_once(tmp_path: Path) -> None:
    stale = tmp_path / "slidetap-stale"
    stale.mkdir()
    (stale / "lock").touch()
    with RunFolder(tmp_path) as folder:
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert folder.path.name.startswith("slidetap-")
        assert not stale.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_run_that_goes_on_is_not_swept_up(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as first, RunFolder(tmp_path) as second:
        assert first.path.exists()
        assert first.path != second.path


@pytest.mark.parametrize("name", ["slidetap-half", ".slidetap-half"])
def test_a_folder_without_a_lock_is_swept_up_when_it_is_old(name: str, tmp_path: Path) -> None:
    left = tmp_path / name
    left.mkdir()
    with RunFolder(tmp_path):
        assert left.exists()
    os.utime(left, (1, 1))
    with RunFolder(tmp_path):
        assert not left.exists()


# ---- signals: a driver process of its own, so that the signal reaches a supervisor and not this test ----

DRIVER = """
    import sys
    from building import chain
    from pipeline.messages import Element, StateChanged
    from pipeline.supervisor import run
    def heard(message):
        if isinstance(message, StateChanged) and message.stage == "check" and message.new.value == "playing":
            print("playing", flush=True)
        if isinstance(message, Element):
            print(message.name, message.data, flush=True)
    config = chain(
        ("count", "Counting", {"endless": True}), ("pass", "Pass", PASS), ("check", "Checking", {}), LIMITS
    )
    outcome = run(config, heard)
    print("error", outcome.error, "signal", outcome.signal, "missing", [l.missing for l in outcome.ledgers.values()])
"""


HANGS = '{"crash_at": 5, "how": "hang"}'


def drive(properties: str = "{}", limits: str = "working_s=60.0", until: str = "playing") -> subprocess.Popen[str]:
    script = textwrap.dedent(DRIVER).replace("PASS", properties).replace("LIMITS", limits)
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(PLUGINS)}
    )
    assert process.stdout is not None
    assert any(line.startswith(until) for line in iter(process.stdout.readline, ""))
    return process


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split() if "pipeline.runner" in command_of(int(child))]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    except OSError:
        return ""


def gone(descriptors: list[int], timeout_s: float = 10.0) -> bool:
    """Whether the processes behind the pidfds end within the time."""
    waiting = set(descriptors)
    while waiting:
        ended, _, _ = select.select(list(waiting), [], [], timeout_s)
        if not ended:
            return False
        waiting -= set(ended)
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_what_is_under_way_and_balances_the_ledger(number: signal.Signals) -> None:
    with drive() as process:
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
    assert "checked {'right': " in output
    assert "'wrong': 0}" in output
    assert f"error None signal {int(number)} missing [0, 0, 0, 0, 0]" in output


def test_a_second_signal_kills_what_does_not_drain() -> None:
    with drive(HANGS, until="crashing") as process:
        descriptors = [os.pidfd_open(pid) for pid in children_of(process.pid)]
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    assert "signal 2" in output or "signal 15" in output
    assert len(descriptors) == 4, "three stages and the zygote"
    assert gone(descriptors)


def test_a_stage_that_does_not_drain_in_time_is_killed_and_named() -> None:
    with drive(HANGS, "working_s=60.0, stopping_s=1.0", until="crashing") as process:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    assert "did not drain within 1 s" in output


def test_children_die_with_a_parent_that_was_killed_and_the_next_run_sweeps_up() -> None:
    with drive() as process:
        descriptors = [os.pidfd_open(pid) for pid in children_of(process.pid)]
        process.kill()
        process.communicate(timeout=20)
    assert len(descriptors) == 4, "three stages and the zygote"
    assert gone(descriptors)
    (left,) = Path(os.environ["SLIDETAP_RUN_DIR"]).iterdir()
    with RunFolder():
        assert not left.exists()
