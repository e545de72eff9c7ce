"""The properties of dedup. The defaults are the reference's: a dhash of 12 x 12 bits that must be exactly equal."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.stage import Properties

HashName = Literal["dhash", "ahash", "phash", "whash"]


class DedupProperties(Properties):
    hash: Literal["none"] | HashName = Field(
        "dhash", description="perceptual hash that finds candidates; none makes a page of every capture"
    )
    hash_size: int = Field(12, ge=2, le=64, description="side of the hash; it has hash_size x hash_size bits")
    distance: int = Field(0, ge=0, description="bits that may differ (Hamming); 0 means exactly equal")
    confirm: Literal["none", "content"] | HashName = Field(
        "none", description="what must agree as well: a second hash, or the content, tile by tile and edge by edge"
    )
    confirm_distance: int = Field(10, ge=0, description="bits that may differ in the second hash")
    builds: Literal["each", "final", "all", "update"] = Field(
        "each",
        description="what of a slide that is built up step by step is a page: each state, or its final one; "
        "with final a slide is passed on when the next one comes; all is final with its earlier states kept as well; "
        "with update it is passed on at once, and again when it has grown",
    )

    @property
    def holds(self) -> bool:
        """Whether a slide waits until it can grow no more."""
        return self.builds in ("final", "all")

    @property
    def grows(self) -> bool:
        """Whether a slide that is built up is one page."""
        return self.builds != "each"

    same_percent: float = Field(0.6, ge=0, le=100, description="content: tiles that may differ in equal pictures")
    kept_percent: float = Field(90, ge=0, le=100, description="content: edges of a state that a fuller one still has")
    touched_percent: float = Field(
        25,
        ge=0,
        le=100,
        description="content: tiles of a state, of those with edges, that may differ in a fuller one, "
        "and, of those with anything on them, in colour alone",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if "whash" in (self.hash, self.confirm) and self.hash_size & (self.hash_size - 1):
            raise ValueError(f"whash takes a hash_size that is a power of two, not {self.hash_size}")
        if self.hash == "none" and (self.grows or self.confirm != "none"):
            raise ValueError("hash = none compares nothing: leave out builds and confirm")
        return self
