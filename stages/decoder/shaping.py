"""The analysis planes of a picture and the caps that describe them; the same for files and live sources."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.caps import Caps
from pipeline.frame import Picture, Plane
from stages.chroma import chroma_size, is_asked_for
from stages.picture import small_bgr, small_chroma, small_gray


class Shaper:
    """``width``: of the plane in px; pictures that are narrower are not enlarged."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.format = "gray8"
        self.chroma = False

    def negotiate(self, allowed: Mapping[str, Caps]) -> None:
        """Take gray8 where the far end allows it: bgr24 costs three times as much to carry. Chroma where it is wanted,
        beside grey alone.
        """
        formats = allowed["frames"].fields.get("format") if "frames" in allowed else None
        if isinstance(formats, frozenset):
            self.format = "gray8" if "gray8" in formats else "bgr24"
        self.chroma = self.format == "gray8" and is_asked_for(allowed, "frames")

    def caps(self, size: tuple[int, int], rate: float) -> Caps:
        """For upright pictures of ``size`` px (width, height)."""
        width = min(self.width, size[0])
        height = max(1, round(size[1] * width / size[0]))
        return Caps.of(
            "video/raw",
            format=self.format,
            width=width,
            height=height,
            picture_width=size[0],
            picture_height=size[1],
            rate=rate,
        )

    def plane(self, picture: Picture, caps: Caps) -> Plane:
        """Of the size and format that ``caps`` state."""
        width, height = int(caps.value("width")), int(caps.value("height"))
        return (small_gray if self.format == "gray8" else small_bgr)(picture, width, height)

    def planes(self, picture: Picture, caps: Caps) -> tuple[Plane, ...]:
        """The plane, and the chroma behind it if that was asked for and the picture has any."""
        plane = self.plane(picture, caps)
        if not self.chroma:
            return (plane,)
        chroma = small_chroma(picture, *chroma_size(plane.shape[1], plane.shape[0]))
        return (plane,) if chroma is None else (plane, chroma)
