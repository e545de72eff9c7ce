"""What comes out of the nets: how many masks, in which order, of which size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)

from stages.segmentation.nets.blocks import Rsu  # noqa: E402
from stages.segmentation.nets.checkpoints import NETS, seed_weights  # noqa: E402
from stages.segmentation.nets.isnet import IsNet, IsNetTruthEncoder  # noqa: E402
from stages.segmentation.nets.nested import NestedU  # noqa: E402
from stages.segmentation.nets.patterns import patterns  # noqa: E402

if TYPE_CHECKING:
    from torch import Tensor

MASKS = {"u2net": 7, "u2netp": 7, "isnet": 6, "isnet-gt-encoder": 6}


def shapes(found: Any) -> list[tuple[int, ...]]:
    return [tuple(each.shape) for each in found]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("size", [(320, 320), (1024, 1024), (767, 1023), (33, 65), (1, 1)], ids=str)
def test_every_mask_has_the_size_of_the_picture(net: str, size: tuple[int, int]) -> None:
    with torch.device("meta"):  # shapes alone: nothing is computed
        found = NETS[net].build().eval()(torch.empty(2, NETS[net].channels, *size))
    assert shapes(found) == [(2, 1, *size)] * MASKS[net]


@pytest.mark.parametrize("size", [(320, 320), (101, 75)], ids=str)
def test_sizes_hold_when_something_is_computed(size: tuple[int, int]) -> None:
    with torch.inference_mode():
        found = NETS["u2netp"].build().eval()(patterns(1, 3, *size))
    assert shapes(found) == [(1, 1, *size)] * 7
    assert all(bool(torch.isfinite(mask).all()) for mask in found)


@pytest.fixture(scope="module")
def small() -> NestedU:
    net = NETS["u2netp"].build()
    seed_weights(net, 1, patterns(2, 3, 96, 128))
    return net


def test_the_first_of_seven_masks_is_the_fusion_of_the_six_that_follow(small: NestedU) -> None:
    with torch.inference_mode():
        fused, *sides = small(patterns(1, 3, 96, 128))
        again = small.outconv(torch.cat(sides, dim=1))
    assert torch.equal(fused, again)


@pytest.mark.parametrize("level", range(1, 7))
def test_masks_after_the_first_are_the_side_outputs_from_the_top_level_down(small: NestedU, level: int) -> None:
    picture = patterns(1, 3, 96, 128)
    with torch.inference_mode():
        before = small(picture)
        side = small.get_submodule(f"side{level}")
        side.bias += 1.0
        after = small(picture)
        side.bias -= 1.0
    moved = [index for index in range(1, 7) if not torch.allclose(before[index], after[index], atol=1e-3)]
    assert moved == [level]


def test_a_lower_level_is_coarser(small: NestedU) -> None:
    with torch.inference_mode():
        features = small.features(patterns(1, 3, 96, 128))
    assert [shape[-2:] for shape in shapes(features)] == [(96, 128), (48, 64), (24, 32), (12, 16), (6, 8), (3, 4)]


def test_the_net_and_the_encoder_of_its_truth_have_features_of_the_same_shapes() -> None:
    with torch.device("meta"):
        of_net = IsNet().eval().supervised(torch.empty(1, 3, 270, 480))
        of_truth = IsNetTruthEncoder().eval().supervised(torch.empty(1, 1, 270, 480))
    assert shapes(of_net.features) == shapes(of_truth.features)
    assert shapes(of_net.features)[0] == (1, 64, 135, 240)  # the strided input convolution


def test_all_but_the_fused_weights_of_a_supervised_net_learn() -> None:
    encoder = IsNetTruthEncoder().train()
    masks, features = encoder.supervised(patterns(2, 1, 64, 64))
    loss = sum(mask.square().mean() for mask in masks) + sum(each.square().mean() for each in features)
    loss.backward()
    assert [name for name, weight in encoder.named_parameters() if weight.grad is None] == []


def step(block: Any, part: str, x: Tensor) -> Tensor:
    """Convolution, normalisation and ReLU of one part, from its weights alone."""
    at = block.get_submodule(f"rebnconv{part}")
    dilation = at.conv_s1.dilation[0]
    y = torch.conv2d(x, at.conv_s1.weight, at.conv_s1.bias, padding=dilation, dilation=dilation)
    y = (y - at.bn_s1.running_mean[:, None, None]) / (at.bn_s1.running_var[:, None, None] + 1e-5).sqrt()
    return (y * at.bn_s1.weight[:, None, None] + at.bn_s1.bias[:, None, None]).clamp(min=0)


def pooled(x: Tensor) -> Tensor:
    return torch.max_pool2d(x, 2)


def doubled(x: Tensor) -> Tensor:
    return torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")


@pytest.fixture(params=[4, "4F"], ids=["RSU-4", "RSU-4F"])
def block(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(2)
    made = Rsu(request.param, 5, 3, 7).built()
    for name, value in made.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5 if "running_var" in name else torch.randn_like(value))
    return made.eval().double()


def test_a_block_is_the_figure_in_the_paper_written_out(block: Any) -> None:
    picture = torch.randn(2, 5, 24, 16, dtype=torch.float64)
    same: Any = lambda x: x  # noqa: E731
    down, up = (pooled, doubled) if block.pools else (same, same)
    with torch.inference_mode():
        entered = step(block, "in", picture)
        one = step(block, "1", entered)
        two = step(block, "2", down(one))
        three = step(block, "3", down(two))
        four = step(block, "4", three)
        back = step(block, "3d", torch.cat((four, three), 1))
        back = step(block, "2d", torch.cat((up(back), two), 1))
        back = step(block, "1d", torch.cat((up(back), one), 1))
        found = block(picture)
    assert torch.allclose(found, back + entered)


@pytest.mark.parametrize(
    ("kind", "dilations"),
    [(7, [1] * 6 + [2]), (6, [1] * 5 + [2]), (5, [1] * 4 + [2]), (4, [1, 1, 1, 2]), ("4F", [1, 2, 4, 8])],
)
def test_dilations_are_those_of_the_figure(kind: int | str, dilations: list[int]) -> None:
    made = Rsu(kind, 3, 4, 5).built()
    levels = range(1, len(dilations) + 1)
    assert [made.get_submodule(f"rebnconv{level}").conv_s1.dilation[0] for level in levels] == dilations
    back = [made.get_submodule(f"rebnconv{level}d").conv_s1.dilation[0] for level in levels[:-1]]
    assert back == dilations[:-1]


@pytest.mark.parametrize("kind", [3, 8, "5F"])
def test_a_kind_of_block_that_there_is_not_is_named(kind: int | str) -> None:
    with pytest.raises(ValueError, match=str(kind)):
        Rsu(kind, 3, 4, 5).built()


def test_stages_that_do_not_fit_are_named() -> None:
    fitting = [Rsu("4F", 4, 2, 4)] * 5
    with pytest.raises(ValueError, match="in_channels=9"):
        NestedU([*fitting, Rsu("4F", 9, 2, 4)])
    with pytest.raises(ValueError, match="5 encoding"):
        NestedU(fitting)
