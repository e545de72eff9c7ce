"""The slide area of a room camera: looked for in a lecture's pages, and each page's part of it written upright.

Beside the full pictures, never instead of them: ``slides/slide-0001-area.png``. What was found lies in a note of the
journal, from which ``index`` takes it. Made with the exports, as often as one likes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from pipeline.frame import Plane
from stages.durable import write_bytes
from stages.exporter.model import AreaEvidence, AreaPicture, Index, Slide, SlideArea
from stages.exporter.pictures import SUFFIXES, Format, encode
from stages.journal import Journal
from stages.lecture import PICTURES

if TYPE_CHECKING:
    from stages.area.found import Area, Evidence, NoArea

AREA = "area"  # the journal's note: {"found": SlideArea, "pictures": {slide's id: {"of": sha256, AreaPicture}}}
_OFF: dict[str, JsonValue] = {"off": True}


def switch(journal: Journal, is_on: bool) -> None:
    """Write down whether the area is to be looked for, for whoever makes the exports."""
    note = journal.notes().get(AREA)
    if not is_on:
        journal.note(AREA, dict(_OFF))
    elif note == _OFF:
        journal.note(AREA, None)


def is_wanted(journal: Journal) -> bool:
    """Whether nobody has switched it off."""
    return journal.notes().get(AREA) != _OFF


def found(note: JsonValue) -> SlideArea | None:
    """What the note AREA says; None if nobody looked, or it is another version's."""
    told = note.get("found") if isinstance(note, dict) else None
    try:
        return None if told is None else SlideArea.model_validate(told)
    except ValidationError:
        return None


def picture_of(note: JsonValue, slide: int, sha256: str) -> AreaPicture | None:
    """The upright picture that was made of a slide's picture with that sum; None if it was made of another one."""
    pictures = note.get("pictures") if isinstance(note, dict) else None
    told = pictures.get(str(slide)) if isinstance(pictures, dict) else None
    if not isinstance(told, dict) or told.get("of") != sha256:
        return None
    try:
        return AreaPicture.model_validate(told)
    except ValidationError:
        return None


def files(journal: Journal) -> dict[str, str]:
    """Every upright picture that the note names, with its sum."""
    note = journal.notes().get(AREA)
    pictures = note.get("pictures") if isinstance(note, dict) else None
    if not isinstance(pictures, dict):
        return {}
    try:
        made = [AreaPicture.model_validate(told) for told in pictures.values()]
    except ValidationError:
        return {}
    return {picture.file: picture.sha256 for picture in made}


def make(folder: Path, journal: Journal, made: Index, quality: int = 95) -> Iterator[None]:
    """Look for the area in the slides of ``made``, write what there is of it, and note it. Raises WriteError.

    Yields between the steps. A picture that cannot be read is left out. Older ones that are not named any more go.
    """
    before = files(journal)
    looked, area = _look(folder, made.slides)
    yield
    pictures: dict[str, JsonValue] = {}
    for slide in made.slides:
        picture = None if area is None else _write(folder, slide, area, quality, before)
        if picture is not None:
            pictures[str(slide.id)] = {"of": slide.sha256, **picture.model_dump()}
            yield
    journal.note(AREA, {"found": looked.model_dump(), "pictures": pictures})
    for file in before.keys() - files(journal).keys():
        (folder / file).unlink(missing_ok=True)


def _look(folder: Path, slides: list[Slide]) -> tuple[SlideArea, Area | None]:
    sizes = [(slide.width, slide.height) for slide in slides]
    size = max(sizes, key=sizes.count, default=(0, 0))
    of_size = [slide for slide in slides if (slide.width, slide.height) == size]
    from stages.area.changes import grey, small
    from stages.area.found import Area
    from stages.area.search import look

    def page(n: int) -> Plane | None:
        bgr = _read(folder / of_size[n].file)
        return None if bgr is None else small(bgr)

    def picture(n: int) -> Plane | None:
        bgr = _read(folder / of_size[n].file)
        return None if bgr is None else grey(bgr)

    result = look(len(of_size), page, picture, size)
    return _told(result), result if isinstance(result, Area) else None


def _told(result: Area | NoArea) -> SlideArea:
    from stages.area.found import Area

    area = result if isinstance(result, Area) else None
    return SlideArea(
        found=area is not None,
        reason=None if isinstance(result, Area) else result.reason,
        corners=None if area is None else tuple((round(float(x), 2), round(float(y), 2)) for x, y in area.corners),
        aspect=None if area is None else round(area.aspect, 4),
        aspect_name=(area.aspect_name or None) if area is not None else None,
        confidence=round(result.confidence, 3),
        evidence=None if result.evidence is None else _evidence(result.evidence),
    )


def _evidence(e: Evidence) -> AreaEvidence:
    top, right, bottom, left = (round(100 * share, 1) for share in e.borders)
    return AreaEvidence(
        changes=e.changes,
        changed_percent=round(100 * e.changed, 1),
        outside_percent=round(100 * e.outside, 1),
        border_percent=(top, right, bottom, left),
        corners=e.corners,
        border_off_px=round(e.off_px, 2),
        elsewhere=e.elsewhere,
    )


def _write(folder: Path, slide: Slide, area: Area, quality: int, before: Mapping[str, str]) -> AreaPicture | None:
    """None for a page that shows the room otherwise, is of another size, or is not there."""
    from stages.area.changes import small
    from stages.area.rectified import rectify

    bgr = _read(folder / slide.file)
    if bgr is None:
        return None
    if not area.place.is_shown(small(bgr)):
        return None
    upright = rectify(bgr, area.corners, area.aspect)
    form = next(form for form, suffix in SUFFIXES.items() if slide.file.endswith(suffix))
    data = encode(upright, form, quality)
    digest = hashlib.sha256(data).hexdigest()
    file = _file_name(folder, slide.id, form, digest, before)
    if before.get(file) != digest or not (folder / file).is_file():
        write_bytes(folder / file, data)
    height, width = upright.shape[:2]
    return AreaPicture(file=file, bytes=len(data), sha256=digest, width=width, height=height)


def _file_name(folder: Path, slide: int, form: Format, digest: str, before: Mapping[str, str]) -> str:
    """That of the same picture if it is there; else one that no note names, so that what it names is never another."""
    version = 1
    while True:
        file = f"{PICTURES}/slide-{slide:04}-area{'' if version == 1 else f'-{version}'}{SUFFIXES[form]}"
        if before.get(file, digest) == digest:
            return file
        version += 1


def _read(path: Path) -> Plane | None:
    """BGR; None if it is not there or no picture."""
    import cv2
    import numpy as np

    try:
        data = path.read_bytes()
    except OSError:
        return None
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else bgr.astype(np.uint8, copy=False)
