"""What train_segmenter trains on: which pairs are read; pictures and masks of composed scenes belong together."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from drawn_people import HEIGHT, WIDTH, drawn_person, write_pairs

from pipeline.errors import DataError, ExitCode, SourceError

if TYPE_CHECKING:
    from types import ModuleType

SCRIPTS = Path(__file__).parents[2] / "scripts"
SIZE = 96


@pytest.fixture(autouse=True)
def scripts_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def reading() -> ModuleType:
    return importlib.import_module("segmenter_pairs")


@pytest.fixture
def composing() -> ModuleType:
    return importlib.import_module("segmenter_scenes")


@pytest.fixture
def slides() -> ModuleType:
    return importlib.import_module("segmenter_slides")


RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def scenes(composing: ModuleType, slides: ModuleType, person: Any = RED, ground: Any = GREEN, **options: Any) -> Any:
    """Of one pair in two colours, and grey slides."""
    reading = importlib.import_module("segmenter_pairs")
    _, mask = drawn_person(3)
    pair = reading.Pair("a", np.where(mask[..., None] > 0, person, ground).astype(np.uint8), mask)
    backdrops = slides.Backdrops([np.full((90, 160, 3), 128, np.uint8)], [], drawn=0.0)
    mix, flips = options.pop("mix", (1, 1, 1, 1)), options.pop("flips", composing.Flips(0.0, 0.0))
    return composing.Scenes([pair], backdrops, mix, flips, varied=options.pop("varied", False))


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where two pictures differ."""
    differs: np.ndarray = np.abs(one.astype(int) - other).max(axis=2) > 2
    return differs


# pairs


def test_pairs_are_those_of_the_split_that_the_index_names(tmp_path: Path, reading: ModuleType) -> None:
    write_pairs(tmp_path, {"train": 3, "val": 2, "test": 1})
    named = {split: [pair.name for pair in reading.read_pairs(tmp_path, split)] for split in ("train", "val", "test")}
    assert named == {"train": ["0001", "0002", "0003"], "val": ["0004", "0005"], "test": ["0006"]}


def test_a_pair_is_read_as_it_was_written(tmp_path: Path, reading: ModuleType) -> None:
    write_pairs(tmp_path, {"train": 1}, seed=5)
    (pair,) = reading.read_pairs(tmp_path, "train")
    picture, mask = drawn_person(6)
    assert np.array_equal(pair.picture, picture) and np.array_equal(pair.mask, mask)


def test_without_an_index_each_pair_has_a_side_that_more_pairs_do_not_change(
    tmp_path: Path, reading: ModuleType
) -> None:
    write_pairs(tmp_path, {"train": 60})
    (tmp_path / "index.csv").unlink()
    held_out = {pair.name for pair in reading.read_pairs(tmp_path, "val")}
    trained = {pair.name for pair in reading.read_pairs(tmp_path, "train")}
    assert 1 <= len(held_out) <= 15 and len(trained) == 60 - len(held_out) and not held_out & trained
    for name in [f"{number:04d}" for number in range(1, 31)]:
        for part in ("images", "masks"):
            (tmp_path / part / f"{name}.png").unlink()
    assert {pair.name for pair in reading.read_pairs(tmp_path, "val")} == {name for name in held_out if name > "0030"}


def test_large_pictures_are_kept_smaller_and_small_ones_as_they_are(tmp_path: Path, reading: ModuleType) -> None:
    write_pairs(tmp_path, {"train": 1})
    for longest, expected in ((48, (48, 40)), (500, (HEIGHT, WIDTH))):
        (pair,) = reading.read_pairs(tmp_path, "train", longest)
        assert (pair.picture.shape[:2], pair.mask.shape) == (expected, expected)


def test_a_limit_takes_pairs_from_the_whole_split(tmp_path: Path, reading: ModuleType) -> None:
    write_pairs(tmp_path, {"val": 20})
    assert [pair.name for pair in reading.read_pairs(tmp_path, "val", limit=4)] == ["0001", "0006", "0011", "0016"]


def test_a_picture_without_mask_is_named(tmp_path: Path, reading: ModuleType) -> None:
    write_pairs(tmp_path, {"train": 2})
    (tmp_path / "masks" / "0002.png").unlink()
    with pytest.raises(SourceError, match="no mask for 0002"):
        reading.read_pairs(tmp_path, "train")


