"""Changes of colour that luma does not show: seen through a real encoder, and not made up of its noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hues import GREEN, RED, chart, film, remark
from media import Bgr

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Frame, Plane
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.bgsub.colour import Colour
from stages.chroma import chroma_of
from stages.decoder import Decoder
from stages.presenter import Presenter, carrying

TENTH_NS = SECOND_NS // 10
SHAPE = (360, 640)
CALM = 0.2  # percent below which the trigger takes a view as settled


def decoded(path: Path) -> list[Frame]:
    decoder, bgsub = Harness(Decoder, uri=str(path), rate=0), Harness(Bgsub)
    decoder.stage.negotiate({"frames": bgsub.stage.sink_caps})  # type: ignore[union-attr]
    return frames_of(decoder.run())


def percents(frames: list[Frame], method: str = "auto") -> list[float]:
    bgsub = Harness(Bgsub, method=method)
    bgsub.caps(Caps.of("video/raw", format="gray8", width=640, height=360))
    out = [each for frame in frames for each in frames_of(bgsub.push(frame))]
    return [float(str(frame.meta["foreground_percent"] or 0)) for frame in out]


def in_grey(frames: list[Frame]) -> list[Frame]:
    return [Frame(frame.seq, frame.pts_ns, frame.caps, frame.planes[:1]) for frame in frames]


@pytest.mark.parametrize("crf", ["23", "35"])
@pytest.mark.parametrize(
    ("before", "after"), [(chart(RED), chart(GREEN)), (chart(RED), chart(RED, GREEN)), (remark(RED), remark(GREEN))]
)
def test_red_that_becomes_green_of_the_same_luma_is_seen(tmp_path: Path, before: Bgr, after: Bgr, crf: str) -> None:
    frames = decoded(film(tmp_path / "a.mp4", [(before, 4), (after, 4)], g="200", bf="0", crf=crf))
    seen = percents(frames)
    assert max(seen[40:44]) >= CALM
    assert max(seen[20:40] + seen[46:]) < CALM
    if crf == "23":
        assert max(percents(in_grey(frames))[20:]) < CALM  # luma says nothing


@pytest.mark.parametrize("crf", ["23", "30", "36"])
def test_noise_and_keyframes_are_no_change_of_colour(tmp_path: Path, crf: str) -> None:
    frames = decoded(film(tmp_path / "a.mp4", [(chart(RED, GREEN), 8)], noise=3, crf=crf))
    chromas = [chroma for chroma in map(chroma_of, frames) if chroma is not None]
    assert len(chromas) == 80
    assert max(int(np.abs(a - b.astype(int)).max()) for a, b in zip(chromas, chromas[2:], strict=False)) >= 3
    colour = Colour(12, 10)
    changed = [colour.changed(n * 2 * TENTH_NS, each, SHAPE, None) for n, each in enumerate(chromas[::2])]
    assert changed[0] is None
    assert sum(int(each.sum()) for each in changed if each is not None) == 0


def noisy(rng: np.random.Generator, deviation: float) -> Plane:
    """Grey, as a poor sensor sees it; of two such samples the difference is larger by the square root of 2."""
    return np.asarray(np.clip(np.rint(rng.normal(128, deviation, (72, 128, 2))), 0, 255), np.uint8)


def test_noise_raises_the_threshold_of_its_region_and_lets_it_sink_again() -> None:
    rng, colour = np.random.default_rng(3), Colour(12, 10)
    for n in range(40):
        changed = colour.changed(n * 2 * TENTH_NS, noisy(rng, 8), SHAPE, None)
    assert changed is not None
    assert np.mean(changed) < 0.01
    for n in range(40, 80):
        colour.changed(n * 2 * TENTH_NS, noisy(rng, 1), SHAPE, None)
    patch = noisy(rng, 1)
    patch[20:30, 40:60] += 20
    changed = colour.changed(80 * 2 * TENTH_NS, patch, SHAPE, None)
    assert changed is not None
    assert changed[10:15, 20:30].all()
    assert changed.sum() == 50


@pytest.mark.parametrize("missing", ["before", "after"])
def test_a_frame_without_colour_is_compared_by_luma_alone(tmp_path: Path, missing: str) -> None:
    frames = decoded(film(tmp_path / "a.mp4", [(chart(RED), 3), (chart(GREEN), 2)], g="200"))
    without = in_grey(frames)
    mixed = without[:30] + frames[30:] if missing == "before" else frames[:30] + without[30:]
    assert max(percents(mixed)[15:]) < CALM
    assert max(percents(frames)[15:]) >= CALM


def test_after_a_break_colours_are_compared_anew() -> None:
    rng, colour = np.random.default_rng(3), Colour(12, 10)
    colour.changed(0, noisy(rng, 1), SHAPE, None)
    colour.forget()
    assert colour.changed(2 * TENTH_NS, noisy(rng, 1) + 40, SHAPE, None) is None


def test_what_a_presenter_hides_may_have_any_colour(tmp_path: Path) -> None:
    frames = decoded(film(tmp_path / "a.mp4", [(chart(RED), 2), (chart(RED, GREEN, RED, RED, RED), 2)], g="200"))
    mask = np.zeros(SHAPE, np.uint8)
    mask[140:330, 160:250] = 255  # before the second bar
    hidden = [carrying(frame, frame.planes, Presenter(mask)) for frame in frames]
    assert max(percents(frames)[15:]) >= CALM
    assert max(percents(hidden)[15:]) < CALM


def test_method_tiles_takes_grey_alone(tmp_path: Path) -> None:
    frames = decoded(film(tmp_path / "a.mp4", [(chart(RED), 3), (chart(GREEN), 2)], g="200"))
    assert max(percents(frames, "tiles")[15:]) < CALM


def test_the_planes_end_at_bgsub(tmp_path: Path) -> None:
    frames = decoded(film(tmp_path / "a.mp4", [(chart(RED), 0.3)]))
    bgsub = Harness(Bgsub)
    bgsub.caps(Caps.of("video/raw", format="gray8", width=640, height=360))
    assert {frame.planes for each in frames for frame in frames_of(bgsub.push(each))} == {()}
