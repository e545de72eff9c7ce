"""What can be chosen about the test lecture. The script, the drawing and the stage read it; it does nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.stage import Properties

LARGEST_PX = 16384


class TestSourceProperties(Properties):
    __test__ = False  # the name is GStreamer's; pytest would collect it

    seed: int = Field(0, ge=0, description="the same seed gives the same lecture, bit for bit")
    width: int = Field(960, ge=2, le=LARGEST_PX, description="width of the pictures in px")
    height: int = Field(540, ge=2, le=LARGEST_PX, description="height of the pictures in px")
    fps: float = Field(20.0, gt=0, le=240, description="frames per second of the lecture")
    duration: float = Field(75.0, gt=0, le=86400, description="length of the lecture in s")
    slides: int = Field(0, ge=0, le=10000, description="how many different slides; 0 makes one about every 8 s")
    theme: Literal["light", "dark", "mixed"] = Field("mixed", description="colours; mixed changes every few slides")
    fades: bool = Field(True, description="let every third slide fade in over 0.6 s; the others are hard cuts")
    builds: bool = Field(True, description="let the points of some slides appear one after the other")
    revisits: bool = Field(True, description="go back to an earlier slide now and then")
    film: bool = Field(True, description="put a moving film on one slide of each six")
    pointer: bool = Field(True, description="move a mouse pointer about")
    presenter: Literal["none", "pip", "walk"] = Field(
        "none", description="a person: none, picture-in-picture in a corner, or walking in front of the slides"
    )
    noise: float = Field(0.0, ge=0, le=50, description="standard deviation of the sensor noise, in grey levels")
    rate: float = Field(0.0, ge=0, le=240, description="frames per second that are given out; 0 means every frame")
    plane_width: int = Field(640, ge=1, le=LARGEST_PX, description="width of the analysis plane; never enlarged")
    pix_fmt: Literal["yuv420p", "bgr24"] = Field("yuv420p", description="format of the full pictures")
