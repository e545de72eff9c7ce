"""The properties of the trigger."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.stage import Properties


class TriggerProperties(Properties):
    policy: Literal["settle", "delay"] = Field(
        "settle", description="settle: capture when motion has ended; delay: capture a fixed time after it began"
    )
    start_percent: float = Field(0.15, ge=0, le=100, description="foreground at or above this ends a settled view")
    settle_percent: float = Field(0.01, ge=0, le=100, description="settle: foreground below this is no motion")
    settle_time: float = Field(0.0, ge=0, le=60, description="settle: seconds without motion until the capture")
    delay: float = Field(2.83, ge=0, le=60, description="delay: seconds from the first motion to the capture")
    picture: Literal["first", "last", "both"] = Field(
        "first",
        description="settle: which picture of a view is captured: first, as soon as it has settled; "
        "last, when it is left or the stream ends, with all that was added to it too slowly to be motion; "
        "both, as soon as it has settled, and again when it is left",
    )
    margin: float = Field(
        0.6,
        ge=0,
        le=10,
        description="last, both: seconds that the picture is older than the next motion; "
        "so is what is revealed from behind a presenter, and 1.5 at least",
    )
    max_unsettled: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="settle: seconds without a settled view until the calmest moment is captured; 0 waits for ever",
    )

    min_dwell: float = Field(
        1.0,
        ge=0,
        le=60,
        description="settle: seconds; what is at rest for so long is captured, so settle_time is at most that; "
        "what is not captured, and so was shorter, is listed as a transient; 0 promises nothing and lists nothing",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.picture != "first" and self.policy != "settle":
            raise ValueError(
                f"picture = {self.picture} needs policy = settle: no other policy knows when a view is left"
            )
        if self.policy == "settle" and 0 < self.min_dwell < self.settle_time:
            raise ValueError(
                f"settle_time = {self.settle_time:g} would miss what is at rest for min_dwell = {self.min_dwell:g}: "
                f"set min_dwell to {self.settle_time:g} or more, or to 0 for no such promise"
            )
        return self
