"""A sweep of a small video: the pages are those that the stages one after the other would have made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from media import Bgr, write_video

from pipeline.caps import Caps
from pipeline.errors import ConfigError, SourceError
from pipeline.frame import Event, EventKind, Frame, Item, Picture
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.decoder import Decoder
from stages.dedup import Dedup
from stages.trigger import Trigger
from stages.tuning.grid import Candidate
from stages.tuning.sweep import Analysis, sweep

CANDIDATES = (
    Candidate("default"),
    Candidate("default", (("trigger.start_percent", 60.0), ("trigger.settle_percent", 60.0))),
    Candidate("default", (("dedup.hash", "none"), ("dedup.confirm", "none"), ("dedup.builds", "each"))),
    Candidate("knn"),
    Candidate("gsoc"),
    Candidate("frame_diff"),
)


def slide(number: int) -> Bgr:
    """A page of dark words on white, others on each."""
    picture = np.full((180, 320, 3), 255, np.uint8)
    for line in range(number + 3):
        words = " ".join("abcdefgh"[(number * line + n) % 8] * (3 + n) for n in range(3))
        cv2.putText(picture, words, (10, 25 + 22 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 20 * number, 60), 1)
    return picture


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three slides for two seconds each, then the first one again; 10 frames a second, and a little noise."""
    noise = np.random.default_rng(3)
    frames: list[Bgr] = []
    for shown in (0, 2, 4, 0):
        for _ in range(20):
            grain = noise.normal(0, 1.5, (180, 320, 1))
            frames.append(np.clip(slide(shown) + grain, 0, 255).astype(np.uint8))
    path = tmp_path_factory.mktemp("video") / "talk.mkv"
    write_video(path, frames)
    return path


def by_hand(video: Path, candidate: Candidate) -> list[int]:
    """The same through one harness after the other."""
    decoder = Harness(Decoder, uri=str(video))
    bgsub = Harness(Bgsub, **candidate.properties()["bgsub"])
    assert isinstance(decoder.stage, Decoder) and isinstance(bgsub.stage, Bgsub)
    decoder.stage.negotiate({"frames": bgsub.stage.sink_caps})
    items = [_kept(item) for item in decoder.run()]
    trigger = Harness(Trigger, **candidate.properties()["trigger"])
    dedup = Harness(Dedup, **candidate.properties()["dedup"])
    for harness in (bgsub, trigger, dedup):
        items = _through(harness, items)
    times: dict[object, int] = {}
    for frame in frames_of(items):
        page: Any = frame.meta["page"]
        if page["decision"] in ("new", "grown"):
            times[page["slide"]] = frame.pts_ns
    return sorted(times.values())


def _kept(item: Item) -> Item:
    """With a picture that stays what it is."""
    return (
        replace(item, image=item.image.copy()) if isinstance(item, Frame) and isinstance(item.image, Picture) else item
    )


def _through(harness: Harness, items: Sequence[Item]) -> list[Item]:
    out: list[Item] = []
    for item in items:
        if isinstance(item, Frame):
            out += harness.push(item)
        elif item.kind is EventKind.CAPS:
            (caps,) = harness.caps(Caps.parse(str(item.data["caps"]))).values()
            out.append(Event(EventKind.CAPS, item.pts_ns, {"caps": str(caps)}))
        else:
            out += harness.event(item)
    return [*out, *harness.eos()]


def test_every_candidate_has_the_pages_of_a_pipeline_of_its_own(video: Path) -> None:
    found = sweep(str(video), CANDIDATES)
    assert found == [by_hand(video, candidate) for candidate in CANDIDATES]
    assert len(found[0]) == 3  # and those differ: nothing moves by 60 %, and without dedup the first slide comes twice
    assert len(found[1]) == 1
    assert len(found[2]) == 4


def test_candidates_that_do_not_fit_into_memory_take_another_decoding(video: Path) -> None:
    done: list[float] = []
    found = sweep(str(video), CANDIDATES[:3], progress=done.append, budget=1)
    assert found == sweep(str(video), CANDIDATES[:3])
    assert done.count(0.0) >= 3, "each begins anew"
    assert max(done) > 0.9


def test_what_frames_are_analysed_can_be_said(video: Path) -> None:
    count: list[float] = []
    sweep(str(video), CANDIDATES[:1], Analysis(rate=5.0, width=160), progress=count.append)
    assert 40 <= len(count) < 50  # with the CAPS event


def test_a_camera_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a camera cannot be tuned on"):
        sweep("rtsp://host/1", CANDIDATES)
    with pytest.raises(SourceError, match="no.mp4"):
        sweep(str(tmp_path / "no.mp4"), CANDIDATES)


def test_a_rate_the_decoder_does_not_take_is_named(video: Path) -> None:
    with pytest.raises(ConfigError, match="'rate' = -1"):
        sweep(str(video), CANDIDATES[:1], Analysis(rate=-1.0))
