"""The whole command on bad input: one line that names the culprit, the documented exit code, nothing lost or left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from media import Bgr, cards, cut, damage_packets, write_audio, write_video

from pipeline.errors import ExitCode

SLIDETAP = Path(sys.executable).with_name("slidetap")


def page(number: int) -> Bgr:
    """A picture of large blocks, unlike that of any other number; it does not compress well."""
    blocks = np.random.default_rng(number).integers(0, 256, (18, 32, 3), dtype=np.uint8)
    fine = np.random.default_rng(number).integers(0, 40, (180, 320, 3), dtype=np.uint8)
    large = np.repeat(np.repeat(blocks, 10, axis=0), 10, axis=1)
    return np.clip(large.astype(np.int16) + fine, 0, 255).astype(np.uint8)


QUIET = [page(1)] * 20 + [page(2)] * 20


def slidetap(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SLIDETAP, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def convert(video: str | Path, cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return slidetap("convert", video, "--output", "out", *options, cwd=cwd)


def the_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error."""
    (line,) = done.stderr.splitlines()
    assert line.startswith("slidetap: error: ")
    return line


def slides(folder: Path) -> list[dict[str, object]]:
    made: list[dict[str, object]] = json.loads((folder / "slides.json").read_text())["slides"]
    return made


def test_a_missing_file(tmp_path: Path) -> None:
    done = convert("nowhere.mp4", tmp_path)
    assert done.returncode == ExitCode.NO_INPUT
    assert "'nowhere.mp4'" in the_line(done)
    assert list(tmp_path.iterdir()) == []


def test_a_folder(tmp_path: Path) -> None:
    done = convert(tmp_path, tmp_path)
    assert done.returncode == ExitCode.NO_INPUT
    assert "is a folder" in the_line(done)


@pytest.mark.parametrize("content", [b"", b"Dear students,\nno lecture today.\n" * 100])
def test_a_file_that_is_no_video(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_bytes(content)
    done = convert("text.mp4", tmp_path)
    assert done.returncode == ExitCode.DATA
    assert "'text.mp4'" in the_line(done)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.partial").exists()


def test_audio_only(tmp_path: Path) -> None:
    write_audio(tmp_path / "song.m4a")
    done = convert("song.m4a", tmp_path)
    assert done.returncode == ExitCode.DATA
    assert "'song.m4a'" in the_line(done)


def test_an_mp4_cut_short_has_lost_its_index(tmp_path: Path) -> None:
    cut(write_video(tmp_path / "a.mp4", cards(40)), 0.5)
    done = convert("a.mp4", tmp_path)
    assert done.returncode == ExitCode.DATA
    assert "'a.mp4'" in the_line(done)


def test_an_mkv_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    cut(write_video(tmp_path / "a.mkv", [page(1)] * 30 + [page(2)] * 60, options={"g": "10"}), 0.7)
    done = convert("a.mkv", tmp_path)
    assert done.returncode == ExitCode.OK, done.stderr
    assert len(slides(tmp_path / "out")) >= 1


def test_corrupt_packets_in_the_middle_are_passed_over_and_counted(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", [page(1)] * 30 + [page(2)] * 30, options={"g": "10"})
    damage_packets(whole, tmp_path / "a.mkv", range(22, 25))
    done = convert("a.mkv", tmp_path, "--json")
    assert done.returncode == ExitCode.OK, done.stderr
    assert len(slides(tmp_path / "out")) == 2
    warnings = [event for event in map(json.loads, done.stdout.splitlines()) if event.get("event") == "warning"]
    assert any("damaged" in str(event) for event in warnings)


def test_a_picture_of_one_pixel(tmp_path: Path) -> None:
    write_video(tmp_path / "dot.mkv", cards(30, 1, 1), codec="ffv1", pix_fmt="bgr0")
    done = convert("dot.mkv", tmp_path)
    assert done.returncode == ExitCode.OK, done.stderr
    assert len(slides(tmp_path / "out")) >= 1


def test_a_picture_that_is_too_large_is_refused_with_its_size(tmp_path: Path) -> None:
    write_video(tmp_path / "wide.mkv", cards(2, 16400, 16), codec="ffv1", pix_fmt="bgr0")
    done = convert("wide.mkv", tmp_path)
    assert done.returncode == ExitCode.DATA
    assert "16400" in the_line(done)


def test_a_very_wide_picture_is_converted(tmp_path: Path) -> None:
    write_video(tmp_path / "wide.mkv", cards(12, 16384, 64), codec="ffv1", pix_fmt="bgr0")
    done = convert("wide.mkv", tmp_path)
    assert done.returncode == ExitCode.OK, done.stderr
    assert slides(tmp_path / "out")[0]["width"] == 16384


def test_an_output_that_cannot_be_created(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", QUIET)
    (tmp_path / "taken").touch()
    done = slidetap("convert", "a.mp4", "--output", "taken/out", cwd=tmp_path)
    assert done.returncode == ExitCode.CANT_CREATE
    assert "taken" in the_line(done)


def test_an_older_result_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", QUIET)
    assert convert("a.mp4", tmp_path).returncode == ExitCode.OK
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    done = convert("a.mp4", tmp_path)
    assert done.returncode == ExitCode.CANT_CREATE
    assert "--force" in the_line(done)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_a_failed_run_with_force_keeps_the_older_result(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", QUIET)
    assert convert("a.mp4", tmp_path).returncode == ExitCode.OK
    before = (tmp_path / "out" / "slides.json").read_bytes()
    (tmp_path / "b.mp4").write_bytes(b"no video")
    assert convert("b.mp4", tmp_path, "--force").returncode == ExitCode.DATA
    assert (tmp_path / "out" / "slides.json").read_bytes() == before


def test_a_disk_that_is_full_ends_the_run_and_keeps_what_was_written(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", [picture for n in range(6) for picture in [page(n)] * 15])
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", disk], capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        done = slidetap("convert", "a.mkv", "--output", "disk/out", cwd=tmp_path)
        left = sorted(path.name for path in disk.rglob("*.png"))
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
    assert done.returncode == ExitCode.IO_ERROR, done.stderr
    assert "MiB are free" in done.stderr or "No space left" in done.stderr
    assert left, "the first slides had room"
    assert all(name.startswith("slide-") for name in left)


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("decodr uri=a.mp4 ! exporter location=out", "decoder"),
        ("decoder uri=a.mp4 colour=red ! bgsub ! trigger ! dedup ! exporter location=out", "colour"),
        ("decoder uri=a.mp4 rate=fast ! bgsub ! trigger ! dedup ! exporter location=out", "fast"),
        ("decoder uri=a.mp4 ! dedup ! exporter location=out", "cannot link 'decoder' to 'dedup'"),
    ],
)
def test_a_pipeline_that_cannot_be(line: str, culprit: str, tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", cards(3))
    done = slidetap("launch", line, cwd=tmp_path)
    assert done.returncode == ExitCode.CONFIG
    assert culprit in the_line(done)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
