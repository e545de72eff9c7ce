"""The parts of training: losses as in the papers, rates, scores, checkpoints that survive, processes together."""

from __future__ import annotations

import importlib
import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from drawn_people import drawn_person

pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)

import torch

from pipeline.errors import ConfigError, DataError, SourceError, WriteError
from stages.segmentation.models import MODELS
from stages.segmentation.nets.checkpoints import NETS

SCRIPTS = Path(__file__).parents[2] / "scripts"
SETTINGS = {"net": "u2netp"}


@pytest.fixture(autouse=True)
def scripts_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def part() -> Callable[[str], ModuleType]:
    return lambda name: importlib.import_module(f"segmenter_{name}")


@pytest.fixture
def plan(part: Callable[[str], ModuleType]) -> Any:
    recipes = part("recipes")
    return recipes.Plan("u2netp", recipes.RECIPES["u2netp"], Path(), epochs=10, samples=100)


# losses


def test_the_loss_of_masks_is_the_sum_of_the_mean_cross_entropies_of_all(part: Callable[[str], ModuleType]) -> None:
    truth = torch.tensor([[[[1.0, 0.0]]]])
    sure, unsure = torch.tensor([[[[3.0, -3.0]]]]), torch.zeros(1, 1, 1, 2)
    expected = math.log(1 + math.exp(-3)) + 2 * math.log(2)
    assert float(part("losses").mask_loss([sure, unsure, unsure], truth)) == pytest.approx(expected)


def test_the_loss_of_features_is_the_sum_of_the_mean_squares_of_all_levels(part: Callable[[str], ModuleType]) -> None:
    ours = [torch.zeros(1, 2, 2, 2), torch.ones(1, 4, 1, 1)]
    theirs = [torch.full((1, 2, 2, 2), 3.0), torch.full((1, 4, 1, 1), 3.0)]
    assert float(part("losses").feature_loss(ours, theirs)) == pytest.approx(9 + 4)


def test_features_of_other_shapes_are_not_compared(part: Callable[[str], ModuleType]) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        part("losses").feature_loss([torch.zeros(1, 2, 2, 2)], [torch.zeros(1, 2, 1, 1)])


def test_isnet_is_trained_by_six_masks_and_six_levels_of_the_encoder_s_features(
    part: Callable[[str], ModuleType],
) -> None:
    with torch.device("meta"):  # shapes alone: the real nets, at the size of the paper
        net, encoder = NETS["isnet"].build(), NETS["isnet-gt-encoder"].build()
        total, features = part("training").losses(
            net, encoder, torch.empty(1, 3, 1024, 1024), torch.empty(1, 1, 1024, 1024)
        )
    assert total.shape == features.shape == () and total.requires_grad and not features.requires_grad


def test_the_encoder_s_weights_stay_as_they_are_while_isnet_is_trained(
    part: Callable[[str], ModuleType], plan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import narrow_nets

    narrow_nets.put_in_place(monkeypatch)
    torch.save(NETS["isnet-gt-encoder"].build().state_dict(), tmp_path / "encoder.pth")
    encoder = part("training").encoder_of(replace(plan, net="isnet", encoder=tmp_path / "encoder.pth"))
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    net = NETS["isnet"].build().train()
    total, _ = part("training").losses(net, encoder, torch.rand(2, 3, 64, 64), torch.ones(2, 1, 64, 64))
    total.backward()
    assert all(each.grad is None for each in encoder.parameters())
    assert any(float(each.grad.abs().sum()) > 0 for each in net.parameters() if each.grad is not None)
    # Statistics of batch normalisation would change too, were it not in evaluation mode.
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


# recipes and inputs


def test_the_recipes_are_those_of_the_papers(part: Callable[[str], ModuleType]) -> None:
    recipes = part("recipes").RECIPES
    assert recipes["u2net"] == recipes["u2netp"]
    u2net, isnet = recipes["u2net"], recipes["isnet"]
    assert (u2net.size, u2net.crop, u2net.batch, u2net.rate, u2net.vertical) == (320, 288, 12, 1e-3, 0.5)
    assert (isnet.size, isnet.crop, isnet.batch, isnet.rate, isnet.horizontal) == (1024, 1024, 8, 1e-3, 0.5)


@pytest.mark.parametrize(("net", "model"), [("u2netp", "u2net_human_seg"), ("isnet", "isnet-general-use")])
def test_nets_are_trained_on_what_the_stage_will_show_them(
    part: Callable[[str], ModuleType], net: str, model: str
) -> None:
    picture = np.array([[(0, 128, 255)]], np.uint8)
    spec = MODELS[model]
    expected = (np.array([0, 128, 255]) / 255 - spec.mean) / spec.std
    assert part("batches").picture_tensor(picture, net)[:, 0, 0].tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_constant_rate_stays_and_a_cosine_falls_from_it_to_a_hundredth(
    part: Callable[[str], ModuleType], plan: Any
) -> None:
    rate_at = part("training").rate_at
    assert {rate_at(plan, step, 100) for step in (0, 50, 99)} == {1e-3}
    falling = [rate_at(replace(plan, schedule="cosine"), step, 100) for step in range(101)]
    assert falling[0] == pytest.approx(1e-3) and falling[50] == pytest.approx(0.505e-3)
    assert falling[100] == pytest.approx(1e-5) and falling == sorted(falling, reverse=True)


# scores


def test_iou_is_what_both_have_of_what_either_has_and_none_where_nobody_is(part: Callable[[str], ModuleType]) -> None:
    truth, found = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32)
    truth[:2], found[1:3] = 255, 0.51
    assert part("scoring").iou(found, truth) == pytest.approx(1 / 3)
    assert part("scoring").iou(found, np.zeros((4, 4), np.uint8)) is None


