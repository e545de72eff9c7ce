"""A picture in BGR as a capture in YUV would have it: only then are the two compared colour by colour. Pure."""

from __future__ import annotations

from pipeline.frame import Layout, Picture, Plane

_BGR_WEIGHTS = {"bt601": (0.114, 0.587, 0.299), "bt709": (0.0722, 0.7152, 0.2126), "bt2020": (0.0593, 0.678, 0.2627)}


def like_captured(bgr: Plane, like: Layout) -> Picture:
    """The luma of ``bgr``, uint8 (h, w, 3), by the weights of a capture's matrix; ``like`` is that capture's layout."""
    import cv2
    import numpy as np

    height, width = bgr.shape[:2]
    weights = _BGR_WEIGHTS["bt601" if like.pix_fmt == "bgr24" else like.matrix]
    grey = np.asarray(cv2.transform(bgr, np.array([weights])), np.uint8).reshape(height, width)
    return Picture(Layout("gray", width, height, full_range=True), (grey,))
