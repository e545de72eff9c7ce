"""The systemd unit: what it says fits what the daemon does, and systemd finds it sound."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.config import Limits
from pipeline.errors import ExitCode

UNIT = Path(__file__).parents[3] / "configs" / "slidetap@.service"


def value(key: str) -> str:
    found = re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert len(found) == 1, f"{key} stands {len(found)} times in the unit"
    return str(found[0])


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed here, so the unit is not checked by it")
    return found


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_finds_no_mistake_in_it(analyze: str) -> None:
    found = run(analyze, "verify", "--man=no", str(UNIT))
    assert (found.returncode, found.stderr) == (0, "")


def test_systemd_finds_a_mistake_where_there_is_one(analyze: str, tmp_path: Path) -> None:
    broken = tmp_path / UNIT.name
    broken.write_text(UNIT.read_text().replace("Restart=always", "Restart=sometimes"))
    found = run(analyze, "verify", "--man=no", str(broken))
    assert "sometimes" in found.stderr


def test_systemd_rates_its_exposure_as_low(analyze: str) -> None:
    found = run(analyze, "security", "--offline=true", "--no-pager", "--threshold=20", str(UNIT))  # 2.0 of 10
    if "unrecognized option" in found.stderr:
        pytest.skip("this systemd-analyze is too old to rate a file")
    assert found.returncode == 0, found.stdout[-200:]


def test_only_what_a_person_must_mend_is_not_tried_again() -> None:
    assert value("Restart") == "always"
    codes = {ExitCode(int(code)) for code in value("RestartPreventExitStatus").split()}
    assert codes == {ExitCode.USAGE, ExitCode.CONFIG}


def test_an_orderly_end_is_no_failure() -> None:
    codes = {ExitCode(int(code)) for code in value("SuccessExitStatus").split()}
    assert codes == {ExitCode.INTERRUPTED, ExitCode.TERMINATED}


def test_there_is_time_to_drain_before_it_is_killed() -> None:
    assert int(value("TimeoutStopSec")) > Limits().stopping_s


def test_a_hung_stage_is_killed_by_its_supervisor_before_the_watchdog_bites() -> None:
    assert int(value("WatchdogSec")) > Limits().working_s


def test_it_speaks_the_daemons_language() -> None:
    assert value("Type") == "notify"
    assert value("ExecReload").startswith("/bin/kill -HUP")
    assert value("RuntimeDirectory") == "slidetap"
    assert value("RuntimeDirectoryMode") == "0700"


def test_no_two_instances_share_a_folder_of_lectures() -> None:
    folder = value("WorkingDirectory")
    assert "%i" in folder
    assert folder.removeprefix("/var/lib/") in value("StateDirectory").split()
