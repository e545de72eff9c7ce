"""Which planes go with a picture: what the far end asks for, and what the picture has."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from decoded import frames
from media import card, write_video

from pipeline.caps import Caps
from pipeline.frame import PIX_FMTS, Frame, Layout, Picture, To
from pipeline.testing import Harness, Recorder, frames_of
from stages.bgsub import Bgsub
from stages.decoder import Decoder
from stages.decoder.live.analysis import Analysis
from stages.decoder.live.decoding import Stamp, Taken
from stages.decoder.live.pads import Pad
from stages.decoder.live.watch import PictureWatch
from stages.decoder.shaping import Shaper
from stages.segmentation import Segmentation, SegmentationProperties

ASKED = Caps.parse("video/raw,format=gray8,chroma=small")


def shaper(allowed: Caps) -> Shaper:
    made = Shaper(640)
    made.negotiate({"frames": allowed})
    return made


def behind(method: str) -> Caps:
    return Harness(Bgsub, method=method).stage.sink_caps  # type: ignore[union-attr]


@pytest.mark.parametrize("pix_fmt", PIX_FMTS)
def test_chroma_goes_with_every_picture_that_has_any(pix_fmt: str) -> None:
    layout = Layout(pix_fmt, 1280, 720, full_range=True)
    picture = Picture(layout, tuple(np.full(shape, 100, np.uint8) for shape in layout.plane_shapes()))
    made = shaper(ASKED)
    grey, *chroma = made.planes(picture, made.caps((1280, 720), 10))
    assert grey.shape == (360, 640)
    assert [plane.shape for plane in chroma] == ([] if pix_fmt == "gray" else [(72, 128, 2)])
    assert all((plane == (128 if pix_fmt == "bgr24" else 100)).all() for plane in chroma)


@pytest.mark.parametrize("allowed", ["video/raw,format=gray8", "video/raw,format=bgr24", "video/raw"])
def test_who_does_not_ask_gets_one_plane(allowed: str) -> None:
    layout = Layout("yuv420p", 1280, 720)
    picture = Picture(layout, tuple(np.full(shape, 100, np.uint8) for shape in layout.plane_shapes()))
    made = shaper(Caps.parse(allowed))
    assert len(made.planes(picture, made.caps((1280, 720), 10))) == 1


def test_there_is_none_beside_colour() -> None:
    assert not shaper(Caps.parse("video/raw,format=bgr24,chroma=small")).chroma


@pytest.mark.parametrize(("method", "planes"), [("auto", 2), ("tiles", 1), ("frame_diff", 1), ("knn", 1)])
def test_of_the_methods_the_default_one_alone_gets_it(tmp_path: Path, method: str, planes: int) -> None:
    decoder = Harness(Decoder, uri=str(write_video(tmp_path / "a.mp4", [card(0, 640, 360)] * 3)))
    decoder.stage.negotiate({"frames": behind(method)})  # type: ignore[union-attr]
    assert {len(frame.planes) for frame in frames_of(decoder.run())} == {planes}


def test_it_is_asked_for_through_segmentation_too(tmp_path: Path) -> None:
    decoder = Harness(Decoder, uri=str(write_video(tmp_path / "a.mp4", [card(0, 640, 360)] * 3)))
    between = Segmentation(SegmentationProperties(), decoder.context)
    decoder.stage.negotiate({"frames": between.sink_caps})  # type: ignore[union-attr]
    assert {len(frame.planes) for frame in frames_of(decoder.run())} == {2}


def test_without_a_word_of_it_a_file_is_decoded_as_before(tmp_path: Path) -> None:
    assert {len(frame.planes) for frame in frames(write_video(tmp_path / "a.mp4", [card(0)] * 3))} == {1}


def test_a_live_source_sends_it_too(tmp_path: Path) -> None:
    made, context = shaper(ASKED), Recorder()
    analysis = Analysis(Pad(0, lambda: 0, lambda: 0), made, PictureWatch(10**9), context, lambda: 0, "camera")
    analysis.begin(1.0, 10)
    with av.open(write_video(tmp_path / "a.mp4", [card(0, 640, 360)] * 2)) as container:
        taken = [Taken(frame, Stamp(n, n)) for n, frame in enumerate(container.decode(video=0))]
    sent = [output.item for each in taken for output in analysis.outputs(each) if isinstance(output, To)]
    assert [len(item.planes) for item in sent if isinstance(item, Frame)] == [2, 2]
