"""The table of networks that slidetap knows: what each takes, gives, is for, and where its file comes from.

Data alone; ``store`` fetches and checks the files. The files are not part of slidetap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_RELEASES = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"

Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One network, as an ONNX file.

    ``size``: height and width in px of its input, where the file leaves them open. ``mean``, ``std``: of R, G, B after
    division by 255. ``output``: which of the file's outputs is the mask, a sigmoid at the size of the input.
    ``threshold``: probability above which a pixel is in the mask. ``full_picture``: it sees more in the picture than
    in the small analysis plane. ``digest``: of the file, as ``algorithm:hex``. ``purpose``: what it is good for.
    """

    name: str
    size: tuple[int, int]
    mean: Triple
    std: Triple
    output: int
    threshold: float
    full_picture: bool
    licence: str
    url: str
    digest: str
    purpose: str


def _u2net(name: str, md5: str, purpose: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        size=(320, 320),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        output=0,  # the fused map; the six side outputs follow
        threshold=0.5,
        full_picture=False,
        licence="Apache-2.0",
        url=f"{_RELEASES}/{name}.onnx",
        digest=f"md5:{md5}",
        purpose=purpose,
    )


_ALL = (
    _u2net(
        "u2netp",
        "8e83ca70e441ab06c318d82300c84806",
        "salient objects, small and quick; may choose the slide instead of the person",
    ),
    _u2net(
        "u2net",
        "60024c5c889badc19c04ad937298a77b",
        "salient objects; may choose the slide instead of the person",
    ),
    _u2net(
        "u2net_human_seg",
        "c09ddc2e0104f800e3e1bb4652583d1f",
        "people: the one to take for a presenter",
    ),
    ModelSpec(
        name="isnet-general-use",
        size=(1024, 1024),
        mean=(0.5, 0.5, 0.5),
        std=(1.0, 1.0, 1.0),
        output=0,
        threshold=10 / 255,
        full_picture=True,
        licence="Apache-2.0",
        url=f"{_RELEASES}/isnet-general-use.onnx",
        digest="md5:fc16ebd8b0c10d971d3513d564d01e29",
        purpose="fine outlines of salient objects; its training set has few people",
    ),
)

MODELS: Mapping[str, ModelSpec] = MappingProxyType({spec.name: spec for spec in _ALL})
