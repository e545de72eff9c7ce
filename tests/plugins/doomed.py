"""Stages that end at a certain frame, in so many incarnations; child processes import them by PYTHONPATH."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from playthings import RAW, Pass, PassProperties, crash

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Frame, Output
from pipeline.stage import Context, Properties, Stage


class CrashingProperties(Properties):
    times: int = 1000
    at: int = 3
    how: str = "kill"


class Crashing(Stage[CrashingProperties]):
    """Passes frames on, and ends at its ``at``-th frame in the first ``times`` incarnations."""

    properties_type = CrashingProperties
    summary = "crashes"
    count = 0

    @property
    def sink_caps(self) -> Caps:
        return RAW

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"src": RAW}

    def process(self, frame: Frame) -> Iterable[Output]:
        self.count += 1
        if self.count == self.properties.at and self.context.incarnation < self.properties.times:
            if self.properties.how == "final":
                raise ConfigError("nobody can set this right")
            crash(self.properties.how)
        return (frame,)


class Stillborn(Pass):
    """Ends before it can say what its pads are like."""

    def __init__(self, properties: PassProperties, context: Context) -> None:
        super().__init__(properties, context)
        crash("kill")
