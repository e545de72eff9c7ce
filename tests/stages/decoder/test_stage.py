"""The decoder as a stage: the contract, formats and codecs, sizes, and what it says on the bus."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from decoded import bgr, decode, frames, posted, times_ms
from media import card, cards, difference, write_video
from PIL import Image

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Event, EventKind, Frame, Picture
from pipeline.stage import Source
from pipeline.testing import Harness, events_of, frames_of
from stages.decoder import Decoder
from stages.decoder.stage import AHEAD

MS = 1_000_000
CODECS: list[tuple[str, dict[str, Any]]] = [
    ("h264.mp4", {}),
    ("h264.mov", {"pix_fmt": "yuv444p"}),
    ("ten_bit.mkv", {"pix_fmt": "yuv420p10le"}),
    ("rgb.mkv", {"codec": "libx264rgb", "pix_fmt": "rgb24"}),
    ("hevc.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none"}}),
    ("mpeg2.ts", {"codec": "mpeg2video", "rate": 25}),
    ("mpeg2.mpg", {"codec": "mpeg2video", "rate": 25}),
    ("mpeg4.avi", {"codec": "mpeg4"}),
    ("vp8.webm", {"codec": "libvpx"}),
    ("vp9.webm", {"codec": "libvpx-vp9"}),
    ("mjpeg.avi", {"codec": "mjpeg", "pix_fmt": "yuvj422p"}),
    ("flash.flv", {"codec": "flv"}),
    ("windows.wmv", {"codec": "wmv2"}),
    ("prores.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    ("png.mov", {"codec": "png", "pix_fmt": "rgba"}),
    ("lossless.mkv", {"codec": "ffv1", "pix_fmt": "yuva420p"}),
    ("deep.mkv", {"codec": "ffv1", "pix_fmt": "yuv444p16le"}),
    ("raw.avi", {"codec": "rawvideo", "pix_fmt": "bgr24"}),
    ("packed.avi", {"codec": "rawvideo", "pix_fmt": "yuyv422"}),
    ("semiplanar.mkv", {"codec": "rawvideo", "pix_fmt": "nv12"}),
]


@pytest.mark.parametrize(("name", "how"), CODECS, ids=[name for name, _ in CODECS])
def test_every_codec_keeps_the_contract_and_the_pictures(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    given = cards(4)
    harness, items = decode(write_video(tmp_path / name, given, **how), rate=0)
    assert isinstance(items[0], Event) and items[0].kind is EventKind.CAPS
    caps = Caps.parse(str(items[0].data["caps"]))
    assert caps.is_fixed
    found = frames_of(items)
    assert [frame.seq for frame in found] == [0, 1, 2, 3]
    step = 1000 // how.get("rate", 10)
    assert [(frame.pts_ns - found[0].pts_ns) // MS for frame in found] == [0, step, 2 * step, 3 * step]
    for frame, original in zip(found, given, strict=True):
        assert frame.caps == caps
        assert frame.planes[0].shape == (64, 96)
        assert difference(bgr(frame), original) < 4
    assert harness.ledger.missing == 0
    assert harness.ledger.sent == 4
    assert harness.context.warnings == []


def test_av1_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "0")
    found = frames(write_video(tmp_path / "a.mkv", cards(2), codec="libsvtav1", options={"preset": "12"}), rate=0)
    assert difference(bgr(found[1]), card(1)) < 4


@pytest.mark.parametrize("pix_fmt", ["gray", "gray16le"])
def test_grey_video_is_decoded_as_grey(tmp_path: Path, pix_fmt: str) -> None:
    ramp = np.repeat(np.arange(0, 252, 4, dtype=np.uint8)[None, :, None], 8, axis=0).repeat(3, axis=2)
    found = frames(write_video(tmp_path / "a.mkv", [ramp], codec="ffv1", pix_fmt=pix_fmt))
    assert difference(bgr(found[0]), ramp) < 1


def test_a_palette_becomes_colours(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(card(0)[:, :, ::-1]).quantize(16).save(path)
    found = frames(path)
    assert len(found) == 1
    assert difference(bgr(found[0]), card(0)) < 3


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    assert times_ms(write_video(tmp_path / "a.gif", cards(3), codec="gif", pix_fmt="rgb8"), rate=0) == [0, 100, 200]


@pytest.mark.parametrize(("rotation", "bright"), [(90, (1, 0)), (180, (1, 1)), (270, (0, 1)), (-90, (0, 1))])
def test_rotated_video_comes_out_upright(tmp_path: Path, rotation: int, bright: tuple[int, int]) -> None:
    harness, items = decode(write_video(tmp_path / "phone.mp4", cards(1), rotation=rotation))
    found = frames_of(items)[0]
    size = (96, 64) if rotation == 180 else (64, 96)
    assert (found.caps.value("picture_width"), found.caps.value("picture_height")) == size
    for shown in (bgr(found).max(axis=2), found.planes[0]):
        assert shown.shape == size[::-1]
        h, w = shown.shape[0] // 2, shown.shape[1] // 2
        quarters = [[shown[:h, :w].mean(), shown[:h, w:].mean()], [shown[h:, :w].mean(), shown[h:, w:].mean()]]
        assert np.unravel_index(np.argmax(quarters), (2, 2)) == bright
    assert harness.ledger.missing == 0


def test_wide_samples_are_kept_as_stored_and_become_square_only_as_bgr(tmp_path: Path) -> None:
    found = frames(write_video(tmp_path / "a.mkv", cards(1), sar=Fraction(4, 3)))[0]
    assert found.planes[0].shape == (64, 96)
    assert found.caps.value("picture_width") == 96
    assert bgr(found).shape == (64, 128, 3)


def test_an_absurd_sample_aspect_ratio_is_ignored(tmp_path: Path) -> None:
    assert bgr(frames(write_video(tmp_path / "a.mkv", cards(1), sar=Fraction(50, 1)))[0]).shape == (64, 96, 3)


@pytest.mark.parametrize(
    ("width", "height", "plane"),
    [(1, 1, (1, 1)), (97, 63, (63, 97)), (16384, 2, (1, 640)), (2, 16384, (16384, 2)), (1282, 722, (360, 640))],
)
def test_pictures_of_any_size_have_a_plane(tmp_path: Path, width: int, height: int, plane: tuple[int, int]) -> None:
    given = cards(2, width, height)
    how = {"codec": "mjpeg", "pix_fmt": "yuvj420p"} if max(width, height) == 16384 else {"codec": "ffv1"}
    found = frames(write_video(tmp_path / "a.mkv", given, **how), rate=0)
    assert len(found) == 2
    assert found[0].planes[0].shape == plane
    assert bgr(found[0]).shape == (height, width, 3)


def test_the_plane_is_never_wider_than_the_picture(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", cards(1))
    assert frames(path, width=48)[0].planes[0].shape == (32, 48)
    assert frames(path, width=4000)[0].planes[0].shape == (64, 96)


def test_a_change_of_size_is_announced_before_the_frame_that_has_it(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.h264", cards(2, 96, 64)).read_bytes()
    second = write_video(tmp_path / "b.h264", cards(2, 64, 96)).read_bytes()
    (tmp_path / "ab.h264").write_bytes(first + second)
    _, items = decode(tmp_path / "ab.h264", rate=0)
    assert [isinstance(item, Event) for item in items] == [True, False, False, True, False, False]
    sizes = [Caps.parse(str(event.data["caps"])).value("picture_width") for event in events_of(items, EventKind.CAPS)]
    assert sizes == [96, 64]


@pytest.mark.parametrize(
    ("allowed", "shape"), [("bgr24", (64, 96, 3)), ("{bgr24,gray8}", (64, 96)), ("gray8", (64, 96))]
)
def test_the_plane_has_the_format_that_the_far_end_allows(tmp_path: Path, allowed: str, shape: tuple[int, ...]) -> None:
    harness = Harness(Decoder, uri=str(write_video(tmp_path / "a.mp4", cards(1))))
    assert isinstance(harness.stage, Source)
    harness.stage.negotiate({"frames": Caps.parse(f"video/raw,format={allowed}")})
    found = frames_of(harness.run())[0]
    assert found.planes[0].shape == shape
    assert found.caps.value("format") == ("bgr24" if len(shape) == 3 else "gray8")


def test_a_bgr_plane_has_the_colours_of_the_picture(tmp_path: Path) -> None:
    harness = Harness(Decoder, uri=str(write_video(tmp_path / "a.mkv", cards(1), pix_fmt="yuv444p")))
    assert isinstance(harness.stage, Source)
    harness.stage.negotiate({"frames": Caps.parse("video/raw,format=bgr24")})
    assert difference(frames_of(harness.run())[0].planes[0], card(0)) < 2


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
def test_the_matrix_of_the_stream_is_used(tmp_path: Path, matrix: str) -> None:
    path = write_video(tmp_path / "a.mkv", cards(1), pix_fmt="yuv444p", matrix=matrix)
    found = frames(path)[0]
    assert isinstance(found.image, Picture) and found.image.layout.matrix == matrix
    assert difference(bgr(found), card(0)) < 1.5


def test_the_stream_is_described_on_the_bus(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", cards(20), tone=True)
    harness, _ = decode(path)
    assert posted(harness, "stream") == {
        "uri": str(path),
        "duration_ns": 2_000_000_000,
        "fps": 10.0,
        "frames": 20,
        "width": 96,
        "height": 64,
        "codec": "h264",
    }


def test_the_caps_state_the_rate_of_analysis(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", cards(4), rate=25)
    assert [frames(path, rate=rate)[0].caps.value("rate") for rate in (10, 0, 100)] == [10.0, 25.0, 25.0]


def test_finish_ends_the_stream_with_what_was_decoded_ahead_and_exact_accounts(tmp_path: Path) -> None:
    harness = Harness(Decoder, uri=str(write_video(tmp_path / "a.mp4", cards(200), rate=30)), rate=10)
    assert isinstance(harness.stage, Source)
    found: list[Frame] = []
    for item in harness.run():
        if isinstance(item, Frame):
            found.append(item)
            harness.stage.finish()
    assert 1 <= len(found) <= 1 + AHEAD + 1  # of 67; the last is the one that was not due
    assert harness.ledger.missing == 0
    harness.stage.stop()
    harness.stage.stop()


def test_pictures_and_planes_outlive_the_next_step(tmp_path: Path) -> None:
    found = frames(write_video(tmp_path / "a.mp4", cards(8)), rate=0)
    assert all(difference(bgr(frame), card(index)) < 4 for index, frame in enumerate(found))


def test_one_thread_decodes_the_same(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", cards(6))
    many, one = frames(path, rate=0, threads=4), frames(path, rate=0, threads=1)
    assert all(np.array_equal(a.planes[0], b.planes[0]) for a, b in zip(many, one, strict=True))


def test_nothing_is_printed_while_damaged_video_is_decoded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_video(tmp_path / "a.mp4", cards(8), codec="mpeg4")
    data = bytearray(path.read_bytes())
    data[200:600] = bytes(range(200)) * 2
    path.write_bytes(data)
    capfd.readouterr()
    decode(path)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_property_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown property 'fps'"):
        Harness(Decoder, uri="a.mp4", fps=3)


def test_a_picture_that_does_not_change_is_given_as_the_same_object(tmp_path: Path) -> None:
    found = frames(write_video(tmp_path / "a.mp4", [card(3)] * 20 + [card(5)] * 20, codec="ffv1"), rate=0)
    assert len({id(frame.image) for frame in found}) == 2
