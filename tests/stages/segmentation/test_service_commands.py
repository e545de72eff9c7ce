"""``slidetap masks`` and ``slidetap keys``; a service that runs is in tests/integration/test_remote_masks.py."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from key_rings import key_rings

from pipeline.cli import invoke
from pipeline.errors import ExitCode
from stages.segmentation.service_commands import keys_app, masks_app

Run = Callable[..., int]


@pytest.fixture
def slidetap() -> Run:
    """``slidetap ARGUMENTS``; the exit code."""
    app = typer.Typer()
    app.add_typer(masks_app(), name="masks")
    app.add_typer(keys_app(), name="keys")
    return lambda *arguments: invoke(app, [*map(str, arguments)])


def test_a_key_is_made_and_only_its_public_half_is_named(
    slidetap: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slidetap("keys", "new", "hall-3", "--keys", tmp_path / "keys") == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'keys' / 'hall-3.public'}\n"
    assert "clients/hall-3.public" in said.err and "server.public" in said.err
    secret = (tmp_path / "keys" / "hall-3.secret").read_text().strip()
    assert len(secret) == 40
    assert secret not in said.out + said.err


def test_a_second_key_in_a_folder_is_one_line(
    slidetap: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slidetap("keys", "new", "hall", "--keys", tmp_path / "keys")
    capsys.readouterr()
    assert slidetap("keys", "new", "room", "--keys", tmp_path / "keys") == ExitCode.CONFIG
    assert capsys.readouterr().err.startswith("slidetap: error: there is a key already")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--bind", "tcp://0.0.0.0:5570"), "without keys"),
        (("--bind", "udp://127.0.0.1:1"), "it must be tcp://HOST:PORT"),
        (("--keys", "/nonexistent"), "'/nonexistent' cannot be read"),
        (("--device", "abacus"), "property 'device' = 'abacus'"),
        (("--like", "u3net"), "u3net"),
        ((), "there is no model 'none.onnx'"),
    ],
)
def test_what_will_not_do_is_one_line_before_anything_listens(
    slidetap: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    pytest.importorskip("onnxruntime", reason="runs the networks of a service")
    assert slidetap("masks", "serve", "none.onnx", *arguments) == ExitCode.CONFIG
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize("option", ["--batch", "--outstanding", "--room", "--max-wait"])
def test_a_bound_that_is_none_is_refused(slidetap: Run, capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert slidetap("masks", "serve", "none.onnx", option, "-1") == ExitCode.USAGE
    assert option in capsys.readouterr().err


def test_keys_that_others_can_read_are_refused(
    slidetap: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service, _ = key_rings(tmp_path)
    (service / "gpu.secret").chmod(0o644)
    assert slidetap("masks", "serve", "none.onnx", "--keys", service) == ExitCode.CONFIG
    assert "gpu.secret' has mode 0644" in capsys.readouterr().err


def test_the_command_line_starts_without_numpy_sockets_and_the_runtime() -> None:
    script = (
        "import sys; from stages.segmentation.service_commands import keys_app, masks_app; masks_app(); keys_app();"
        "print([name for name in ('numpy', 'cv2', 'onnxruntime', 'zmq', 'msgpack', 'pydantic') if name in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.stdout == "[]\n"
