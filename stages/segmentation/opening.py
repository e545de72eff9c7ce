"""From the stage's properties to something that makes masks: a model of the store, a file, or a service elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.errors import PipelineError
from stages.segmentation.models import MODELS, ModelSpec
from stages.segmentation.properties import SegmentationProperties
from stages.segmentation.segmenter import Masks, Segmenter
from stages.segmentation.session import Session, WarmUp
from stages.segmentation.store import Store, default_folder

_MIBIBYTE = 2**20

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """``masks`` and what is to be known of them. ``size``: height and width that the network makes of a picture."""

    masks: Masks
    size: tuple[int, int]
    full_picture: bool
    warm_up: WarmUp


def opened(properties: SegmentationProperties, tell: Tell, environment: Mapping[str, str] = os.environ) -> Opened:
    """Load it and make its first masks. Raises PipelineError.

    ``tell``: is told, in the thread that makes masks, what else the session does than it was asked for.
    """
    if properties.remote:
        return _far(properties, tell)
    spec, path = chosen(properties, environment)
    session = Session(
        path,
        size=spec.size,
        output=spec.output,
        device=properties.device,
        threads=properties.threads,
        memory_limit=properties.memory_limit * _MIBIBYTE,
        tell=tell,
    )
    return Opened(Segmenter(session, spec), session.size, spec.full_picture, session.warm_up)


def chosen(properties: SegmentationProperties, environment: Mapping[str, str]) -> tuple[ModelSpec, Path]:
    """The network and its file. Raises ConfigError for an unknown name, or one whose file is missing or damaged."""
    if not properties.is_file:
        return Store(default_folder(environment)).model(properties.model)
    like, path = MODELS[properties.like], Path(properties.model)
    spec = replace(
        like,
        name=path.stem,
        size=_size(properties.size) if properties.size else like.size,
        mean=_triple(properties.mean) if properties.mean else like.mean,
        std=_triple(properties.std) if properties.std else like.std,
        output=like.output if properties.output is None else properties.output,
        threshold=like.threshold if properties.threshold is None else properties.threshold,
        full_picture=like.full_picture if properties.full_picture is None else properties.full_picture,
    )
    return spec, path


def _far(properties: SegmentationProperties, tell: Tell) -> Opened:
    """A live stream begins also while the service is away."""
    from stages.segmentation.remote import FarError, RemoteSegmenter  # who has a network here needs no sockets

    asked = properties.model if "model" in properties.model_fields_set else ""
    masks = RemoteSegmenter(properties.remote, Path(properties.keys) if properties.keys else None, model=asked)
    try:
        offer = masks.connect()
        picture = np.zeros((*offer.size, 3), np.uint8)
        times = []
        for _ in range(2):
            begun = time.monotonic_ns()
            masks.segment([picture])
            times.append(time.monotonic_ns() - begun)
    except FarError as e:
        if properties.wait:
            masks.close()
            raise
        tell(f"{e}; frames go on without masks until it does")
        spec = MODELS.get(properties.model, MODELS[properties.like])
        return Opened(masks, spec.size, spec.full_picture, WarmUp(0, 0))
    except PipelineError:
        masks.close()
        raise
    return Opened(masks, offer.size, offer.full_picture, WarmUp(*times))


def _size(text: str) -> tuple[int, int]:
    width, height = map(int, text.split("x"))
    return height, width


def _triple(text: str) -> tuple[float, float, float]:
    red, green, blue = map(float, text.split(","))
    return red, green, blue