def test_the_score_that_chooses_weighs_pairs_and_lectures_alike_and_takes_off_false_masks(
    part: Callable[[str], ModuleType],
) -> None:
    score = part("scoring").Score
    assert score(0.8, 0.4, 0.6, 0.1).total == pytest.approx((0.8 + 0.5) / 2 * 0.9)
    assert score(0.8, None, None, None).total == pytest.approx(0.8)
    assert score(None, None, None, 0.2).total == 0.0


def test_a_net_that_knows_the_truth_scores_1_and_one_that_marks_all_scores_its_share(
    part: Callable[[str], ModuleType], plan: Any
) -> None:
    pairs, scenes = part("pairs"), part("scenes")
    _, mask = drawn_person(2)
    given = [pairs.Pair("a", np.repeat(mask[..., None], 3, 2), mask)]
    empty = [scenes.Scene("empty", np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8))]

    class Bright(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            return (20 * x[:, :1],)  # normalised: what is black is below 0

    class Everything(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            return (torch.ones_like(x[:, :1]),)

    knowing = part("scoring").scored(Bright(), given, empty, plan)
    assert knowing.plain > 0.95 and knowing.empty == 0.0 and knowing.facecam is knowing.standing is None
    marking = part("scoring").scored(Everything(), given, empty, plan)
    assert marking.plain == pytest.approx((mask > 127).mean()) and marking.empty == 1.0


def test_scenes_to_measure_with_are_the_same_every_time_and_of_all_kinds(
    part: Callable[[str], ModuleType], plan: Any
) -> None:
    pairs, scenes, slides = part("pairs"), part("scenes"), part("slides")
    people = [pairs.Pair(str(seed), *drawn_person(seed)) for seed in range(3)]
    made = scenes.Scenes(people, slides.Backdrops([], people), (1, 1, 1, 1), scenes.Flips(0, 0))
    small = replace(plan, checks=9, valid_px=48)
    first, again = part("scoring").held_out(made, small), part("scoring").held_out(made, small)
    assert [scene.kind for scene in first] == ["facecam", "standing", "empty"] * 3
    assert all(np.array_equal(one.picture, other.picture) for one, other in zip(first, again, strict=True))
    assert {scene.picture.shape for scene in first} == {(48, 48, 3)}


def test_every_pair_comes_once_before_any_comes_again(
    part: Callable[[str], ModuleType], plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, scenes, slides, together = (part(name) for name in ("batches", "scenes", "slides", "together"))
    people = [part("pairs").Pair(str(seed), *drawn_person(seed)) for seed in range(10)]
    made = scenes.Scenes(people, slides.Backdrops([], people), (1, 0, 0, 0), scenes.Flips(0, 0))
    seen: list[int] = []
    sample = scenes.Scenes.sample

    def noted(self: Any, index: int, size: int, crop: int, rng: Any) -> Any:
        seen.append(index)
        return sample(self, index, 32, 32, rng)

    monkeypatch.setattr(scenes.Scenes, "sample", noted)
    small = replace(plan, samples=4, recipe=replace(plan.recipe, batch=2))
    for epoch in range(5):  # 20 samples, of two processes
        for rank in range(2):
            list(batches.Samples(made, small, epoch, together.Together(rank, 2)))
    assert sorted(seen[:4] + seen[4:8]) != sorted(seen[:4] * 2)
    assert sorted(seen) == sorted([*range(10), *range(10)])


# checkpoints


def state(part: Callable[[str], ModuleType], plan: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    import narrow_nets

    narrow_nets.put_in_place(monkeypatch)
    return part("training").started(plan)


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    part: Callable[[str], ModuleType], plan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = state(part, plan, monkeypatch)
    run.save(tmp_path / "last.pth", SETTINGS)
    before = (tmp_path / "last.pth").read_bytes()

    def full(_: object, path: Path) -> None:
        path.write_bytes(b"PK half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(WriteError):
        run.save(tmp_path / "last.pth", SETTINGS)
    assert [file.name for file in tmp_path.iterdir()] == ["last.pth"]
    assert (tmp_path / "last.pth").read_bytes() == before


def test_a_checkpoint_gives_back_weights_optimiser_random_numbers_and_epoch(
    part: Callable[[str], ModuleType], plan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = state(part, replace(plan, average=0.5), monkeypatch)
    run.net.train()
    part("losses").mask_loss(run.net(torch.rand(2, 3, 32, 32)), torch.ones(2, 1, 32, 32)).backward()
    run.optimiser.step()
    run.average.follow(run.net)
    run.epoch, run.seen, run.best = 3, 24, 0.25
    run.save(tmp_path / "last.pth", SETTINGS)
    drawn = torch.rand(4)
    other = part("training").started(replace(plan, average=0.5, seed=9))
    other.load(tmp_path / "last.pth", SETTINGS)
    assert torch.equal(torch.rand(4), drawn)
    assert (other.epoch, other.seen, other.best, other.average.steps) == (3, 24, 0.25, 1)
    for one, two in ((run.net, other.net), (run.average.net, other.average.net)):
        assert all(torch.equal(value, two.state_dict()[name]) for name, value in one.state_dict().items())
    moments = [each["exp_avg"] for each in run.optimiser.state.values()]
    theirs = [each["exp_avg"] for each in other.optimiser.state.values()]
    assert moments and all(torch.equal(one, two) for one, two in zip(moments, theirs, strict=True))


class _Code:
    """Unpickled, this would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_code_in_a_checkpoint_is_not_run(
    part: Callable[[str], ModuleType], plan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"model": _Code(tmp_path / "made")}, tmp_path / "last.pth")
    with pytest.raises(DataError, match="damaged"):
        state(part, plan, monkeypatch).load(tmp_path / "last.pth", SETTINGS)
    assert not (tmp_path / "made").exists()


def test_what_is_no_run_or_another_s_is_refused(
    part: Callable[[str], ModuleType], plan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, file = state(part, plan, monkeypatch), tmp_path / "last.pth"
    with pytest.raises(SourceError, match="no run to go on with"):
        run.load(file, SETTINGS)
    file.write_bytes(b"PK")
    with pytest.raises(DataError, match="damaged"):
        run.load(file, SETTINGS)
    run.save_weights(file)
    with pytest.raises(DataError, match="--weights"):
        run.load(file, SETTINGS)
    run.save(file, {"net": "u2net"})
    with pytest.raises(DataError, match="net u2net, not u2netp"):
        run.load(file, SETTINGS)
    part("training").started(replace(plan, net="isnet")).save(file, SETTINGS)
    with pytest.raises(DataError, match="does not fit NarrowU2NetP"):
        run.load(file, SETTINGS)


def test_the_average_follows_the_weights_and_remembers_what_it_was_told_to(part: Callable[[str], ModuleType]) -> None:
    net = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        net.weight.fill_(0.0)
    average = part("state").Average(net, 0.5)
    with torch.no_grad():
        net.weight.fill_(1.0)
    follows = []
    for _ in range(8):
        average.follow(net)
        follows.append(float(average.net.weight))
    assert follows[0] == pytest.approx(1 - 2 / 11)  # at first there is little to remember
    assert 1 - follows[7] == pytest.approx(math.prod(min(0.5, (1 + n) / (10 + n)) for n in range(1, 9)), rel=1e-3)


# processes


_PROCESS = """
import sys
import torch
from segmenter_together import Together

together = Together.joined("cpu")
net = torch.nn.Linear(2, 1)
with torch.no_grad():
    net.weight.fill_(1.0)
(net(torch.full((1, 2), 1.0 + 2 * together.rank))).sum().backward()
together.mean_gradients(net)
together.wait()
print(together.first, net.weight.grad.tolist(), net.bias.grad.tolist())
together.leave()
"""


def test_processes_get_the_mean_of_their_gradients() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    told = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    told |= {"PYTHONPATH": os.pathsep.join((str(SCRIPTS), str(SCRIPTS.parent))), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen([sys.executable, "-c", _PROCESS], env={**told, "RANK": str(rank)}, stdout=subprocess.PIPE)
        for rank in range(2)
    ]
    said = [process.communicate(timeout=90)[0].decode().strip() for process in started]
    assert said == ["True [[2.0, 2.0]] [1.0]", "False [[2.0, 2.0]] [1.0]"]


def test_an_environment_that_makes_no_sense_is_named(
    part: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "first")
    with pytest.raises(ConfigError, match="torchrun"):
        part("together").Together.joined("cpu")


def test_progress_into_a_file_is_a_line_now_and_then_and_an_epoch_is_one_line(
    part: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    watch = part("watch").Watch(5, 1)
    watch.batch(1, 10, 2.0)  # too soon
    watch._last -= 60
    watch.batch(2, 10, 1.5)
    score = part("scoring").Score(0.5, None, 0.25, 0.125)
    watch.told(part("training").Epoch("isnet", 2, 96, 1e-3, 1.25, 0.5, score, True, 3.0))
    out, errors = capsys.readouterr()
    assert errors == "epoch 2 of 5, batch 2 of 10, loss 1.500\n"
    assert out == (
        "isnet epoch 2: loss 1.2500 (features 0.5000), rate 0.001; IoU plain 0.500, standing 0.250;"
        " 12.50% of empty scenes marked; 96 seen, 3 s *\n"
    )
