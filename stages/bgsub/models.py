"""OpenCV's background models and the plain frame difference behind one call: plane in, mask out, or not known yet."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.bgsub.behind import Behind
from stages.bgsub.hidden import either, without
from stages.bgsub.properties import BgsubProperties

_SHADOW = 127  # what knn and mog2 write where they see a shadow


class Model(Protocol):
    """One method. State is inside; one instance follows one stream.

    ``blind``: as large as the mask last given, 255 where it says nothing, because the presenter stands there or did in
    the frame it was compared with; the mask is 0 there. None: it counts everywhere.
    """

    blind: Plane | None

    def apply(self, plane: Plane, pts_ns: int, hidden: Plane | None = None) -> Plane | None:
        """The mask, uint8 of 0 and 255, (h, w) or coarser; None while the method does not know yet.

        ``hidden``: uint8 (h, w), 255 where the presenter hides what is behind; None: nobody does.
        """

    def reconnect(self) -> None:
        """The stream was broken: forget what cannot be compared with what comes next."""


class FrameDiff:
    """Grey absolute difference to the frame before, thresholded, dilated with an ellipse. Takes gray8."""

    def __init__(self, properties: BgsubProperties) -> None:
        self._threshold = properties.value("threshold")
        side = int(properties.value("dilation"))
        self._ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        self._before: Plane | None = None
        self._hidden_before: Plane | None = None
        self.blind: Plane | None = None

    def apply(self, plane: Plane, pts_ns: int, hidden: Plane | None = None) -> Plane | None:
        before, self._before = self._before, plane
        self.blind, self._hidden_before = either(hidden, self._hidden_before), hidden
        if before is None:
            return None
        difference = without(np.asarray(cv2.absdiff(plane, before), np.uint8), self.blind)
        _, differs = cv2.threshold(difference, self._threshold, 255, cv2.THRESH_BINARY)
        return without(np.asarray(cv2.dilate(differs, self._ellipse), np.uint8), self.blind)

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
        self._behind = Behind()
        self.blind: Plane | None = None

    def apply(self, plane: Plane, pts_ns: int, hidden: Plane | None = None) -> Plane | None:
        mask = np.asarray(self._model.apply(self._behind.filled(plane, hidden)), np.uint8)
        if (mask == _SHADOW).any():
            mask = np.where(mask > _SHADOW, np.uint8(255), np.uint8(0))
        self.blind = self._behind.blind(mask, hidden)
        if self._learning > 0:
            self._learning -= 1
            return None
        return without(mask, self.blind)

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
