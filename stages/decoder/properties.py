"""What the decoder can be told. Which of it concerns files and which live sources stands in the descriptions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.errors import ConfigError
from pipeline.stage import Properties
from stages.decoder.opening import LARGEST_PX


class DecoderProperties(Properties):
    uri: str = Field(
        min_length=1,
        description="the video: a path, file:///path, rtsp://, rtsps://, http://, https://, v4l2:///dev/video0",
    )
    rate: float = Field(10.0, ge=0, le=1000, description="frames per second for analysis; 0 means every frame")
    mode: Literal["full", "sparse", "auto", "keyframes"] = Field(
        "auto",
        description="full: every frame is decoded that is due, or that another refers to; sparse, of files: only those "
        "in which something happens, as their packets and keyframes tell; auto: sparse where they tell, without a "
        "word where they do not, and full where rate is 0; keyframes, of cameras: one frame per group of pictures, "
        "and what packets tell of the time between; a new view is seen up to one group later",
    )
    width: int = Field(640, ge=1, le=LARGEST_PX, description="width of the analysis plane in px; never enlarged")
    threads: int = Field(0, ge=0, le=256, description="decoding threads; 0 lets FFmpeg choose")
    deinterlace: Literal["auto", "off"] = Field("auto", description="deinterlace frames that say they are interlaced")
    hold: float = Field(
        4.0,
        ge=0,
        le=3600,
        description="when a file pauses for over 1 s, and with mode keyframes after a change, the last picture is "
        "shown again for so many s",
    )
    live: Literal["auto", "yes", "no"] = Field(
        "auto", description="whether the source goes on by itself; auto: cameras and web streams without a duration do"
    )
    credentials: str = Field("", description="user:password of a network source: env:NAME or file:/path (mode 0600)")
    transport: Literal["tcp", "udp"] = Field("tcp", description="how RTSP carries its packets")
    open_timeout: float = Field(3.0, gt=0, le=120, description="seconds within which a source must open")
    read_timeout: float = Field(
        2.0, ge=0.1, le=120, description="seconds without a packet after which a live source counts as stalled"
    )
    frozen_after: float = Field(
        10.0, ge=1, le=3600, description="seconds of changed packets with one and the same picture that mean frozen"
    )
    size: str = Field("", pattern=r"^$|^\d+x\d+$", description="of a v4l2 camera, for example 1920x1080")
    framerate: float = Field(0.0, ge=0, le=1000, description="of a v4l2 camera; 0 leaves it to the camera")
    input_format: str = Field(
        "", pattern=r"^[a-z0-9_]*$", description="of a v4l2 camera; h264, mjpeg, then raw where it is not set"
    )

    @property
    def may_be_sparse(self) -> bool:
        """Whether frames of a file may be left out in which nothing happens."""
        return self.mode == "sparse" or (self.mode == "auto" and self.rate > 0)

    def check_for_file(self) -> None:
        """Raises ConfigError for what makes no sense with a file on disk."""
        if self.live == "yes":
            raise ConfigError("property 'live' = 'yes': a file is not live")
        if self.mode == "keyframes":
            raise ConfigError(
                "property 'mode' = 'keyframes' is for cameras and live streams; take 'sparse' for a file: it decodes "
                "keyframes, and what happens between them"
            )
