"""Slides grouped anew by other dedup settings, from their pictures alone: what was told apart may become one slide.

Where a presenter was looked for, what was seen of the slides behind them is compared. What dedup had merged has no
picture of its own any more, so stricter settings part nothing. The journal stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.caps import Caps
from pipeline.errors import ConfigError, OutputError
from pipeline.frame import Frame, Layout, Meta, Picture
from pipeline.stage import validated
from stages.dedup import Dedup, DedupProperties
from stages.exporter.model import Index, Slide
from stages.exporter.transients import placed
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal
from stages.presenter import Presenter, carrying
from stages.presets import PRESETS
from stages.unheard import Unheard

SETTINGS = ("hash", "hash_size", "distance", "confirm", "confirm_distance")


def regroup(folder: Path, index: Index, settings: Mapping[str, object]) -> Index:
    """``index`` with the visits of equal slides under the first of them, numbered anew.

    ``settings`` are those of ``SETTINGS``; what is not given is as in the default preset. Raises ConfigError for what
    dedup does not take, OutputError if a picture is missing.
    """
    properties = _properties(settings)
    if properties.hash == "none":
        return index
    dedup = Dedup(properties, Unheard())
    grouped: dict[int, Slide] = {}
    unseen = _unseen(folder, index)
    for seq, slide in enumerate(index.slides):
        picture = _picture(folder / (slide.file if slide.presenter is None else slide.presenter.file))
        meta: Meta = {"capture": {"start_pts_ns": slide.first_pts_ns}}
        frame = Frame(seq, slide.picture_pts_ns, Caps.of("slide/capture"), image=picture, meta=meta)
        if slide.presenter is not None:
            frame = carrying(frame, (), unseen.get(slide.id))
        known = next(group for item in dedup.process(frame) if (group := _group(item)) is not None)
        grouped[known] = _joined(grouped[known], slide) if known in grouped else slide
    slides = sorted(grouped.values(), key=lambda slide: (slide.first_pts_ns, slide.id))
    numbered = [slide.model_copy(update={"number": number}) for number, slide in enumerate(slides, 1)]
    return index.model_copy(update={"slides": numbered, "transients": placed(index.transients, numbered)})


def _properties(settings: Mapping[str, object]) -> DedupProperties:
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise ConfigError(f"slides cannot be grouped by '{unknown[0]}'; there is: {', '.join(SETTINGS)}")
    usual = {key: value for key, value in PRESETS["default"]["dedup"].items() if key in SETTINGS}
    if settings.get("hash") == "none":
        usual = {}
    properties = validated(DedupProperties, {**usual, **settings})
    assert isinstance(properties, DedupProperties)
    return properties


def _group(item: object) -> int | None:
    page = item.meta.get("page") if isinstance(item, Frame) else None
    slide = page.get("slide") if isinstance(page, Mapping) else None
    return slide if isinstance(slide, int) else None


def _joined(first: Slide, again: Slide) -> Slide:
    visits = sorted([*first.visits, *again.visits], key=lambda visit: visit.start_ns)
    last = max(first, again, key=lambda slide: slide.last_pts_ns)
    return first.model_copy(update={"visits": visits, "last_pts": last.last_pts, "last_pts_ns": last.last_pts_ns})


def _unseen(folder: Path, index: Index) -> dict[int, Presenter]:
    """Slides of which something was never seen, with a mask of that."""
    import cv2
    import numpy as np

    found = {}
    with Journal(folder / JOURNAL_NAME) as journal:
        for slide in index.slides:
            seen = journal.presenter_free_seen(slide.id)
            mask = None if seen is None else cv2.imdecode(np.frombuffer(seen, np.uint8), cv2.IMREAD_GRAYSCALE)
            if mask is not None:
                found[slide.id] = Presenter(np.asarray(cv2.bitwise_not(mask), np.uint8))
    return found


def _picture(path: Path) -> Picture:
    import cv2
    import numpy as np

    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise OutputError(f"'{path}' is in the journal, but is no picture that can be read")
    return Picture(Layout("bgr24", bgr.shape[1], bgr.shape[0]), (bgr.astype(np.uint8, copy=False),))
