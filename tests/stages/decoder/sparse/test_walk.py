"""What sparse decoding gives is what full decoding gives, whatever the codec, and most of it is not decoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from decoded import decode, posted
from media import damage_packets, difference, write_video
from slideshow import noisy, show, slide

from pipeline.frame import SECOND_NS, Frame
from pipeline.testing import Harness, frames_of
from stages.decoder import undue
from stages.decoder.decoding import Damage
from stages.decoder.opening import open_file, video_stream
from stages.decoder.sparse.entry import prepared
from stages.decoder.sparse.likeness import Look
from stages.decoder.sparse.unchanged import Unchanged
from stages.decoder.sparse.walk import Walk, Walked
from stages.decoder.undue import Undecoded

# Slide 2 is there for 0.8 s between two keyframes.
PARTS = [(1, 6.3), (2, 0.8), (1, 6.9), (3, 8.4), (4, 5)]
EVERY_2_S = {"g": "20", "sc_threshold": "0"}
EVERY_8_S = {"g": "80", "sc_threshold": "0"}
MOST_REORDERED = 5
FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("closed.mp4", {"options": EVERY_2_S}),
    ("cuts.mp4", {"options": {"g": "20"}}),
    ("no_b_frames.mp4", {"options": {**EVERY_2_S, "bf": "0"}}),
    ("open.ts", {"options": {**EVERY_2_S, "x264-params": "open-gop=1:log=-1"}}),
    ("long.mp4", {"options": {"g": "100", "sc_threshold": "0"}}),
    ("endless.mp4", {"options": {"g": "9999", "sc_threshold": "0"}}),
    ("hevc.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none:keyint=20"}}),
    ("vp9.webm", {"codec": "libvpx-vp9", "options": {"g": "20", "deadline": "realtime", "cpu-used": "8"}}),
    ("mpeg4.avi", {"codec": "mpeg4", "options": {"g": "20"}}),
]


def both(path: Path, **properties: object) -> tuple[list[Frame], list[Frame], Harness]:
    """The frames in mode full, those in mode sparse, and who gave the latter."""
    _, full = decode(path, mode="full", **properties)
    harness, sparse = decode(path, mode="sparse", **properties)
    return frames_of(full), frames_of(sparse), harness


def assert_the_same(full: list[Frame], sparse: list[Frame], levels: float = 3) -> None:
    by_time = {frame.pts_ns: frame for frame in full}
    assert sparse[-1].pts_ns == full[-1].pts_ns
    for frame in sparse:
        assert difference(frame.planes[0], by_time[frame.pts_ns].planes[0]) < levels
    assert [frame.seq for frame in sparse] == list(range(len(sparse)))


def assert_shown_as_decoded(path: Path) -> tuple[set[int], Walked]:
    """What the walk gives is what a full decode does, and to the bit where it was decoded. The numbers of the frames of
    which it says nothing, and its counts.
    """
    unknown: set[int] = set()
    with open_file(path) as whole, open_file(path) as read, open_file(path) as apart:
        stream = video_stream(apart, path)
        *_, walk = prepared(read, video_stream(read, path), path, 1, stream, apart.demux(stream))
        assert isinstance(walk, Walk)
        damage = Damage()
        full = enumerate(whole.decode(video_stream(whole, path)))
        for item in walk.frames(damage, list):
            for pts in item.all_pts if isinstance(item, Unchanged) else (item.pts,):
                number, frame = next(full)
                assert frame.pts == pts
                if isinstance(item, Undecoded):
                    unknown.add(number)
                    continue
                shown = item.frame if isinstance(item, Unchanged) else item
                assert Look(frame).like(Look(shown))
                if not isinstance(item, Unchanged):
                    assert difference(frame.to_ndarray(), shown.to_ndarray()) == 0
        assert not damage.any
        assert next(full, None) is None
        return unknown, walk.walked


@pytest.mark.parametrize(("name", "how"), FORMATS, ids=[name for name, _ in FORMATS])
def test_it_shows_what_full_decoding_shows_at_the_same_times(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    full, sparse, harness = both(write_video(tmp_path / name, show(PARTS, 10), **how), rate=0)
    assert_the_same(full, sparse)
    told = posted(harness, "sparse")
    assert told["packets"] == len(full)
    assert told["decoded"] < 0.75 * len(full)
    assert harness.context.warnings == []


def test_each_frame_is_sent_or_counted(tmp_path: Path) -> None:
    every_2_s = {"g": "40", "sc_threshold": "0"}
    path = write_video(tmp_path / "a.mp4", show([(1, 30.5), (2, 29.5)], 20), rate=20, options=every_2_s)
    full, sparse, harness = both(path)
    assert_the_same(full, sparse)
    assert harness.ledger.received == 1200
    assert set(harness.ledger.dropped) == {"rate", "unchanged"}
    assert harness.ledger.dropped["unchanged"] > 600
    assert len(sparse) < 0.6 * len(full)


def test_where_something_happens_frames_that_are_not_due_are_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_2_s = {"g": "60", "sc_threshold": "0", "bf": "3", "b_strategy": "0"}
    slides = [(number, 0.3) for number in range(1, 13)]
    path = write_video(tmp_path / "a.mp4", show([(1, 6), *slides, (2, 6)], 30), rate=30, options=every_2_s)
    harness, items = decode(path, mode="sparse", rate=5)
    monkeypatch.setattr(undue, "_CODECS", frozenset())
    all_of_them, every = decode(path, mode="sparse", rate=5)
    told, all_told = posted(harness, "sparse"), posted(all_of_them, "sparse")
    assert told["decoded"] < 0.8 * all_told["decoded"]
    assert harness.ledger == all_of_them.ledger
    for one, other in zip(frames_of(items), frames_of(every), strict=True):
        assert (one.pts_ns, one.planes[0].tobytes()) == (other.pts_ns, other.planes[0].tobytes())


ONE_CHANGE_EACH = [(1, 6.3), (2, 8.9), (3, 4.4), (4, 7.4)]
CHANGED: list[tuple[str, dict[str, Any]]] = [
    ("due.mp4", EVERY_2_S),
    ("cuts.mp4", {"g": "50"}),
    ("no_b_frames.mkv", {**EVERY_2_S, "bf": "0"}),
    ("pyramid.mp4", {**EVERY_2_S, "x264-params": "bframes=5:b-pyramid=normal:b-adapt=0:log=-1"}),
]


@pytest.mark.parametrize(("name", "how"), CHANGED, ids=[name for name, _ in CHANGED])
def test_a_group_with_one_change_is_not_decoded_and_shown_as_its_keyframe_and_the_next(
    tmp_path: Path, name: str, how: dict[str, Any]
) -> None:
    path = write_video(tmp_path / name, show(ONE_CHANGE_EACH, 10), options=how)
    unknown, _ = assert_shown_as_decoded(path)
    assert len(unknown) <= 3 * MOST_REORDERED
    full, sparse, harness = both(path, rate=0)
    assert_the_same(full, sparse)
    assert harness.ledger.missing == 0
    assert posted(harness, "sparse")["decoded"] <= 1.1 * int(how["g"])  # the last group, and no other


def test_a_fade_between_two_still_views_is_not_decoded_either(tmp_path: Path) -> None:
    one, two = slide(1), slide(2)
    fade = [cv2.addWeighted(one, 1 - part / 8, two, part / 8, 0) for part in range(1, 8)]
    film = [*[one] * 105, *[np.asarray(picture, np.uint8) for picture in fade], *[two] * 108]
    path = write_video(tmp_path / "a.mp4", film, rate=20, options=EVERY_8_S)
    unknown, _ = assert_shown_as_decoded(path)
    assert set(range(106, 111)) <= unknown <= set(range(100, 117))
    full, sparse, harness = both(path, rate=0)
    assert_the_same(full, sparse)
    assert harness.ledger.missing == 0
    assert posted(harness, "sparse")["decoded"] <= 60  # the last group, and no other


def test_where_the_next_keyframe_shows_another_change_than_that_of_the_group_it_is_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 2.0), (2, 6.0), (3, 6.0)], 10), options=EVERY_8_S)
    assert not assert_shown_as_decoded(path)[0]


def test_where_a_file_cannot_be_sought_in_a_change_is_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", show(ONE_CHANGE_EACH, 10), options=EVERY_2_S)
    assert not assert_shown_as_decoded(path)[0]


def test_up_to_keyframes_that_are_there_for_a_cut_still_groups_are_not_decoded_and_the_cuts_are_seen(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 6.3), (2, 8.9), (3, 4.4), (4, 15)], 10), options={"g": "150"})
    assert_shown_as_decoded(path)
    full, sparse, harness = both(path, rate=5)
    assert_the_same(full, sparse)
    assert posted(harness, "sparse")["decoded"] <= 160
    for cut in (6.3, 15.2, 19.6):
        times = [frame.pts_ns / SECOND_NS - cut for frame in sparse]
        assert sum(-1 <= time < 0 for time in times) >= 4
        assert sum(0 <= time <= 1.5 for time in times) >= 7


def test_what_comes_and_goes_in_a_group_is_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 5.0), (2, 1.0), (3, 8.0)], 10), options=EVERY_8_S)
    assert not assert_shown_as_decoded(path)[0]


def test_frames_that_were_not_decoded_share_their_picture(tmp_path: Path) -> None:
    _, sparse, harness = both(write_video(tmp_path / "a.mp4", show([(1, 20)], 10), options={"g": "50"}))
    assert len({id(frame.image) for frame in sparse}) < len(sparse) / 2
    assert harness.ledger.missing == 0


def test_a_screen_recording_with_uneven_times_is_decoded_where_something_happens(tmp_path: Path) -> None:
    times = [index * 100 + (index % 7) * 11 for index in range(300)]
    film = show([(1, 12), (2, 18)], 10)
    full, sparse, _ = both(write_video(tmp_path / "a.mkv", film, pts_ms=times, options={"g": "20"}), rate=0)
    assert_the_same(full, sparse)


@pytest.mark.parametrize(
    ("name", "how", "why"),
    [
        ("intra.mp4", {"options": {"g": "1"}}, "every frame is a keyframe"),
        (
            "constant.mp4",
            {"options": {"g": "20", "x264-params": "nal-hrd=cbr:filler=1:bitrate=800:vbv-maxrate=800:vbv-bufsize=800"}},
            "0% of its packets are as small as those of a still picture",
        ),
    ],
)
def test_where_packets_tell_nothing_every_frame_is_decoded_and_it_says_so(
    tmp_path: Path, name: str, how: dict[str, Any], why: str
) -> None:
    full, sparse, harness = both(write_video(tmp_path / name, show([(1, 10)], 10), **how), rate=0)
    assert_the_same(full, sparse, 0.001)
    assert [warning.count(why) for warning in harness.context.warnings] == [1]
    assert harness.ledger.received == harness.ledger.sent == len(full)


def test_a_noisy_camera_is_decoded_whole(tmp_path: Path) -> None:
    film = noisy(show([(1, 5), (2, 5)], 10))
    full, sparse, harness = both(write_video(tmp_path / "a.mp4", film, options={"g": "20"}), rate=0)
    assert_the_same(full, sparse, 0.001)
    assert "decodes every frame" in harness.context.warnings[0]


def test_damage_costs_no_more_than_its_own_group(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mp4", show([(1, 10), (2, 20)], 10), options={"g": "20", "sc_threshold": "0"})
    path = damage_packets(whole, tmp_path / "b.mp4", range(140, 144))  # the first is the keyframe at 14 s
    full, sparse, harness = both(path, rate=0)
    assert ["is damaged" in warning for warning in harness.context.warnings] == [True]
    for frame in sparse:
        if not 13 <= frame.pts_ns / SECOND_NS < 17:
            like = full[0] if frame.pts_ns < 10 * SECOND_NS else full[-1]
            assert difference(frame.planes[0], like.planes[0]) < 3
    assert harness.ledger.missing == 0


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.mp4", {"options": EVERY_2_S}),
        ("a.avi", {"codec": "mpeg4", "options": {"g": "20"}}),
        ("a.webm", {"codec": "libvpx-vp9", "options": {"g": "20", "deadline": "realtime", "cpu-used": "8"}}),
    ],
)
def test_damage_that_the_decoder_tells_of_at_its_end_is_counted_and_decoding_goes_on(
    tmp_path: Path, name: str, how: dict[str, Any]
) -> None:
    whole = write_video(tmp_path / name, show([(1, 10), (2, 15)], 10), **how)
    path = damage_packets(whole, tmp_path / f"damaged-{name}", range(246, 250))
    _, sparse, harness = both(path, rate=0)
    assert ["is damaged" in warning for warning in harness.context.warnings] == [True]
    assert posted(harness, "corrupt")["packets"] > 0
    assert sparse[-1].pts_ns > 24 * SECOND_NS
    assert harness.ledger.missing == 0


def test_of_an_interlaced_file_nothing_is_left_out(tmp_path: Path) -> None:
    interlaced = {"g": "20", "flags": "+ilme+ildct", "x264-params": "tff=1:log=-1"}
    full, sparse, harness = both(write_video(tmp_path / "a.mp4", show(PARTS, 10), options=interlaced), rate=0)
    assert_the_same(full, sparse, 0.001)
    assert harness.ledger.received == harness.ledger.sent == len(full)


REPEATING = [
    ("endless.mp4", "keyint=9999:bframes=0"),
    ("pyramid.mp4", "keyint=9999:bframes=3:b-pyramid=normal:ref=4"),
    ("strict.mkv", "keyint=9999:bframes=2:b-pyramid=strict:direct=temporal:weightp=2"),
    ("slices.mkv", "keyint=9999:bframes=3:slices=4:cabac=0"),
    ("groups.mp4", "keyint=80:bframes=1:ref=2"),
    ("open.ts", "keyint=120:open-gop=1:bframes=3:b-pyramid=normal:repeat-headers=1"),
]


@pytest.mark.parametrize(("name", "how"), REPEATING, ids=[name for name, _ in REPEATING])
def test_what_repeats_itself_is_not_decoded_and_what_follows_is_right_to_the_bit(
    tmp_path: Path, name: str, how: str
) -> None:
    options = {"preset": "veryfast", "x264-params": f"{how}:scenecut=0:log=-1"}
    path = write_video(tmp_path / name, show([(1, 31), (2, 30), (3, 15)], 10), options=options)
    walked = assert_shown_as_decoded(path)[1]
    assert walked.packets == 760
    assert walked.decoded < 760 / 4
