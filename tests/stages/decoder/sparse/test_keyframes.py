"""Keyframes come out alone; of those with the same bytes only the first is decoded."""

from __future__ import annotations

from pathlib import Path

from media import difference, write_video
from slideshow import show

from stages.decoder.native import picture_of
from stages.decoder.opening import open_file, video_stream
from stages.decoder.sparse.keyframes import Keyframes
from stages.decoder.sparse.survey import Survey, surveyed


def surveyed_and_read(path: Path) -> tuple[Survey, Keyframes]:
    with open_file(path) as read:
        *_, found = surveyed(read.demux(video=0), video_stream(read, path))
    assert isinstance(found, Survey), found
    apart = open_file(path)
    return found, Keyframes(apart, video_stream(apart, path), found.groups)


def test_repeated_keyframes_are_decoded_once_and_show_what_is_on_screen(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 30), (2, 30)], 10), options={"g": "20", "sc_threshold": "0"})
    survey, keyframes = surveyed_and_read(path)
    assert keyframes.decoded < len(survey.groups) * 2 / 3
    with open_file(path) as read:
        shown = {frame.pts: frame for frame in read.decode(video_stream(read, path)) if frame.key_frame}
        for group in survey.groups:
            look = keyframes.at(group)
            assert look is not None
            there, here = picture_of(shown[group.pts], 1.0), picture_of(look.frame, 1.0)
            assert difference(there.planes[0], here.planes[0]) == 0


def test_a_keyframe_that_comes_again_after_others_is_found_again(tmp_path: Path) -> None:
    film = show([(number % 7, 2) for number in range(21)], 10)
    path = write_video(tmp_path / "a.mp4", film, options={"g": "10", "sc_threshold": "0"})
    survey, keyframes = surveyed_and_read(path)
    assert all(keyframes.at(group) is not None for group in survey.groups)
