"""slides.json as models: its documented schema. How one is made, ``index`` says."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)  # fields may be added within a version


class Source(_Model):
    """What was converted. What is not known is null."""

    uri: str | None = Field(None, description="path or URL, without passwords")
    duration_ns: int | None = Field(None, description="0: not known before the end")
    fps: float | None = Field(None, description="nominal frames per second; 0: unknown")
    frames: int | None = Field(None, description="estimate of the container; 0: unknown")
    width: int | None = Field(None, description="px")
    height: int | None = Field(None, description="px")
    codec: str | None = None


class Capture(_Model):
    """One capture of a visit: what was decided, and why."""

    pts: float = Field(description="stream time of the captured picture in s")
    pts_ns: int = Field(description="the same, exact, in ns")
    decision: Literal["new", "grown", "revisit", "same"]
    why: str = Field(description="dedup's reason in words")
    trigger: dict[str, JsonValue] = Field(description="why this moment was captured, with the thresholds used")
    dedup: dict[str, JsonValue] = Field(description="what it was compared with, and the distance")
    wall_ns: int | None = Field(None, description="the same moment in ns since 1970; null: not known, as in files")


class Visit(_Model):
    """A stretch of time in which the slide was shown."""

    start: float = Field(description="the view had become stable: stream time in s")
    start_ns: int
    end: float | None = Field(description="the view was left: stream time in s; null: the run ended before")
    end_ns: int | None
    captures: list[Capture]


class Presenter(_Model):
    """A slide without who stands before it: every pixel from a moment at which it was seen, the rest hatched."""

    hidden_percent: float = Field(description="of the slide's own picture, under the presenter and a margin")
    revealed_percent: float = Field(description="of the pixels, seen at least once; the rest is hatched")
    file: str = Field(
        description="path relative to slides.json, a PNG; the slide's own file if nothing is hidden in it"
    )
    bytes: int = Field(description="size of the file")
    sha256: str = Field(description="of the file, in hex")
    version: int = Field(description="how many presenter-free pictures the slide has had; 0: none but its own")


class State(_Model):
    """A slide as it was at one time while it was built up."""

    version: int = Field(description="which of the slide's pictures it is, from 1")
    file: str = Field(description="path relative to slides.json")
    bytes: int = Field(description="size of the file")
    sha256: str = Field(description="of the file, in hex")
    pts: float = Field(description="stream time of the picture in s")
    pts_ns: int


class AreaEvidence(_Model):
    """What speaks for a slide area."""

    changes: int = Field(description="of the slide, that were used")
    changed_percent: float = Field(description="of the area's parts, how many a change reaches; the median")
    outside_percent: float = Field(description="of all that changes again and again, what is outside of it")
    border_percent: tuple[float, float, float, float] = Field(
        description="of each side, at how much of it a straight border is seen: top, right, bottom, left"
    )
    corners: int = Field(description="of the four, at how many two borders meet")
    border_off_px: float = Field(description="how far the borders are from straight, root of the mean square")
    elsewhere: int = Field(description="pages that show the room otherwise, of those that were looked at")


class SlideArea(_Model):
    """Where in a room camera's pictures the slides are, or why that is not known."""

    found: bool
    reason: str | None = Field(None, description="why there is none; null if there is one")
    corners: tuple[tuple[float, float], ...] | None = Field(
        None, description="top left, top right, bottom right, bottom left: x, y in px of the full pictures"
    )
    aspect: float | None = Field(None, description="width to height once it is upright")
    aspect_name: str | None = Field(None, description="16:9, 16:10 or 4:3; null: it is none of them")
    confidence: float = Field(description="0 to 1; below 0.5 it is not taken")
    evidence: AreaEvidence | None = Field(None, description="null: nothing was found that could be one")


class AreaPicture(_Model):
    """The slide area of a slide's picture, upright."""

    file: str = Field(description="path relative to slides.json, in the format of the slide's picture")
    bytes: int = Field(description="size of the file")
    sha256: str = Field(description="of the file, in hex")
    width: int = Field(description="px")
    height: int = Field(description="px")


