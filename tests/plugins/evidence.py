"""What a lecture's folder proves, held against what the test server showed: slides that are missing, holes in the
recording, and whether everything listed is there and valid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from rtsp.truth import Span, Truth

from pipeline.frame import SECOND_NS
from stages.journal import FILE_NAME, Journal, SegmentRow
from stages.testsource.rendering import Renderer

_ALIKE = 8.0  # mean difference in grey levels; compression leaves 1 to 3, another slide 20 and more
_SMALL = (160, 90)

Grey = NDArray[np.float32]


def zero_ns(lecture: Path) -> int:
    """The instant of CLOCK_MONOTONIC that is lecture time 0, as the newest session has it."""
    with Journal(lecture / FILE_NAME) as journal:
        return journal.sessions()[-1].zero_ns


def missing(lecture: Path, truth: Truth, begin_ns: int, end_ns: int, outages: Iterable[Span] = ()) -> set[int]:
    """Slides that were at rest on screen for 3 s outside ``outages`` and of which the lecture has no picture."""
    with Journal(lecture / FILE_NAME) as journal:
        pictures = [_small(cv2.imread(str(lecture / slide.file))) for slide in journal.slides()]
    due = truth.due(begin_ns, end_ns, outages)
    return {slide for slide in due if not any(_alike(_shown(truth, slide), picture) for picture in pictures)}


def broken(lecture: Path) -> list[str]:
    """What is listed but not there, or not what is listed; and pictures that nobody lists."""
    with Journal(lecture / FILE_NAME) as journal:
        slides = journal.slides()
    wrong = []
    for slide in slides:
        file = lecture / slide.file
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != slide.sha256:
            wrong.append(slide.file)
    listed = {Path(slide.file).name for slide in slides}
    there = {path.name for path in (lecture / "slides").iterdir()} if (lecture / "slides").is_dir() else set()
    return wrong + sorted(there - listed)


@dataclass(frozen=True, slots=True)
class Hole:
    """A time without a picture in the recording, in s of lecture time."""

    begin_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.begin_s


def holes(lecture: Path, longest_s: float) -> list[Hole]:
    """Times of more than ``longest_s`` between two pictures of the recording, over all of its segments."""
    times: list[float] = []
    for segment in segments(lecture):
        with av.open(str(lecture / segment.file)) as container:
            stream = container.streams.video[0]
            tick_s = float(stream.time_base or 0)  # a stream is nothing any more once its container is closed
            ticks = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
        first = ticks[0] if ticks else 0
        times += [segment.start_pts_ns / SECOND_NS + (tick - first) * tick_s for tick in ticks]
    times.sort()
    return [Hole(a, b) for a, b in zip(times, times[1:], strict=False) if b - a > longest_s]


def segments(lecture: Path) -> list[SegmentRow]:
    """The recording's finished files, in order of time."""
    with Journal(lecture / FILE_NAME) as journal:
        found = [segment for segment in journal.segments() if segment.state in ("complete", "salvaged")]
    return sorted(found, key=lambda segment: segment.start_pts_ns)


def decoded(lecture: Path) -> int:
    """Pictures that can be decoded from all segments together; a file that does not play raises av.error."""
    count = 0
    for segment in segments(lecture):
        with av.open(str(lecture / segment.file)) as container:
            count += sum(1 for _ in container.decode(video=0))
    return count


def _shown(truth: Truth, slide: int) -> Grey:
    lecture = truth.clip.lecture
    assert lecture is not None, "the clip shows no lecture"
    shot = next(shot for shot in lecture.shots if shot.slide == slide)
    middle_ns = (shot.full_ns + shot.end_ns) // 2
    return _small(Renderer(lecture).frame(int(middle_ns * truth.clip.fps / SECOND_NS)))


def _small(bgr: cv2.typing.MatLike | None) -> Grey:
    assert bgr is not None, "a picture that cannot be read"
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, _SMALL, interpolation=cv2.INTER_AREA), np.float32)


def _alike(one: Grey, other: Grey) -> bool:
    return float(np.abs(one - other).mean()) < _ALIKE
