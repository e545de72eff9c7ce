"""The properties of the exporter: of every picture, and of the result of a conversion."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from pipeline.stage import Properties
from stages.exporter.pictures import Format

Pages: TypeAlias = Literal["as-seen", "presenter-free"]


class ExporterProperties(Properties):
    location: str = Field(
        "",
        description="folder of the result; it grows as LOCATION.partial; empty: pages go to the lecture that is told",
    )
    format: Format = Field("png", description="format of the pictures; png loses nothing")
    quality: int = Field(95, ge=1, le=100, description="quality of jpeg and webp pictures")
    pdf: bool = Field(True, description="make slides.pdf at the end; not of a lecture, see slidetap export")
    pptx: bool = Field(False, description="make slides.pptx at the end; not of a lecture, see slidetap export")
    pages: Pages = Field(
        "as-seen",
        description="what slides.pdf and slides.pptx show; presenter-free: slides without who stands before them",
    )
    area: Literal["auto", "off"] = Field(
        "auto",
        description="find the slides in a room camera's pictures, and write them upright beside the full pictures",
    )
    force: bool = Field(False, description="replace an older result at LOCATION, once this one is complete")
    source: str = Field("", description="what is converted, for slides.json; a path, or a URL without a password")
