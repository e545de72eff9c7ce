"""From properties to a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from people import ON_CPU, finder, is_person, person, slide

from pipeline.errors import ConfigError
from pipeline.frame import Plane
from pipeline.stage import validated
from stages.segmentation.models import IMAGENET_MEAN, MODELS
from stages.segmentation.opening import chosen, opened
from stages.segmentation.properties import SegmentationProperties
from stages.segmentation.protocol import Offer
from stages.segmentation.remote import FarError
from stages.segmentation.segmenter import Segmented


def properties(**given: object) -> SegmentationProperties:
    made = validated(SegmentationProperties, given)
    assert isinstance(made, SegmentationProperties)
    return made


def test_a_model_that_is_not_there_is_named_with_what_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        opened(properties(), lambda _: None, {"SLIDETAP_MODELS": str(tmp_path)})
    assert str(raised.value) == (
        f"model 'u2net_human_seg' is not in '{tmp_path}'; fetch it with: slidetap models pull u2net_human_seg"
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no model '.*no\.onnx'"):
        opened(properties(model=str(tmp_path / "no.onnx")), lambda _: None)


def test_a_file_is_fed_like_the_person_model_unless_told_otherwise() -> None:
    spec, path = chosen(properties(model="mine/net.onnx"), {})
    assert (spec.name, path, spec.mean, spec.size) == ("net", Path("mine/net.onnx"), IMAGENET_MEAN, (320, 320))
    assert (spec.output, spec.threshold, spec.full_picture) == (0, 0.5, False)
    like, _ = chosen(properties(model="net.onnx", like="isnet-general-use"), {})
    wanted = MODELS["isnet-general-use"]
    assert (like.size, like.mean, like.std, like.threshold) == (wanted.size, wanted.mean, wanted.std, wanted.threshold)
    assert like.full_picture


def test_each_of_its_ways_can_be_told() -> None:
    given = properties(
        model="net.onnx", size="640x360", mean="0.1, 0.2,0.3", std="1,2,.5", output=3, threshold=0.25, full_picture=True
    )
    spec, _ = chosen(given, {})
    assert (spec.size, spec.mean, spec.std) == ((360, 640), (0.1, 0.2, 0.3), (1.0, 2.0, 0.5))
    assert (spec.output, spec.threshold, spec.full_picture) == (3, 0.25, True)


def test_a_model_of_the_store_is_found_by_its_name(tmp_path: Path) -> None:
    path = finder(tmp_path / "green.onnx")
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    path.with_suffix(".json").write_text(json.dumps({"like": "u2netp", "digest": digest}))
    made = opened(properties(model="green", device="cpu"), lambda _: None, {"SLIDETAP_MODELS": str(tmp_path)})
    assert (made.size, made.full_picture, made.masks.device) == ((96, 96), False, "cpu")


def test_what_is_opened_finds_somebody_and_knows_how_long_that_takes(tmp_path: Path) -> None:
    model = finder(tmp_path / "green.onnx")
    made = opened(properties(model=str(model), **ON_CPU), lambda _: None)
    picture = person(slide(1), 0.4)
    (found,) = made.masks.segment([picture])
    share = np.count_nonzero(found.mask) / found.mask.size
    assert share == pytest.approx(np.count_nonzero(is_person(picture)) / (320 * 180), rel=0.05)
    assert made.warm_up.first_ns > 0
    assert made.warm_up.next_ns > 0
    made.masks.close()


class Far:
    """A mask service, as its client sees it: there or not."""

    made: list[Far]
    away = False

    def __init__(self, address: str, keys: Path | None, *, model: str) -> None:
        self.given = (address, keys, model)
        self.asked = 0
        self.closed = False
        self.made.append(self)

    def connect(self) -> Offer:
        if self.away:
            raise FarError("the mask service at tcp://gpu:5000 does not answer")
        return Offer("net", "", (64, 32), (0.0,) * 3, (1.0,) * 3, 0.5, True, "cuda", 8, 4)

    def segment(self, pictures: Sequence[Plane]) -> list[Segmented]:
        assert [picture.shape for picture in pictures] == [(64, 32, 3)]
        self.asked += 1
        return []

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> type[Far]:
    monkeypatch.setattr("stages.segmentation.remote.RemoteSegmenter", Far)
    monkeypatch.setattr(Far, "made", [], raising=False)
    return Far


def test_a_remote_service_says_what_its_network_takes(far: type[Far], tmp_path: Path) -> None:
    made = opened(properties(remote="tcp://gpu:5000", keys=str(tmp_path), model="net"), lambda _: None)
    assert (made.size, made.full_picture) == ((64, 32), True)
    (service,) = far.made
    assert (service.given, service.asked) == (("tcp://gpu:5000", tmp_path, "net"), 2)
    assert made.warm_up.next_ns > 0


def test_whatever_network_it_has_will_do_if_none_is_named(far: type[Far]) -> None:
    opened(properties(remote="tcp://gpu:5000"), lambda _: None)
    assert far.made[0].given == ("tcp://gpu:5000", None, "")


def test_a_file_is_not_begun_while_the_service_is_away(far: type[Far], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(far, "away", True)
    with pytest.raises(FarError, match="does not answer"):
        opened(properties(remote="tcp://gpu:5000"), lambda _: None)
    assert far.made[0].closed


def test_a_live_stream_is_begun_and_says_that_it_has_no_masks(far: type[Far], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(far, "away", True)
    said: list[str] = []
    made = opened(properties(remote="tcp://gpu:5000", wait=False, model="isnet-general-use"), said.append)
    assert said == ["the mask service at tcp://gpu:5000 does not answer; frames go on without masks until it does"]
    assert (made.size, made.full_picture) == ((1024, 1024), True)
    assert not far.made[0].closed
