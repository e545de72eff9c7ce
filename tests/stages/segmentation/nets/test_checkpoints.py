"""Weights from files: what fits is taken, what does not is refused with one line, and nothing in a file is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)

from stages.segmentation.nets.blocks import Rsu  # noqa: E402
from stages.segmentation.nets.checkpoints import NETS, CheckpointError, load_weights, seed_weights  # noqa: E402
from stages.segmentation.nets.patterns import patterns  # noqa: E402


def block() -> Any:
    return Rsu("4F", 3, 2, 4).built()


@pytest.fixture
def made() -> dict[str, Any]:
    torch.manual_seed(4)
    return {key: torch.rand_like(value.float()).to(value.dtype) for key, value in block().state_dict().items()}


def same(net: Any, state: dict[str, Any]) -> bool:
    return all(torch.equal(value, state[key]) for key, value in net.state_dict().items())


@pytest.mark.parametrize(
    "wrap",
    [dict, lambda state: {"model": state, "epoch": 3}, lambda state: {f"module.{key}": state[key] for key in state}],
    ids=["plain", "of a training", "of DataParallel"],
)
def test_weights_are_found_in_each_kind_of_file(tmp_path: Path, made: dict[str, Any], wrap: Callable[..., Any]) -> None:
    torch.save(wrap(made), tmp_path / "a.pth")
    net = block()
    load_weights(net, tmp_path / "a.pth")
    assert same(net, made)


def test_a_file_from_before_batches_were_counted_is_taken(tmp_path: Path, made: dict[str, Any]) -> None:
    older = {key: value for key, value in made.items() if not key.endswith("num_batches_tracked")}
    torch.save(older, tmp_path / "a.pth")
    net = block()
    load_weights(net, tmp_path / "a.pth")
    assert all(torch.equal(net.state_dict()[key], value) for key, value in older.items())


def renamed(state: dict[str, Any]) -> None:
    state["rebnconv9.weight"] = state.pop("rebnconv1.conv_s1.weight")


def reshaped(state: dict[str, Any]) -> None:
    state["rebnconv1.conv_s1.bias"] = torch.zeros(77)


def spoilt(state: dict[str, Any]) -> None:
    state["rebnconv1.conv_s1.bias"][0] = float("nan")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (renamed, r"1 absent \(rebnconv1.conv_s1.weight\), 1 unknown \(rebnconv9.weight\)"),
        (reshaped, r"rebnconv1.conv_s1.bias has shape \(77,\), not \(2,\)"),
        (spoilt, "rebnconv1.conv_s1.bias holds NaN"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(
    tmp_path: Path, made: dict[str, Any], spoil: Callable[[dict[str, Any]], None], told: str
) -> None:
    spoil(made)
    torch.save(made, tmp_path / "a.pth")
    net = block()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(CheckpointError, match=told) as caught:
        load_weights(net, tmp_path / "a.pth")
    assert "a.pth" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert same(net, before)


def test_of_many_wrong_names_a_few_are_told(tmp_path: Path) -> None:
    torch.save(NETS["u2netp"].build().state_dict(), tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="choose the net") as caught:
        load_weights(NETS["isnet-gt-encoder"].build(), tmp_path / "a.pth")
    assert len(str(caught.value)) < 500


class Trap:
    """Would make a file when unpickled by a careless reader."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip format", "format of 2020"])
def test_code_in_a_file_is_not_run(tmp_path: Path, zipped: bool) -> None:
    trap = tmp_path / "sprung"
    torch.save({"weight": Trap(trap)}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"a.pth"):
        load_weights(block(), tmp_path / "a.pth")
    assert not trap.exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 broken", b"\x80\x02}q\x00."])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"a.pth"):
        load_weights(block(), tmp_path / "a.pth")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip format", "format of 2020"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_named(tmp_path: Path, made: dict[str, Any], part: float, zipped: bool) -> None:
    torch.save(made, tmp_path / "whole.pth", _use_new_zipfile_serialization=zipped)
    whole = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(CheckpointError, match=r"a.pth"):
        load_weights(block(), tmp_path / "a.pth")


def test_a_file_or_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*nowhere.pth"):
        load_weights(block(), tmp_path / "nowhere.pth")
    with pytest.raises(CheckpointError, match=str(tmp_path)):
        load_weights(block(), tmp_path)


@pytest.mark.parametrize("content", [[1, 2], {}, {"weight": 3}, torch.zeros(2)], ids=str)
def test_a_file_without_named_weights_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="state dict is needed"):
        load_weights(block(), tmp_path / "a.pth")


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    nets = [NETS["u2netp"].build() for _ in range(3)]
    for net, seed in zip(nets, (5, 5, 6), strict=True):
        seed_weights(net, seed, patterns(2, 3, 64, 64))
    first, again, other = (net.state_dict() for net in nets)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["side1.weight"], other["side1.weight"])


def test_random_weights_see_the_picture() -> None:
    net = NETS["u2netp"].build()
    seed_weights(net, 5, patterns(2, 3, 64, 64))
    assert not net.training
    with torch.inference_mode():
        one, two = (torch.sigmoid(net(patterns(1, 3, 64, 64, seed))[0]) for seed in (1, 2))
    assert float((one - two).abs().mean()) > 0.03
    assert float(one.std()) > 0.03


def test_patterns_are_alike_at_every_size_and_the_same_for_a_seed() -> None:
    for size in ((64, 64), (320, 200), (333, 517)):
        found = patterns(3, 3, *size)
        assert tuple(found.shape) == (3, 3, *size)
        assert abs(float(found.std()) - 1.0) < 0.2
    assert torch.equal(patterns(1, 3, 70, 70, 4), patterns(1, 3, 70, 70, 4))
    assert not torch.equal(patterns(1, 3, 70, 70, 4), patterns(1, 3, 70, 70, 5))
