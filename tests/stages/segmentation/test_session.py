"""Sessions over real files on the CPU: numbers, memory, batches, and files that are refused."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError, StageError
from stages.segmentation.session import Session

pytest.importorskip("onnxruntime", reason="runs the networks of these tests")

Tiny = Callable[..., Path]


def sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def opened(path: Path, **options: object) -> Session:
    return Session(path, **{"device": "cpu", "threads": 1, **options})  # type: ignore[arg-type]


def refused(path: Path, **options: object) -> str:
    """The line that ``path`` is refused with."""
    with pytest.raises(ConfigError) as raised:
        opened(path, **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_picture_goes_in_and_its_probabilities_come_out(tiny: Tiny) -> None:
    session = opened(tiny(weights=(1.0, 10.0, 100.0), bias=-0.5))
    assert (session.device, session.size, session.batch) == ("cpu", (24, 32), 1)
    session.rows[0, 0], session.rows[0, 1], session.rows[0, 2] = 0.3, 0.02, -0.001
    session.rows[0, :, 5, 7] = 0.0
    found = session.run(1)
    assert (found.shape, found.dtype) == ((1, 24, 32), np.float32)
    assert found[0, 0, 0] == pytest.approx(sigmoid(0.3 + 0.2 - 0.1 - 0.5), abs=1e-6)
    assert found[0, 5, 7] == pytest.approx(sigmoid(-0.5), abs=1e-6)


def test_a_session_works_on_memory_that_it_took_at_the_start(tiny: Tiny) -> None:
    session = opened(tiny(("n", 3, 24, 32)), batch=4)
    rows, results = session.rows, session.run(4)
    for value in (0.0, 1.0, -1.0):
        rows[:] = value
        found = session.run(4)
        assert session.rows is rows
        assert np.shares_memory(found, results)
        np.testing.assert_allclose(results, sigmoid(value), atol=1e-6)


@pytest.mark.parametrize("first", ["n", 1, None])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_each_picture_of_a_batch_has_its_own_result(tiny: Tiny, first: str | int | None, count: int) -> None:
    session = opened(tiny((first, 3, 24, 32)), batch=5)
    assert session.batch == (1 if first == 1 else 5)
    session.rows[:, 0] = np.arange(5, dtype=np.float32)[:, None, None]
    found = session.run(count)
    assert len(found) == count
    np.testing.assert_allclose(found[:, 3, 3], [sigmoid(float(each)) for each in range(count)], atol=1e-6)


@pytest.mark.parametrize("count", [0, 6])
def test_more_pictures_than_there_is_room_for_are_refused(tiny: Tiny, count: int) -> None:
    with pytest.raises(ValueError, match="the session has room for 1 to 5"):
        opened(tiny(("n", 3, 24, 32)), batch=5).run(count)


@pytest.mark.parametrize("shape", [("n", 3, "h", "w"), (1, 3, "h", "w"), (None, 3, None, None)])
def test_open_sizes_are_fixed(tiny: Tiny, shape: tuple[str | int | None, ...]) -> None:
    session = opened(tiny(shape), size=(40, 48), batch=2)
    assert session.rows.shape == (2, 3, 40, 48)
    assert session.run(2).shape == (2, 40, 48)


def test_a_session_is_warm_before_its_first_picture(tiny: Tiny) -> None:
    session = opened(tiny(("n", 3, 24, 32)), batch=2)
    assert session.warm_up.first_ns > 0
    assert session.warm_up.next_ns > 0
    assert not session.rows.any()


def test_half_precision_is_converted_on_the_way(tiny: Tiny) -> None:
    session = opened(tiny(("n", 3, 24, 32), half=True), batch=3)
    session.rows[:, 0] = np.array([-1.0, 0.0, 1.0], np.float32)[:, None, None]
    for count in (3, 1, 2):
        found = session.run(count)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found[:, 0, 0], [sigmoid(each) for each in (-1, 0, 1)][:count], atol=1e-3)


def test_side_outputs_are_left_alone(tiny: Tiny) -> None:
    session = opened(tiny(side_outputs=6))
    assert session.run(1)[0, 0, 0] == pytest.approx(0.5)


def test_another_output_may_be_the_mask(tiny: Tiny) -> None:
    assert "export it with its sigmoid" in refused(tiny(side_outputs=1), output=1)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.95])
def test_a_truncated_file_is_refused(tiny: Tiny, part: float) -> None:
    path = tiny()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    assert refused(path).startswith("model 'tiny.onnx' cannot be loaded: ")


@pytest.mark.parametrize("content", [b"<html>Not found</html>", b"\x89PNG\r\n\x1a\n", bytes(1000)])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.onnx").write_bytes(content)
    assert refused(tmp_path / "a.onnx").startswith("model 'a.onnx' cannot be loaded: ")


@pytest.mark.parametrize("left", [None, 5])
def test_weights_in_another_file_that_are_not_all_there_are_missed_by_name(tiny: Tiny, left: int | None) -> None:
    onnx = pytest.importorskip("onnx", reason="makes the networks of these tests")
    path = tiny()
    model = onnx.load(path)
    for each in model.graph.initializer:  # only what is raw can lie elsewhere
        each.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(each), each.name))
    onnx.save(model, path, save_as_external_data=True, location="tiny.data", size_threshold=0)
    assert opened(path).run(1).shape == (1, 24, 32)
    weights = path.with_name("tiny.data")
    if left is None:
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:left])
    assert "its weights lie in another file, which is missing or too short" in refused(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "a.onnx") == f"there is no model '{tmp_path}/a.onnx'"
    assert refused(tmp_path) == f"there is no model '{tmp_path}'"


@pytest.mark.parametrize(("domain", "name"), [("com.example", "com.example:Magic"), ("", "Magic")])
def test_an_operator_of_somebodys_own_is_named(tiny: Tiny, domain: str, name: str) -> None:
    said = refused(tiny(operator="Magic", domain=domain))
    assert f"an operator that this onnxruntime does not know, {name};" in said


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ({"inputs": 2}, "has 2 inputs (input0, input1); a segmentation network takes one"),
        ({"shape": (1, 1, 24, 32), "weights": (1.0,)}, "takes 1 channel; pictures have 3"),
        ({"shape": (1, 3, "h", "w")}, "leaves its height open; say which size it is to have"),
        ({"shape": (4, 3, 24, 32)}, "is fixed to batches of 4"),
        ({"bias": math.nan}, "gives NaN"),
        ({"sigmoid": False, "bias": 5.0}, "no probabilities; export it with its sigmoid"),
        ({"half": True, "bias": 60000.0, "weights": (60000.0, 0.0, 0.0), "sigmoid": False}, "no probabilities"),
    ],
)
def test_a_network_that_will_not_do_is_refused_before_the_first_picture(
    tiny: Tiny, description: dict[str, object], said: str
) -> None:
    assert said in refused(tiny(**description))


def test_a_size_that_the_file_cannot_have_is_refused(tiny: Tiny) -> None:
    assert "calls two sizes 's' that are to be 24 and 32" in refused(tiny((1, 3, "s", "s")), size=(24, 32))


def test_a_result_that_is_no_mask_is_refused(tiny: Tiny) -> None:
    said = refused(tiny(channels=21))
    assert "gives (1, 21, 24, 32) for one picture; a mask is (1, 1, 24, 32)" in said


def test_a_nan_in_a_picture_of_a_run_is_an_error_of_the_stage(tiny: Tiny) -> None:
    session = opened(tiny(("n", 3, 24, 32)), batch=2)
    session.rows[1, 0, 3, 3] = np.nan
    session.run(1)
    with pytest.raises(StageError, match="model 'tiny.onnx' gives NaN"):
        session.run(2)
    session.rows[:] = 0.0
    assert session.run(2).max() == 0.5


@pytest.mark.parametrize("batch", [0, -1, 257])
def test_a_batch_that_makes_no_sense_is_refused(tiny: Tiny, batch: int) -> None:
    assert refused(tiny(), batch=batch) == f"batch is {batch}; it must be 1 to 256"


def test_memory_stays_as_it_is_over_many_runs(tiny: Tiny) -> None:
    session = opened(tiny(("n", 3, 120, 160)), batch=4)
    page = 4096

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    for _ in range(50):
        session.run(4)
    before = resident()
    for _ in range(500):
        session.run(4)
    assert resident() - before < 2 * 2**20  # a result leaked a run would be 146 MiB


def test_nothing_is_written_to_the_terminal(tiny: Tiny, capfd: pytest.CaptureFixture[str]) -> None:
    opened(tiny(), device="auto")
    assert capfd.readouterr() == ("", "")


def test_without_the_runtime_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"")
    script = (
        "import sys; from pathlib import Path; sys.modules['onnxruntime'] = None\n"
        "from stages.segmentation.session import Session\n"
        f"try: Session(Path({str(tmp_path / 'a.onnx')!r}))\n"
        "except Exception as e: print(type(e).__name__, e)"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.stdout.startswith("ConfigError segmentation needs onnxruntime, which cannot be imported: ")
    assert made.stdout.endswith("pip install onnxruntime\n")


def test_the_runtime_is_imported_with_the_first_session_only() -> None:
    script = "import sys; import stages.segmentation.segmenter; print('onnxruntime' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.stdout == "False\n"
