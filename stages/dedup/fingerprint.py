"""From a picture to what it is known by: perceptual hashes (imagehash) and, where asked for, its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.frame import Layout, Picture
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


def fingerprint(picture: Picture, properties: DedupProperties) -> Fingerprint | None:
    """None if ``hash`` is none."""
    name, confirm, size = properties.hash, properties.confirm, properties.hash_size
    if name == "none":
        return None
    # imported here: a process that has seen no capture needs none of them
    import imagehash
    from PIL import Image

    from stages.dedup.content import Content
    from stages.picture import small_gray

    # The hashes reduce the picture to a few dozen pixels of grey; most of that way is quicker without PIL.
    width, height = _shown_size(picture.layout)
    scale = min(1.0, _WIDTH_PX / width)
    plane = small_gray(picture, round(width * scale), max(1, round(height * scale)))
    image = Image.fromarray(plane)
    hashes = {
        "dhash": imagehash.dhash,
        "ahash": imagehash.average_hash,
        "phash": imagehash.phash,
        "whash": imagehash.whash,
    }
    second = hashes[confirm](image, hash_size=size) if confirm in hashes else None
    content = Content(plane) if confirm == "content" or properties.builds != "all" else None
    return Fingerprint(hashes[name](image, hash_size=size), second, content)


def _shown_size(layout: Layout) -> tuple[float, float]:
    """Width and height with square pixels, as a picture file has them: the two are compared after a restart."""
    from stages.picture import upright_size

    width, height = upright_size(layout)
    sar = 1 / layout.sar if layout.rotation in (90, 270) else layout.sar
    return (width * sar, height) if sar > 1 else (width, height / sar)