class Slide(_Model):
    """A slide, its one picture and every visit to it."""

    number: int = Field(description="place in the exports, from 1, by first_pts")
    id: int = Field(description="stable id, part of the file name")
    file: str = Field(description="path relative to slides.json")
    bytes: int = Field(description="size of the file")
    sha256: str = Field(description="of the file, in hex")
    width: int = Field(description="px")
    height: int = Field(description="px")
    hash: str = Field(description="dedup's image hash, in hex")
    epoch: int = Field(description="connection to the source, from 0; times are of that connection")
    picture_pts: float = Field(description="stream time of the picture in s")
    picture_pts_ns: int
    first_pts: float = Field(description="start of the first visit in s")
    first_pts_ns: int
    last_pts: float = Field(description="end of the last visit in s, or its last capture if it has no end")
    last_pts_ns: int
    visits: list[Visit]
    wall_ns: int | None = Field(None, description="time of the picture in ns since 1970; null: not known")
    version: int = Field(1, description="how many pictures the slide has had; the newest is here")
    presenter: Presenter | None = Field(None, description="null: nobody looked for a presenter")
    states: list[State] = Field(
        [], description="with builds = all: of a slide that was built up all states, the slide itself the last of them"
    )
    area_picture: AreaPicture | None = Field(
        None, description="null: no slide area, or the picture does not show the room as the others do"
    )


class Gap(_Model):
    """A stretch of time of which something is missing."""

    kind: Literal["source", "analysis", "recording"] = Field(
        description="not seen, not looked at for slides, or not recorded"
    )
    start: float = Field(description="lecture time in s")
    start_ns: int
    end: float | None = Field(description="lecture time in s; null: it lasts, or lasted to the end")
    end_ns: int | None
    reason: str
    filled: bool = Field(description="it was looked at afterwards, in the recording")


class Segment(_Model):
    """A file of the recording."""

    file: str = Field(description="path relative to the lecture's folder")
    start: float = Field(description="lecture time in s")
    start_ns: int
    end: float | None = Field(description="lecture time in s; null: nothing is in it yet")
    end_ns: int | None
    start_wall_ns: int = Field(description="ns since 1970")
    bytes: int
    state: Literal["open", "complete", "salvaged", "deleted"]


class Mark(_Model):
    """A moment that somebody marked."""

    pts: float = Field(description="lecture time in s")
    pts_ns: int
    wall_ns: int = Field(description="ns since 1970")
    text: str


class Transient(_Model):
    """Something that was at rest, but for too short a time to become a page."""

    start: float = Field(description="of the first frame at rest: stream time in s")
    start_ns: int
    end: float = Field(description="of the first frame with motion: stream time in s")
    end_ns: int
    dwell: float = Field(description="from start to end in s")
    percent_before: float | None = Field(description="of foreground, of the frame before it; null: not known")
    percent_after: float | None = Field(description="of the frame that ended it; null: not known")
    reason: Literal["left", "cut", "lost"] = Field(
        description="motion came before it had settled; the stream ended or had a hole before that; "
        "it had settled, but its picture was overwritten before it could be taken"
    )
    slide: int | None = Field(description="number of the slide in one of whose visits it lies")


class LectureFacts(_Model):
    """Of a lecture that was watched live."""

    name: str = Field(description="of its folder")
    title: str
    begun_wall_ns: int = Field(description="ns since 1970")
    ended_wall_ns: int | None = Field(description="ns since 1970; null: it is open")
    state: Literal["open", "closed"]


class Index(_Model):
    """The whole file."""

    format: Literal["slidetap/slides"] = "slidetap/slides"
    version: Literal[1] = 1
    complete: bool = Field(description="the source was read to its end and every export was written")
    ended: Literal["eos", "interrupted", "unfinished"] = Field(description="how the run ended")
    source: Source
    slides: list[Slide]
    slide_area: SlideArea | None = Field(None, description="of a room camera; null: nobody has looked for it yet")
    lecture: LectureFacts | None = Field(None, description="null: it is the result of a conversion")
    transients: list[Transient] = Field([], description="by start: what was at rest and became no page")
    gaps: list[Gap] = Field([], description="by start; of a lecture")
    segments: list[Segment] = Field([], description="by start; of a lecture that was recorded")
    marks: list[Mark] = Field([], description="by time; of a lecture")
    ledger: dict[str, dict[str, JsonValue]] | None = Field(
        None, description="per stage and link: what became of its frames; null until the command has added it"
    )

    def showing(self, pages: str) -> Index:
        """For documents: with ``presenter-free`` each slide's file is that without the presenter, if there is one."""
        if pages != "presenter-free":
            return self
        slides = []
        for slide in self.slides:
            free = slide.presenter
            given = {} if free is None else {"file": free.file, "bytes": free.bytes, "sha256": free.sha256}
            slides.append(slide.model_copy(update=given))
        return self.model_copy(update={"slides": slides})