def test_a_damaged_picture_is_named(tmp_path: Path, reading: ModuleType) -> None:
    write_pairs(tmp_path, {"train": 2})
    (tmp_path / "images" / "0002.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"0002\.png"):
        reading.read_pairs(tmp_path, "train")


def test_a_split_without_pairs_and_an_index_without_splits_are_refused(tmp_path: Path, reading: ModuleType) -> None:
    write_pairs(tmp_path, {"train": 2})
    with pytest.raises(DataError, match="'val'"):
        reading.read_pairs(tmp_path, "val")
    (tmp_path / "index.csv").write_text("id,kind\n0001,portrait\n")
    with pytest.raises(DataError, match="id and split, not id, kind"):
        reading.read_pairs(tmp_path, "train")


# scenes


@pytest.mark.parametrize("kind", ["plain", "facecam", "standing", "empty"])
def test_the_same_numbers_give_the_same_scene_and_others_another(
    composing: ModuleType, slides: ModuleType, kind: str
) -> None:
    made = scenes(composing, slides, varied=True)
    first, again, other = (made.of_kind(kind, 0, SIZE, 80, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.picture.shape == (80, 80, 3) and first.mask.shape == (80, 80)
    assert np.array_equal(first.picture, again.picture) and np.array_equal(first.mask, again.mask)
    assert not np.array_equal(first.picture, other.picture)


@pytest.mark.parametrize("kind", ["plain", "facecam", "standing"])
def test_another_person_changes_the_picture_where_the_mask_is_and_nowhere_else(
    composing: ModuleType, slides: ModuleType, kind: str
) -> None:
    made, others, seen = scenes(composing, slides), scenes(composing, slides, person=BLUE), 0
    for seed in range(40):
        scene, other = (each.of_kind(kind, 0, SIZE, SIZE, np.random.default_rng(seed)) for each in (made, others))
        changed = apart(scene.picture, other.picture)
        seen += bool((scene.mask > 250).any())
        assert np.array_equal(scene.mask, other.mask)
        assert changed[scene.mask > 250].all(), seed
        assert not changed[scene.mask == 0].any(), seed
    assert seen >= 35


def test_in_a_face_cam_only_the_person_is_foreground_not_the_window(composing: ModuleType, slides: ModuleType) -> None:
    made, others, windows = scenes(composing, slides), scenes(composing, slides, ground=BLUE), 0
    for seed in range(40):
        scene, other = (each.of_kind("facecam", 0, SIZE, SIZE, np.random.default_rng(seed)) for each in (made, others))
        window = apart(scene.picture, other.picture) & (scene.mask == 0)
        windows += bool(window.any())
    assert 20 <= windows < 40  # some people are shown without their own background


def test_a_face_cam_is_small_and_in_a_corner(composing: ModuleType, slides: ModuleType) -> None:
    made, corners = scenes(composing, slides), set()
    for seed in range(60):
        scene = made.of_kind("facecam", 0, SIZE, SIZE, np.random.default_rng(seed))
        rows, columns = np.nonzero(scene.mask > 127)
        if not rows.size:
            continue
        assert (scene.mask > 127).mean() < 0.4
        corners.add((bool(rows.mean() > SIZE / 2), bool(columns.mean() > SIZE / 2)))
    assert len(corners) == 4


def test_whom_the_picture_cuts_off_below_stands_on_the_lower_edge(composing: ModuleType, slides: ModuleType) -> None:
    made = scenes(composing, slides)
    for seed in range(40):
        scene = made.of_kind("standing", 0, SIZE, SIZE, np.random.default_rng(seed))
        assert (scene.mask[-1] > 127).any(), seed


def test_in_an_empty_scene_nobody_is_foreground(composing: ModuleType, slides: ModuleType) -> None:
    made = scenes(composing, slides, varied=True)
    others = scenes(composing, slides, person=BLUE, ground=RED, varied=True)
    for seed in range(20):
        other = others.of_kind("empty", 0, SIZE, SIZE, np.random.default_rng(seed))
        scene = made.of_kind("empty", 0, SIZE, SIZE, np.random.default_rng(seed))
        assert not scene.mask.any() and np.array_equal(scene.picture, other.picture), seed


def test_flips_turn_pictures_and_masks_over_together(composing: ModuleType, slides: ModuleType) -> None:
    rng = np.random.default_rng(0)
    as_it_is = scenes(composing, slides).of_kind("plain", 0, SIZE, SIZE, rng)
    flips = composing.Flips(1.0, 1.0)
    turned = scenes(composing, slides, flips=flips).of_kind("plain", 0, SIZE, SIZE, rng)
    assert np.array_equal(turned.mask, as_it_is.mask[::-1, ::-1])
    assert np.array_equal(turned.picture, as_it_is.picture[::-1, ::-1])


def test_the_mix_says_how_often_each_kind_comes(composing: ModuleType, slides: ModuleType) -> None:
    made = scenes(composing, slides, mix=(1, 0, 3, 0))
    kinds = [made.sample(0, 32, 32, np.random.default_rng(seed)).kind for seed in range(100)]
    assert set(kinds) == {"plain", "standing"} and 60 <= kinds.count("standing") <= 90


def test_photos_on_slides_show_nobody(reading: ModuleType, slides: ModuleType) -> None:
    _, mask = drawn_person(3)
    pairs = [reading.Pair("a", np.where(mask[..., None] > 0, RED, GREEN).astype(np.uint8), mask)]
    backdrops, rng = slides.Backdrops([], pairs), np.random.default_rng(4)
    photos = [photo for photo in (backdrops.photo(rng) for _ in range(40)) if photo is not None]
    assert len(photos) > 10
    assert all((photo == GREEN).all() for photo in photos)


def test_drawn_slides_are_many_and_projections_leave_some_of_the_wall(slides: ModuleType) -> None:
    backdrops = slides.Backdrops([], [])
    drawn = [backdrops.draw(np.random.default_rng(seed)) for seed in range(20)]
    assert len({picture.tobytes() for picture in drawn}) == 20
    white = slides.Backdrops([np.full((90, 160, 3), 255, np.uint8)], [], drawn=0.0)
    wall = white.wall(np.random.default_rng(1))
    grey = cv2.cvtColor(wall, cv2.COLOR_RGB2GRAY)
    assert wall.shape == (slides.HEIGHT, slides.WIDTH, 3) and int(grey.max()) - int(grey.min()) > 40


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_pytorch_the_script_says_what_to_install(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, SCRIPTS / "train_segmenter", "u2netp", tmp_path / "out"]
    command += ["--pairs", tmp_path]
    made = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert made.returncode == ExitCode.UNAVAILABLE
    assert made.stderr.splitlines() == ["train_segmenter: torch is missing: pip install torch"]
    assert not (tmp_path / "out").exists()
