"""What ``--method`` sets on each stage. Data only: imported by the command, which imports no stage.

Methods named after OpenCV's subtractors keep the reference's thresholds, so that their results can be compared with
it; ``default`` is what we found best, ``live`` the same for who cannot wait until a slide is left.
docs/benchmarks.md has the figures of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Preset: TypeAlias = Mapping[str, Mapping[str, object]]

# A tile is 0.04 % of a 640 x 360 plane: fewer than five active ones are a cursor or a ticking clock, not a new view.
_TILES: Preset = {
    "bgsub": {"method": "tiles"},
    "trigger": {"start_percent": 0.2, "settle_percent": 0.2, "settle_time": 0.5, "picture": "last"},
    "dedup": {"hash": "dhash", "hash_size": 12, "distance": 36, "confirm": "content", "builds": "final"},
}
_AUTO: Preset = {
    **_TILES,
    "decoder": {"rate": 5},  # as often as bgsub looks: it compares frames that are its interval, 0.2 s, apart
    "bgsub": {"method": "auto"},
    "trigger": {**_TILES["trigger"], "settle_time": 0.4, "max_unsettled": 30},  # calm three times in a row
}
# The same decisions, but each slide as soon as it has settled, and again whenever there is more on it; the picture of a
# camera is looked for among ten frames a second.
_LIVE: Preset = {
    "bgsub": _AUTO["bgsub"],
    "trigger": {**_AUTO["trigger"], "picture": "both"},
    "dedup": {**_AUTO["dedup"], "builds": "update"},
}


def _model(method: str) -> Preset:
    """A background model with the reference's hysteresis: captured below 0.01 %, left at 0.15 %."""
    return {"bgsub": {"method": method}, "trigger": {"start_percent": 0.15, "settle_percent": 0.01}}


PRESETS: Mapping[str, Preset] = {
    "default": _AUTO,
    "auto": _AUTO,
    "tiles": _TILES,
    "live": _LIVE,
    "frame_diff": {
        "bgsub": {"method": "frame_diff"},
        "trigger": {"policy": "delay", "start_percent": 0.06, "delay": 2.83},
    },
    **{method: _model(method) for method in ("knn", "gmg", "mog2", "mog", "cnt", "gsoc", "lsbp")},
}


def plane_format(method: str) -> str:
    """Of the analysis planes that ``method`` works on: OpenCV's models see colour, ours and plain difference grey."""
    return "gray8" if PRESETS[method]["bgsub"]["method"] in ("auto", "tiles", "frame_diff") else "bgr24"
