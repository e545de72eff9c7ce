"""What the long runs judge by: flat memory, equal results, and processes found by their stage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import soak_frames

    return soak_frames


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import soak_files

    return soak_files


def track(frames: ModuleType, pss: list[int], descriptors: list[int] | None = None) -> object:
    made = frames.Track()
    for second, size in enumerate(pss):
        made.add(float(second), frames.Held(size, descriptors[second] if descriptors else 9))
    return made


def growth(frames: ModuleType, pss: list[int], descriptors: list[int] | None = None) -> object:
    found = track(frames, pss, descriptors).growth()  # type: ignore[attr-defined]
    assert found is not None
    return found


def test_what_rises_only_while_it_warms_up_is_flat(frames: ModuleType) -> None:
    warm = [10 << 20, 40 << 20, 60 << 20, 61 << 20] + [62 << 20] * 6
    assert growth(frames, warm).flat  # type: ignore[attr-defined]


def test_a_leak_is_seen_however_slow_against_the_noise(frames: ModuleType) -> None:
    noisy = [(60 << 20) + (n % 3 << 20) + n * (100 << 10) for n in range(120)]
    found = growth(frames, noisy)
    assert not found.flat  # type: ignore[attr-defined]
    assert found.bytes_per_s == pytest.approx(100 << 10, rel=0.1)  # type: ignore[attr-defined]


def test_one_descriptor_more_at_the_end_is_not_flat(frames: ModuleType) -> None:
    assert not growth(frames, [60 << 20] * 10, [9] * 9 + [10]).flat  # type: ignore[attr-defined]


def test_too_few_samples_say_nothing(frames: ModuleType) -> None:
    assert track(frames, [1, 2, 3, 4, 5]).growth() is None  # type: ignore[attr-defined]


def result(folder: Path, picture: bytes, start_ns: int = 0) -> Path:
    (folder / "slides").mkdir(parents=True)
    (folder / "slides" / "slide-0001.png").write_bytes(picture)
    slide = {"number": 1, "file": "slides/slide-0001.png", "first_pts_ns": start_ns}
    (folder / "slides.json").write_text(json.dumps({"complete": True, "slides": [slide], "ledger": {"a": 1}}))
    return folder


def test_results_are_the_same_whatever_their_ledgers_say(files: ModuleType, tmp_path: Path) -> None:
    one, other = result(tmp_path / "a", b"x"), result(tmp_path / "b", b"x")
    told = json.loads((other / "slides.json").read_text())
    (other / "slides.json").write_text(json.dumps(told | {"ledger": {"a": 2}}))
    assert files.outcome(one) == files.outcome(other)


def test_another_picture_another_time_or_one_file_more_is_another_result(files: ModuleType, tmp_path: Path) -> None:
    wanted = files.outcome(result(tmp_path / "a", b"x"))
    assert files.outcome(result(tmp_path / "b", b"y")) != wanted
    assert files.outcome(result(tmp_path / "c", b"x", 1)) != wanted
    (tmp_path / "a" / "slides" / "slide-0002.png").write_bytes(b"z")
    assert files.outcome(tmp_path / "a") != wanted


def test_the_network_of_the_masks_marks_what_is_red_and_nothing_else(frames: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="makes the network")
    pytest.importorskip("onnxruntime", reason="runs the network")
    import soak_masks

    from stages.segmentation.models import MODELS
    from stages.segmentation.segmenter import Segmenter
    from stages.segmentation.session import Session

    segmenter = Segmenter(Session(soak_masks.network(tmp_path), device="cpu"), MODELS["u2netp"])
    picture = np.full((180, 320, 3), 128, np.uint8)
    picture[40:120, 100:200] = (60, 90, 200)
    (found,) = segmenter.segment([picture])
    assert found.mask.mean() / 255 == pytest.approx(80 * 100 / (180 * 320), abs=0.02)


def test_the_line_of_the_masks_goes_through_every_stage_that_is_watched(frames: ModuleType, tmp_path: Path) -> None:
    import soak_masks

    line = soak_masks.line(tmp_path / "a.onnx", 2000, 5)
    assert [part.split()[0] for part in line.split(" ! ")] == list(soak_masks.STAGES)
    assert "duration=100 " in line
    assert f"model={tmp_path}/a.onnx like=u2netp role=any rate=5 " in line


def test_a_process_is_found_by_the_log_of_its_stage(files: ModuleType, tmp_path: Path) -> None:
    import victims

    wait = "import sys; sys.stdin.read()"
    starts = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {wait!r}], stdin=-1, stderr=open('bgsub.log', 'w'))\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", starts]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert victims.await_pid("bgsub", parent.pid, 10) == child
        assert victims.pid_of("trigger", parent.pid) is None
        found = victims.held(child)
        assert found is not None
        assert found.pss > 0
        assert found.descriptors >= 3
        parent.communicate()
    assert victims.children(parent.pid) == []
