"""Finding the presenter: which pixels of a picture are a person in front of the slide. Stands behind the decoder.

``stage`` puts a mask into each frame: ``pacing`` says of which frames the network makes one, ``looking`` what it is
given to see, ``sights`` what becomes of its answers and ``following`` of the frames between; ``beside`` is the thread
that a live stream has for it. ``opening`` finds the network: ``models`` is the table of them, ``store`` keeps their
files, ``session`` runs one, ``preparing`` and ``masks`` are what happens to the pixels before and after, ``presence``,
``pictured`` and ``slide_shape`` decide whether anybody is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stages.segmentation.properties import SegmentationProperties
    from stages.segmentation.stage import Segmentation

__all__ = ["Segmentation", "SegmentationProperties"]


def __getattr__(name: str) -> object:
    """The stage, when it is asked for: the command has the models of this folder without numpy and OpenCV."""
    if name == "Segmentation":
        from stages.segmentation.stage import Segmentation

        return Segmentation
    if name == "SegmentationProperties":
        from stages.segmentation.properties import SegmentationProperties

        return SegmentationProperties
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
