"""Dedup: is a capture a new slide, an old one shown again, or still the current one? Between trigger and exporter.

It compares perceptual hashes with the whole lecture, not with the last few captures. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from pipeline.caps import Caps
from pipeline.frame import Frame, Meta, Output, Picture
from pipeline.stage import Context, Properties, Stage

if TYPE_CHECKING:
    from imagehash import ImageHash

_HASHED_PX = 640

HashName = Literal["dhash", "ahash", "phash", "whash"]


class DedupProperties(Properties):
    hash: Literal["none"] | HashName = Field(
        "dhash", description="perceptual hash that finds candidates; none makes a page of every capture"
    )
    hash_size: int = Field(12, ge=2, le=64, description="side of the hash; it has hash_size x hash_size bits")
    distance: int = Field(0, ge=0, description="bits that may differ (Hamming); 0 means exactly equal")
    confirm: Literal["none"] | HashName = Field("none", description="second hash that must agree, or none")
    confirm_distance: int = Field(10, ge=0, description="bits that may differ in the second hash")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if "whash" in (self.hash, self.confirm) and self.hash_size & (self.hash_size - 1):
            raise ValueError(f"whash takes a hash_size that is a power of two, not {self.hash_size}")
        return self


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hashes of one picture; ``second`` is None where no second hash is asked for."""

    first: ImageHash
    second: ImageHash | None


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest known slide by the first hash, and whether it counts as the same. Distances in bits."""

    slide: int
    distance: int
    confirm_distance: int | None
    same: bool


class KnownSlides:
    """Every slide of the lecture so far, by the fingerprint of its picture. Pure."""

    def __init__(self, distance: int, confirm_distance: int) -> None:
        self._distance = distance
        self._confirm_distance = confirm_distance
        self._known: list[tuple[int, Fingerprint]] = []

    def add(self, slide: int, fingerprint: Fingerprint) -> None:
        """Remember a slide; also how a restart makes the earlier ones known again."""
        self._known.append((slide, fingerprint))

    def find(self, fingerprint: Fingerprint) -> Match | None:
        """The best match: the nearest slide that counts as the same, else the nearest of all; None if none is known."""
        best: Match | None = None
        for slide, known in self._known:
            match = self._compare(slide, known, fingerprint)
            if best is None or (not match.same, match.distance) < (not best.same, best.distance):
                best = match
        return best

    def _compare(self, slide: int, known: Fingerprint, seen: Fingerprint) -> Match:
        distance = int(known.first - seen.first)
        same = distance <= self._distance
        second: int | None = None
        if same and known.second is not None and seen.second is not None:
            second = int(known.second - seen.second)
            same = second <= self._confirm_distance
        return Match(slide, distance, second, same)


class Dedup(Stage[DedupProperties]):
    """Every capture goes on with ``meta["page"]``; only a new slide keeps its picture."""

    properties_type = DedupProperties
    summary = "tells new slides from those shown before"

    def __init__(self, properties: DedupProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._known = KnownSlides(properties.distance, properties.confirm_distance)
        self._count = 0
        self._current = 0
        self._caps = Caps.of("slide/page")

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("slide/capture")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"pages": Caps.of("slide/page")}

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        self._caps = Caps("slide/page", caps.fields)
        return {"pages": self._caps}

    def process(self, frame: Frame) -> Iterable[Output]:
        picture = self.context.take(frame)
        if picture is None:
            self.drop("no-picture")
            return ()
        fingerprint = self._fingerprint(picture)
        match = self._known.find(fingerprint) if fingerprint else None
        if match is not None and match.same:
            slide, decision = match.slide, "same" if match.slide == self._current else "revisit"
        else:
            self._count += 1
            slide, decision = self._count, "new"
            if fingerprint:
                self._known.add(slide, fingerprint)
        self._current = slide
        page: Meta = {
            "slide": slide,
            "decision": decision,
            "hash": str(fingerprint.first) if fingerprint else "",
            "nearest": match.slide if match else None,
            "distance": match.distance if match else None,
            "confirm_distance": match.confirm_distance if match else None,
            "why": self._why(decision, match),
        }
        image = picture if decision == "new" else None
        return (replace(frame, caps=self._caps, image=image, meta={**frame.meta, "page": page}),)

    def _why(self, decision: str, match: Match | None) -> str:
        p = self.properties
        if p.hash == "none":
            return "every capture is a slide"
        if match is None:
            return "the first slide"
        near = f"{match.distance} of {p.hash_size * p.hash_size} bits from slide {match.slide} by {p.hash}"
        if decision != "new":
            return f"{near}; up to {p.distance} count as the same"
        if match.distance <= p.distance:
            return f"{near}, but {match.confirm_distance} by {p.confirm}; over {p.confirm_distance} count as another"
        return f"{near}; over {p.distance} count as another"

    def _fingerprint(self, picture: Picture) -> Fingerprint | None:
        name, size, confirm = self.properties.hash, self.properties.hash_size, self.properties.confirm
        if name == "none":
            return None
        # imported here: a process that has seen no capture needs neither
        import imagehash
        from PIL import Image

        from stages.picture import small_gray, upright_size

        # The hashes reduce the picture to a few dozen pixels of grey; most of that way is quicker without PIL.
        width, height = upright_size(picture.layout)
        scale = min(1.0, _HASHED_PX / width)
        image = Image.fromarray(small_gray(picture, round(width * scale), max(1, round(height * scale))))
        hashes = {
            "dhash": imagehash.dhash,
            "ahash": imagehash.average_hash,
            "phash": imagehash.phash,
            "whash": imagehash.whash,
        }
        second = None if confirm == "none" else hashes[confirm](image, hash_size=size)
        return Fingerprint(hashes[name](image, hash_size=size), second)
