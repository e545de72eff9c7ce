"""Pages and reveals as dedup would send them, for tests of the exporter; and a writer that runs until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Layout, Meta, Picture, Plane
from pipeline.testing import Harness
from stages.presenter import Presenter, carrying

CAPS = Caps.of("slide/page", format="gray8", width=64, height=36, picture_width=64, picture_height=36)


def pixels(seed: int, width: int = 64, height: int = 36) -> Plane:
    """BGR noise of its own for each seed, (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def read(path: Path) -> Plane:
    """The BGR pixels of a picture file."""
    plane = cv2.imread(str(path))
    assert plane is not None, f"{path} is no picture"
    return plane.astype(np.uint8, copy=False)


def picture(plane: Plane) -> Picture:
    """A BGR picture of these pixels."""
    height, width = plane.shape[:2]
    return Picture(Layout("bgr24", width, height), (plane,))


def hiding(left: float, right: float, size: tuple[int, int] = (64, 36)) -> Plane:
    """A mask: all columns from ``left`` to ``right`` are hidden, as shares of the width; uint8 (height, width)."""
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    mask[:, round(left * width) : round(right * width)] = 255
    return mask


def before(frame: Frame, hidden: Plane | None) -> Frame:
    """``frame`` with the mask of who stands before it; None: somebody looked, and nobody is there."""
    return carrying(frame, frame.planes, None if hidden is None else Presenter(hidden))


def page(
    slide: int,
    at_s: float,
    decision: str = "new",
    *,
    start_s: float | None = None,
    size: tuple[int, int] = (64, 36),
    epoch: int = 0,
    seed: int | None = None,
    wall_ns: int = 0,
    recalled: int = 0,
    fill: bool = False,
) -> Frame:
    """A page captured at ``at_s``; a new or grown one has the picture ``pixels(seed)``, without a seed of ``slide``;
    one of another decision as well, if it is there to ``fill``.
    """
    pts_ns = round(at_s * SECOND_NS)
    start_ns = pts_ns if start_s is None else round(start_s * SECOND_NS)
    meta: Meta = {
        "capture": {"start_pts_ns": start_ns, "reason": "settled", "percent": 0.004, "settle_percent": 0.01},
        "page": {
            "slide": slide,
            "decision": decision,
            "hash": f"{slide:036x}",
            "nearest": None if decision == "new" else slide,
            "distance": None if decision == "new" else 0,
            "why": f"{decision} by dhash",
            "recalled": recalled,
            **({"fill": True} if fill else {}),
        },
    }
    image = picture(pixels(seed or slide, *size)) if fill or decision in ("new", "grown") else None
    return Frame(slide, pts_ns, CAPS, image=image, meta=meta, epoch=epoch, wall_ns=wall_ns)


def reveal(
    slide: int,
    at_s: float,
    hidden: Plane | None,
    *,
    fill: bool = False,
    seed: int | None = None,
    size: tuple[int, int] = (64, 36),
    epoch: int = 0,
    recalled: int = 0,
) -> Frame:
    """Another moment of a slide, at ``at_s``; its picture is ``pixels(seed)``, without a seed of ``slide``."""
    said = {"slide": slide, "decision": "reveal", "fill": fill, "why": "more of it is seen", "recalled": recalled}
    meta: Meta = {"page": said, "reveal": {"share": 0.1}}
    image = picture(pixels(seed or slide, *size))
    return before(Frame(slide, round(at_s * SECOND_NS), CAPS, image=image, meta=meta, epoch=epoch), hidden)


def visit_end(at_s: float) -> Event:
    """The view was left."""
    return Event(EventKind.VISIT_END, round(at_s * SECOND_NS))


def write_until_killed(location: str) -> None:
    """Export page after page, saying each on stdout once it is written."""
    from stages.exporter import Exporter

    harness = Harness(Exporter, location=location)
    slide, size = 0, (320, 180)
    while True:
        slide += 1
        harness.push(before(page(slide, 2 * slide, size=size), hiding(0.2, 0.6, size)))
        print(slide, flush=True)
        harness.push(reveal(slide, 2 * slide + 0.5, hiding(0.5, 0.9, size), size=size))
        if slide % 3 == 0:
            harness.event(visit_end(2 * slide + 1))


if __name__ == "__main__":
    write_until_killed(sys.argv[1])
