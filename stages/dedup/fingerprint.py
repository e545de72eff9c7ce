"""From a picture to what it is known by: perceptual hashes (imagehash) and, where asked for, its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.frame import Layout, Picture, Plane
from stages.dedup.properties import DedupProperties

if TYPE_CHECKING:
    from imagehash import ImageHash

    from stages.dedup.content import Content

_WIDTH_PX = 640


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What one picture is known by; ``second`` and ``content`` are None where they are not asked for, or not had."""

    first: ImageHash
    second: ImageHash | None
    content: Content | None

    @property
    def veiled(self) -> bool:
        """Whether anything is hidden in the picture."""
        return self.content is not None and self.content.veiled


def fingerprint(
    picture: Picture, properties: DedupProperties, hidden: Plane | None = None, *, looked_for: bool = False
) -> Fingerprint | None:
    """None if ``hash`` is none. ``hidden``: the mask of who stands before it, uint8 of any size, or None.

    Where a presenter was ``looked_for`` it has a content, however it is confirmed: what is hidden in another picture
    may have to be taken from this one.
    """
    if properties.hash == "none":
        return None
    # imported here: a process that has seen no capture needs none of them
    from stages.picture import shown_size, small_gray

    # The hashes reduce the picture to a few dozen pixels of grey; most of that way is quicker without PIL. With square
    # pixels, as a picture file and what is revealed have them: they are compared with captures.
    width, height = shown_size(picture.layout)
    scale = min(1.0, _WIDTH_PX / width)
    width, height = round(width * scale), max(1, round(height * scale))
    plane = small_gray(picture, width, height)
    if hidden is None and not looked_for and properties.confirm != "content" and not properties.grows:
        return Fingerprint(*hashes(plane, properties), None)
    from stages.dedup.content import Content
    from stages.presenter import hidden_at

    hidden = None if hidden is None else hidden_at(hidden, width, height)
    content = Content(plane, hidden, _chroma(picture, width, height))
    return known_by(content, properties) if content.veiled else Fingerprint(*hashes(plane, properties), content)


def _chroma(picture: Picture, width: int, height: int) -> Plane | None:
    """Of the picture as it is shown and kept: there saturated colours beside others are clipped by up to 30 levels, and
    pictures that were read from their files are compared with those of captures.
    """
    if picture.layout.pix_fmt == "gray":
        return None
    from stages.chroma import chroma_size
    from stages.picture import small_chroma, to_bgr

    bgr = to_bgr(picture)
    shown = Picture(Layout("bgr24", bgr.shape[1], bgr.shape[0]), (bgr,))
    return small_chroma(shown, *chroma_size(width, height))


def known_by(content: Content, properties: DedupProperties) -> Fingerprint:
    """Of a content, with its surroundings in place of what is hidden in it."""
    return Fingerprint(*hashes(content.looked_at().plane, properties), content)


def hashes(plane: Plane, properties: DedupProperties) -> tuple[ImageHash, ImageHash | None]:
    """The first hash of a grey plane and the second, if there is to be one."""
    import imagehash
    from PIL import Image

    image, size = Image.fromarray(plane), properties.hash_size
    made = {
        "dhash": imagehash.dhash,
        "ahash": imagehash.average_hash,
        "phash": imagehash.phash,
        "whash": imagehash.whash,
    }
    second = made[properties.confirm](image, hash_size=size) if properties.confirm in made else None
    return made[properties.hash](image, hash_size=size), second
