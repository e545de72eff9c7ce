"""A glimpse of a change tells whether it leads to what the next keyframe shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from media import write_video
from slideshow import show

from stages.decoder.opening import open_file, video_stream
from stages.decoder.sparse.glimpses import Glimpses
from stages.decoder.sparse.keyframes import Keyframes
from stages.decoder.sparse.survey import Survey, surveyed

FILM = [(1, 6.3), (2, 3.7), (3, 5.0)]  # slide 2 comes within a group of 2 s, slide 3 with a keyframe
CLOSED = {"g": "20", "sc_threshold": "0"}


def lead_to(path: Path) -> list[bool]:
    """Of the group from 6 s on, whether its change leads to the slides of the groups from 4, 8 and 10 s on."""
    with open_file(path) as read, open_file(path) as keys, open_file(path) as apart:
        *_, found = surveyed(read.demux(video=0), video_stream(read, path))
        assert isinstance(found, Survey)
        keyframes = Keyframes(keys, video_stream(keys, path), found.groups)
        looks = [keyframes.at(group) for group in found.groups[:6]]
        glimpses = Glimpses(apart, video_stream(apart, path), found)
        group = found.groups[3]
        assert group.change is not None
        answers: list[bool] = []
        for look in (looks[2], looks[4], looks[5]):
            assert look is not None
            answers.append(glimpses.lead_to(group, group.change, look))
        return answers


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"x264-params": "bframes=4:b-pyramid=normal:b-adapt=0:ref=5:weightp=2:log=-1"},
        {"x264-params": "bframes=0:ref=1:cabac=0:slices=3:log=-1"},
    ],
    ids=["usual", "pyramid", "slices"],
)
def test_a_change_leads_to_the_slide_that_it_brings_and_to_no_other(tmp_path: Path, how: dict[str, Any]) -> None:
    assert lead_to(write_video(tmp_path / "a.mp4", show(FILM, 10), options=CLOSED | how)) == [False, True, False]


def test_of_a_file_that_cannot_be_sought_in_there_is_no_glimpse(tmp_path: Path) -> None:
    assert lead_to(write_video(tmp_path / "a.ts", show(FILM, 10), options=CLOSED)) == [False, False, False]


def test_of_hevc_there_is_no_glimpse(tmp_path: Path) -> None:
    how = {"x265-params": "log-level=none:keyint=20:min-keyint=20:scenecut=0:open-gop=0"}
    path = write_video(tmp_path / "a.mp4", show(FILM, 10), codec="libx265", options=how)
    assert lead_to(path) == [False, False, False]
