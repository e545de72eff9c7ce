"""The properties of bgsub. OpenCV's parameters have OpenCV's names; each belongs to the methods that know it."""

from __future__ import annotations

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from pipeline.stage import Properties

Method = Literal["auto", "tiles", "frame_diff", "knn", "gmg", "mog2", "mog", "cnt", "gsoc", "lsbp"]

# Which properties a method knows, with its defaults; those of frame_diff, gmg and knn are the reference's.
DEFAULTS: dict[str, dict[str, float]] = {
    "tiles": {"threshold": 12, "tile_px": 10, "tile_percent": 4.0, "interval": 0.2, "restless_percent": 35.0},
    "auto": {
        "threshold": 12,
        "tile_px": 10,
        "tile_percent": 4.0,
        "interval": 0.2,
        "restless_percent": 35.0,
        "mover_time": 1.0,
        "mover_percent": 30.0,
    },
    "frame_diff": {"threshold": 80, "dilation": 7},
    "knn": {"history": 15, "dist2Threshold": 100.0, "detectShadows": False},
    "gmg": {"initializationFrames": 15, "decisionThreshold": 0.75},
    "mog2": {"history": 15, "varThreshold": 16.0, "detectShadows": False},
    "mog": {"history": 200, "nmixtures": 5, "backgroundRatio": 0.7, "noiseSigma": 0.0},
    "cnt": {"minPixelStability": 15, "useHistory": True, "maxPixelStability": 900},
    "gsoc": {"nSamples": 20, "replaceRate": 0.003, "propagationRate": 0.01, "hitsThreshold": 32},
    "lsbp": {"nSamples": 20, "LSBPRadius": 16, "minCount": 2},
}


class BgsubProperties(Properties):
    """A parameter that is not set has its method's default, which the description gives."""

    method: Method = Field("auto", description="how foreground is found: " + ", ".join(get_args(Method)))
    mask: bool = Field(False, description="send the foreground mask along as the plane (0 or 255)")
    threshold: int | None = Field(
        None,
        ge=0,
        le=254,
        description="a pixel differs by more than this; auto and tiles 12, or 3 deviations of the noise; "
        "frame_diff 80; auto, in colour, at least 16",
    )
    tile_px: int | None = Field(None, ge=2, le=256, description="auto, tiles: side of a tile in px; 10")
    tile_percent: float | None = Field(
        None, ge=0, lt=100, description="auto, tiles: a tile is active when more of its pixels differ; 4"
    )
    interval: float | None = Field(
        None, ge=0, le=10, description="auto, tiles: seconds between the frames compared; 0.2"
    )
    restless_percent: float | None = Field(
        None, gt=0, le=100, description="auto, tiles: active for more of the last 6 s, a tile weighs nothing; 35"
    )
    mover_time: float | None = Field(
        None, gt=0, le=60, description="auto: motion that has gone on for so many s weighs nothing; 1"
    )
    mover_percent: float | None = Field(
        None, ge=0, le=100, description="auto: unless such motion covers more of the picture; 30"
    )
    dilation: int | None = Field(None, ge=1, le=99, description="frame_diff: size of the dilating ellipse in px; 7")
    history: int | None = Field(None, ge=1, description="frames of history; knn 15, mog2 15, mog 200")
    dist2Threshold: float | None = Field(None, gt=0, description="knn: squared distance to a sample; 100")  # noqa: N815
    varThreshold: float | None = Field(None, gt=0, description="mog2: squared Mahalanobis distance; 16")  # noqa: N815
    detectShadows: bool | None = Field(None, description="knn, mog2: mark shadows; off")  # noqa: N815
    initializationFrames: int | None = Field(  # noqa: N815
        None, ge=1, description="gmg: frames to learn from, in which nothing is known; 15"
    )
    decisionThreshold: float | None = Field(None, gt=0, lt=1, description="gmg: posterior of foreground; 0.75")  # noqa: N815
    nmixtures: int | None = Field(None, ge=1, description="mog: number of Gaussians; 5")
    backgroundRatio: float | None = Field(None, gt=0, le=1, description="mog: share that is background; 0.7")  # noqa: N815
    noiseSigma: float | None = Field(None, ge=0, description="mog: noise strength; 0 lets OpenCV choose")  # noqa: N815
    minPixelStability: int | None = Field(None, ge=1, description="cnt: frames until stable; 15")  # noqa: N815
    useHistory: bool | None = Field(None, description="cnt: give credit for being stable; on")  # noqa: N815
    maxPixelStability: int | None = Field(None, ge=1, description="cnt: most credit, in frames; 900")  # noqa: N815
    nSamples: int | None = Field(None, ge=1, description="gsoc, lsbp: samples per pixel; 20")  # noqa: N815
    replaceRate: float | None = Field(None, gt=0, le=1, description="gsoc: chance to replace a sample; 0.003")  # noqa: N815
    propagationRate: float | None = Field(None, ge=0, le=1, description="gsoc: chance to propagate; 0.01")  # noqa: N815
    hitsThreshold: int | None = Field(None, ge=1, description="gsoc: hits that make background; 32")  # noqa: N815
    LSBPRadius: int | None = Field(None, ge=1, description="lsbp: radius of the descriptor; 16")
    minCount: int | None = Field(None, ge=1, description="lsbp: matches that make background; 2")  # noqa: N815

    @model_validator(mode="after")
    def _of_this_method(self) -> Self:
        known = DEFAULTS[self.method]
        for name in self.model_fields_set - {"method", "mask"}:
            if getattr(self, name) is not None and name not in known:
                raise ValueError(f"method {self.method} has no '{name}'; it has: {', '.join(known)}")
        return self

    def value(self, name: str) -> float:
        """The parameter as set, or the method's default."""
        given = getattr(self, name)
        return DEFAULTS[self.method][name] if given is None else float(given)
