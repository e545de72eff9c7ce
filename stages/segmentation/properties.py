"""What the segmentation stage can be told. Those that describe a network belong to a file of one's own alone."""

from __future__ import annotations

import os
from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.stage import Properties
from stages.segmentation.devices import Device
from stages.segmentation.models import MODELS
from stages.segmentation.presence import Role, Terms
from stages.segmentation.store import SUFFIX

DEFAULT_MODEL = "u2net_human_seg"
_TERMS = Terms()
_TRIPLE = r"^$|^\s*-?\d*\.?\d+(\s*,\s*-?\d*\.?\d+){2}\s*$"
# What a model of the store knows of itself.
_OF_A_FILE = ("like", "size", "mean", "std", "output", "threshold", "full_picture")


class SegmentationProperties(Properties):
    model: str = Field(
        DEFAULT_MODEL,
        min_length=1,
        description=f"the network: a name that slidetap models lists, or the path of an {SUFFIX} file",
    )
    like: str = Field(
        DEFAULT_MODEL,
        description=f"of a file: the network that it is fed like ({', '.join(MODELS)}), unless told below",
    )
    size: str = Field("", pattern=r"^$|^\d+x\d+$", description="of a file that leaves its input open: WIDTHxHEIGHT")
    mean: str = Field("", pattern=_TRIPLE, description="of a file: mean of R, G, B after division by 255: 'R,G,B'")
    std: str = Field("", pattern=_TRIPLE, description="of a file: standard deviation of R, G, B: 'R,G,B'")
    output: int | None = Field(None, ge=0, le=99, description="of a file: number of the output that is the mask")
    threshold: float | None = Field(
        None, gt=0, lt=1, description="of a file: probability above which a pixel is the presenter"
    )
    full_picture: bool | None = Field(
        None, description="of a file: whether it sees more in the full picture than in one as small as the plane"
    )
    device: Device = Field(
        "auto",
        description="where it runs; auto takes CUDA where there is any, the others are taken or refused; tensorrt may "
        "build its engine for minutes, for which [limits] starting_s must leave time",
    )
    role: Role = Field(
        _TERMS.role, description="presenter: a mask that is the slide is rejected; any: whatever the network marks"
    )
    rate: float = Field(2.0, gt=0, le=60, description="masks per second; between them the newest follows motion")
    dilation: float = Field(
        0.015, ge=0, le=0.2, description="width by which a mask is enlarged, as a share of the picture's width"
    )
    reach: float = Field(
        0.1, ge=0, le=0.5, description="how far around a mask motion is taken for the presenter's, likewise; 0: nowhere"
    )
    min_area: float = Field(
        _TERMS.min_area, ge=0, le=1, description="share of the picture that a presenter has at least"
    )
    min_probability: float = Field(
        _TERMS.min_probability, ge=0, le=1, description="mean probability that a presenter has at least"
    )
    wait: bool = Field(
        True,
        description="frames wait for their mask, so that a run can be repeated; off, for live streams: masks are made "
        "beside them, and each frame has the newest",
    )
    format: Literal["gray8", "bgr24"] = Field(
        "gray8", description="of the analysis planes: what the next stage takes; bgr24 for bgsub's models of OpenCV"
    )
    threads: int = Field(0, ge=0, le=256, description="on the CPU; 0: one a core")
    memory_limit: int = Field(4096, ge=64, le=2**20, description="MiB that it may take of the GPU's memory")
    remote: str = Field("", description="address of a segmentation service, tcp://HOST:PORT, that runs the network")
    keys: str = Field("", description="folder of the keys for the remote service")

    @property
    def is_file(self) -> bool:
        """Whether ``model`` is the path of a file; a name of the store has neither a folder nor a suffix."""
        return self.model.endswith(SUFFIX) or os.sep in self.model

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.is_file:
            for name in _OF_A_FILE:
                if name in self.model_fields_set and getattr(self, name) not in ("", None):
                    raise ValueError(f"'{name}' is for a file of your own; model {self.model} knows its own")
        if self.std and not all(float(each) > 0 for each in self.std.split(",")):
            raise ValueError(f"std = '{self.std}': each standard deviation must be above 0")
        if self.like not in MODELS:
            raise ValueError(f"like = '{self.like}' is no model; there is: {', '.join(MODELS)}")
        if self.keys and not self.remote:
            raise ValueError("keys are for a remote service; there is no 'remote'")
        if self.remote and self.is_file:
            raise ValueError("a remote service has its own files; name its model, not a file here")
        return self
