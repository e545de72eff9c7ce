"""OpenCV's background models and the plain frame difference behind one call: plane in, mask out, or not known yet."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.bgsub.properties import BgsubProperties

_SHADOW = 127  # what knn and mog2 write where they see a shadow


class Model(Protocol):
    """One method. State is inside; one instance follows one stream."""

    def apply(self, plane: Plane, pts_ns: int) -> Plane | None:
        """The mask, uint8 of 0 and 255, (h, w) or coarser; None while the method does not know yet."""

    def reconnect(self) -> None:
        """The stream was broken: forget what cannot be compared with what comes next."""


class FrameDiff:
    """Grey absolute difference to the frame before, thresholded, dilated with an ellipse. Takes gray8."""

    def __init__(self, properties: BgsubProperties) -> None:
        self._threshold = properties.value("threshold")
        side = int(properties.value("dilation"))
        self._ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        self._before: Plane | None = None

    def apply(self, plane: Plane, pts_ns: int) -> Plane | None:
        before, self._before = self._before, plane
        if before is None:
            return None
        _, differs = cv2.threshold(cv2.absdiff(plane, before), self._threshold, 255, cv2.THRESH_BINARY)
        return np.asarray(cv2.dilate(differs, self._ellipse), np.uint8)

    def reconnect(self) -> None:
        """There is no frame before the next one."""
        self._before = None


class Subtractor:
    """One of OpenCV's subtractors. Takes bgr24."""

    def __init__(self, properties: BgsubProperties) -> None:
        # knn, gsoc and lsbp draw numbers, in each thread its own; the same video must give the same slides.
        cv2.setNumThreads(1)
        cv2.setRNGSeed(0)
        self._model = _create(properties)
        # GMG gives empty masks while it learns. That means "not known", not "nothing moves".
        self._learning = int(properties.value("initializationFrames")) if properties.method == "gmg" else 0

    def apply(self, plane: Plane, pts_ns: int) -> Plane | None:
        mask = np.asarray(self._model.apply(plane), np.uint8)
        if self._learning > 0:
            self._learning -= 1
            return None
        return np.where(mask > _SHADOW, np.uint8(255), np.uint8(0)) if (mask == _SHADOW).any() else mask

    def reconnect(self) -> None:
        """The background stays: it is the same camera, and what has changed meanwhile is foreground, as ever."""


def _create(p: BgsubProperties) -> cv2.BackgroundSubtractor:
    number = p.value
    match p.method:
        case "knn":
            return cv2.createBackgroundSubtractorKNN(
                int(number("history")), number("dist2Threshold"), bool(number("detectShadows"))
            )
        case "mog2":
            return cv2.createBackgroundSubtractorMOG2(
                int(number("history")), number("varThreshold"), bool(number("detectShadows"))
            )
        case "gmg":
            return cv2.bgsegm.createBackgroundSubtractorGMG(
                int(number("initializationFrames")), number("decisionThreshold")
            )
        case "mog":
            return cv2.bgsegm.createBackgroundSubtractorMOG(
                int(number("history")), int(number("nmixtures")), number("backgroundRatio"), number("noiseSigma")
            )
        case "cnt":
            return cv2.bgsegm.createBackgroundSubtractorCNT(
                int(number("minPixelStability")), bool(number("useHistory")), int(number("maxPixelStability")), False
            )
        case "gsoc":
            return cv2.bgsegm.createBackgroundSubtractorGSOC(
                nSamples=int(number("nSamples")),
                replaceRate=number("replaceRate"),
                propagationRate=number("propagationRate"),
                hitsThreshold=int(number("hitsThreshold")),
            )
        case _:
            return cv2.bgsegm.createBackgroundSubtractorLSBP(
                nSamples=int(number("nSamples")),
                LSBPRadius=int(number("LSBPRadius")),
                minCount=int(number("minCount")),
            )
