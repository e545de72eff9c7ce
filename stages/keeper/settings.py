"""The table ``[lectures]`` of a file: where lectures are kept, what begins and ends them, how long they last."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import ConfigError
from stages.keeper.retention import DAY_NS, Limits

TABLE = "lectures"

ExportName = Literal["json", "pdf", "pptx", "vtt", "video"]


class LectureSettings(BaseModel):
    """0 of a limit is no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    folder: Path = Field(Path("lectures"), description="the folder of the lectures' folders; made if it is not there")
    begin: Literal["command", "schedule", "auto"] = Field("command", description="what begins and ends a lecture")
    schedule: Path | None = Field(None, description="an iCalendar file; a lecture for each of its events")
    title: str = Field("", description="of a lecture that is given none", max_length=200)
    end_after_min: float = Field(
        15.0, gt=0, le=1440, description="auto: minutes without a picture after which a lecture ends"
    )
    continue_within_h: float = Field(
        12.0, ge=0, le=8760, description="hours after which a lecture that was interrupted is over"
    )
    exports: tuple[ExportName, ...] = Field(("json", "pdf"), description="what is made when a lecture has ended")
    backfill: bool = Field(True, description="analyse from the recording what was not analysed while it was live")
    keep_days: float = Field(0.0, ge=0, description="days after which a lecture is removed, slides and all")
    keep_gib: float = Field(0.0, ge=0, description="GiB of all lectures, above which the oldest recordings are removed")
    free_floor_gib: float = Field(
        2.0, ge=0, description="GiB free on the disk, below which the oldest recordings are removed"
    )

    @property
    def continue_within_ns(self) -> int:
        """After how long a lecture that was interrupted is over."""
        return round(self.continue_within_h * 3600 * 10**9)

    @property
    def limits(self) -> Limits:
        """Within which the lectures are kept."""
        gib = 2**30
        return Limits(round(self.keep_days * DAY_NS), round(self.keep_gib * gib), round(self.free_floor_gib * gib))

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.begin == "schedule" and self.schedule is None:
            raise ValueError('begin = "schedule" needs schedule = "calendar.ics"')
        return self


def settings(table: Mapping[str, object]) -> LectureSettings:
    """Check the table. Raises ConfigError with one line that names each key that is wrong."""
    try:
        return LectureSettings.model_validate(dict(table))
    except ValidationError as e:
        raise ConfigError(
            "; ".join(_sentence(error["loc"], error["type"], error["msg"]) for error in e.errors())
        ) from e


def _sentence(where: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(map(str, where))
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, LectureSettings.model_fields, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"it may have: {', '.join(LectureSettings.model_fields)}"
        return f"unknown key '{key}' in [{TABLE}]; {hint}"
    text = message.removeprefix("Value error, ")
    return f"[{TABLE}] {key}: {text[:1].lower()}{text[1:]}" if key else f"[{TABLE}]: {text}"
