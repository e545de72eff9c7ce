"""Work out the live figures: delays against the truth, percentiles, drops from a ledger, shares of the processor.

Pure; it measures nothing. bench_live uses it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Ledgers: TypeAlias = Mapping[str, Mapping[str, object]]

SECOND_NS = 1_000_000_000
# What a stage leaves out by design: frames between those that are analysed, pages that show nothing new.
INTENDED: Mapping[str, frozenset[str]] = {"decoder": frozenset({"rate", "before-start", "unchanged", "keyframes"})}
ANALYSIS = ("decoder", "bgsub", "trigger", "dedup", "exporter")
RECORDER = "recorder"  # its stage, and the end of its link's id


@dataclass(frozen=True, slots=True)
class View:
    """A slide at rest on screen from ``calm_ns`` to ``end_ns``."""

    slide: int
    calm_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Delays:
    """Of each view that was found, s from its calm to its slide; views ``missed``, slides that were ``extra``."""

    seconds: tuple[float, ...]
    missed: tuple[int, ...]
    extra: int


def judged(slides: Sequence[int], views: Sequence[View], end_ns: int, grace_s: float = 3.0) -> Delays:
    """The delays of all views from the first slide on, which is the one that was on screen when the camera was opened,
    up to ``grace_s`` before ``end_ns``: what came to rest later may not have had the time. A slide that was durable
    before the first of these views came to rest is of one that was on screen at the start, or came while it was slow.
    """
    if not slides:
        return Delays((), tuple(view.slide for view in views), 0)
    limit_ns = end_ns - round(grace_s * SECOND_NS)
    due = [view for view in views if slides[0] < view.calm_ns <= limit_ns]
    later = min((view.calm_ns for view in views if view.calm_ns > limit_ns), default=end_ns)
    first = due[0].calm_ns if due else slides[0]
    return delays([at_ns for at_ns in slides[1:] if first <= at_ns <= min(later, end_ns)], due)


def delays(slides: Sequence[int], views: Sequence[View], patience_s: float = 5.0) -> Delays:
    """``slides``: when each slide was durable. It belongs to the newest view that had come to rest by then, unless
    that one has its slide already or had gone for ``patience_s``. Views and slides in order of time, in ns.
    """
    found: dict[int, float] = {}
    extra = 0
    for at_ns in slides:
        settled = [index for index, view in enumerate(views) if view.calm_ns <= at_ns]
        if not settled or settled[-1] in found or at_ns > views[settled[-1]].end_ns + patience_s * SECOND_NS:
            extra += 1
        else:
            found[settled[-1]] = (at_ns - views[settled[-1]].calm_ns) / SECOND_NS
    missed = tuple(view.slide for index, view in enumerate(views) if index not in found)
    return Delays(tuple(found[index] for index in sorted(found)), missed, extra)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that at least ``percent`` of them do not exceed (nearest rank); None of none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def dropped(ledger: Ledgers) -> dict[str, int]:
    """Frames that analysis lost, by "stage or link: reason": whatever a link dropped, and the decoder unless by design.

    ``ledger``: as the event ``result`` has it, by stage and by link id.
    """
    lost: dict[str, int] = {}
    for name, account in ledger.items():
        if name not in ANALYSIS[1:] and not name.endswith(RECORDER):
            lost |= _reasons(name, account, INTENDED.get(name, frozenset()))
    for name in ANALYSIS:
        pictures = ledger.get(name, {}).get("lost_pictures", 0)
        if isinstance(pictures, int) and pictures:
            lost[f"{name}: pictures"] = pictures
    return lost


def unrecorded(ledger: Ledgers) -> dict[str, int]:
    """Packets that were not recorded, in the same way."""
    lost: dict[str, int] = {}
    for name, account in ledger.items():
        if name.endswith(RECORDER):
            lost |= _reasons(name, account, frozenset())
    return lost


def _reasons(name: str, account: Mapping[str, object], intended: Collection[str]) -> dict[str, int]:
    reasons = account.get("dropped")
    if not isinstance(reasons, Mapping):
        return {}
    return {f"{name}: {reason}": int(count) for reason, count in reasons.items() if count and reason not in intended}


def shares(before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> dict[str, float]:
    """Cores that each process used, from its CPU seconds at two moments; of one that is in only one of them, none."""
    return {name: (after[name] - used) / seconds for name, used in before.items() if name in after}
