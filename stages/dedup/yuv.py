"""A picture in BGR as a capture in YUV would have it: only then are the two compared colour by colour. Pure."""

from __future__ import annotations

from pipeline.frame import Layout, Picture, Plane

_BGR_WEIGHTS = {"bt601": (0.114, 0.587, 0.299), "bt709": (0.0722, 0.7152, 0.2126), "bt2020": (0.0593, 0.678, 0.2627)}


def like_captured(bgr: Plane, like: Layout) -> Picture:
    """Luma and chroma of ``bgr``, uint8 (h, w, 3), by the weights of a capture's matrix; ``like`` is that capture's
    layout. A capture that is grey has no chroma.
    """
    import cv2
    import numpy as np

    height, width = bgr.shape[:2]
    matrix = "bt601" if like.pix_fmt == "bgr24" else like.matrix
    weights = _BGR_WEIGHTS[matrix]
    if like.pix_fmt == "gray":
        grey = np.asarray(cv2.transform(bgr, np.array([weights])), np.uint8).reshape(height, width)
        return Picture(Layout("gray", width, height, full_range=True), (grey,))
    luma = np.array(weights)
    blue = (np.array([1.0, 0.0, 0.0]) - luma) / (2 * (1 - luma[0]))
    red = (np.array([0.0, 0.0, 1.0]) - luma) / (2 * (1 - luma[2]))
    rows = np.column_stack([np.stack([luma, blue, red]), [0.0, 128.0, 128.0]])
    planes = tuple(np.asarray(plane, np.uint8) for plane in cv2.split(cv2.transform(bgr, rows)))
    return Picture(Layout("yuv444p", width, height, matrix, full_range=True), planes)
