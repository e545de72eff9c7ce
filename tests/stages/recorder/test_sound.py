"""Sound of a telephone: no container takes it as it is, so it becomes AAC, in time with the picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from packets import PACKETS, Camera, payloads, pictures, write_film

from pipeline.testing import Harness
from stages.journal import FILE_NAME, Journal
from stages.recorder import Recorder
from stages.recorder.tracks import Tracks


def record(film: Path, folder: Path, **properties: object) -> Harness:
    harness = Harness(Recorder, location=str(folder), floor=0, **properties)
    harness.caps(PACKETS)
    camera = Camera(film)
    harness.event(camera.connect())
    for frame in camera.frames():
        harness.push(frame)
    harness.eos()
    return harness


def files(folder: Path) -> list[Path]:
    with Journal(folder / FILE_NAME) as journal:
        return [folder / row.file for row in journal.segments()]


@pytest.mark.parametrize("form", ["mp4", "mkv"])
@pytest.mark.parametrize("codec", ["pcm_mulaw", "pcm_alaw"])
def test_it_becomes_aac_and_the_picture_stays_as_it_is(form: str, codec: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mov", audio=codec)
    harness = record(film, tmp_path / "out", format=form)
    (segment,) = files(tmp_path / "out")
    assert payloads(segment) == payloads(film)
    with av.open(segment) as container:
        (sound,) = container.streams.audio
        assert sound.codec_context.name == "aac" and sound.codec_context.sample_rate == 8000
        wave = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert 2.5 < len(wave) / 8000 < 3.1
    assert 0.1 < float(np.sqrt(np.mean(wave[8000:16000] ** 2))) < 0.3, "the tone of the film is heard"
    assert harness.context.warnings == []


def test_it_stays_in_time_over_segments(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mov", audio="pcm_mulaw", seconds=6, options={"sc_threshold": "0", "bf": "0"})
    record(film, tmp_path / "out", segment=2)
    made = files(tmp_path / "out")
    assert len(made) == 3
    heard: list[Fraction] = []
    for number, path in enumerate(made):
        with av.open(path) as container:
            packets = [packet for packet in container.demux() if packet.pts is not None]
        picture, sound = ([p.pts * p.time_base for p in packets if p.stream_index == index] for index in (0, 1))
        heard += [time - picture[0] + 2 * number for time in sound]
    steps = [round(float(b - a), 4) for a, b in zip(heard, heard[1:], strict=False)]
    assert steps == pytest.approx([0.128] * len(steps), abs=0.001)
    assert abs(heard[0]) < 0.01 and heard[-1] > 5.3
    assert [pictures(path) for path in made] == [20, 20, 20]


def test_what_no_encoder_can_help_is_dropped_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(template: object) -> None:
        raise ValueError("no such rate")

    monkeypatch.setattr("stages.recorder.tracks.Aac", refuses)
    film = write_film(tmp_path / "film.mov", audio="pcm_mulaw", seconds=2)
    harness = record(film, tmp_path / "out")
    assert len(harness.context.warnings) == 1 and "pcm_mulaw" in harness.context.warnings[0]
    assert harness.context.drops["not-recorded"] > 0
    (segment,) = files(tmp_path / "out")
    assert pictures(segment) == 20


def test_sound_that_fits_is_not_touched(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", seconds=1)
    tracks = Tracks(Camera(film).streams, "mp4")
    assert [track.aac for track in tracks.tracks.values()] == [None, None]
    tracks.close()
