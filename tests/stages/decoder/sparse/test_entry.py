"""When mode sparse is not for this pipeline or this source, it says so and decodes every frame."""

from __future__ import annotations

from pathlib import Path

from media import write_video
from slideshow import show

from pipeline.caps import Caps
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.decoder import Decoder
from stages.segmentation import Segmentation
from stages.segmentation.properties import SegmentationProperties


def behind(method: str) -> Caps:
    """What this method asks of the decoder."""
    return Harness(Bgsub, method=method).stage.sink_caps  # type: ignore[union-attr]


def test_a_method_that_learns_from_frame_to_frame_gets_all_of_them(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 20)], 10), options={"g": "20"})
    decoder = Harness(Decoder, uri=str(path), mode="sparse")
    decoder.stage.negotiate({"frames": behind("knn")})  # type: ignore[union-attr]
    assert len(frames_of(list(decoder.run()))) == 200
    assert "the method behind it learns from frame to frame" in decoder.context.warnings[0]


def test_a_method_that_learns_gets_all_frames_also_through_segmentation(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 20)], 10), options={"g": "20"})
    decoder = Harness(Decoder, uri=str(path), mode="sparse")
    between = Segmentation(SegmentationProperties.model_validate({"format": "bgr24"}), decoder.context)
    decoder.stage.negotiate({"frames": between.sink_caps})  # type: ignore[union-attr]
    assert len(frames_of(list(decoder.run()))) == 200


def test_the_default_method_does_not_ask_for_all(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 20)], 10), options={"g": "20"})
    decoder = Harness(Decoder, uri=str(path), mode="sparse")
    decoder.stage.negotiate({"frames": behind("tiles")})  # type: ignore[union-attr]
    assert len(frames_of(list(decoder.run()))) < 200
    assert decoder.context.warnings == []


def test_mode_auto_is_sparse_decoding_where_packets_tell_and_says_nothing_where_they_do_not(tmp_path: Path) -> None:
    film = show([(1, 20)], 10)
    telling = write_video(tmp_path / "a.mp4", film, options={"g": "20"})
    silent = write_video(tmp_path / "b.mp4", film, options={"g": "1"})
    counts = []
    for path in (telling, silent):
        decoder = Harness(Decoder, uri=str(path), mode="auto")
        counts.append(len(frames_of(list(decoder.run()))))
        assert decoder.context.warnings == []
        assert decoder.ledger.missing == 0
    assert counts[0] < 100
    assert counts[1] == 200


def test_by_default_a_file_is_decoded_sparsely_unless_every_frame_is_to_be_analysed(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 20)], 10), options={"g": "20"})
    assert len(frames_of(list(Harness(Decoder, uri=str(path)).run()))) < 100
    assert len(frames_of(list(Harness(Decoder, uri=str(path), rate=0).run()))) == 200
    assert len(frames_of(list(Harness(Decoder, uri=str(path), rate=0, mode="sparse").run()))) < 100
