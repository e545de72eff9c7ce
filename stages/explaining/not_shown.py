"""Why there is no slide of a moment, in words: motion, a rest that was too short, a gap, somebody in front. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from pipeline.frame import SECOND_NS
from stages.explaining.times import clock, length, percent
from stages.exporter.model import Gap, Transient
from stages.journal import TraceRow

_KINDS = {
    "source": "the source was lost",
    "analysis": "nobody looked for slides",
    "recording": "nothing was recorded",
}
_TRANSIENT_NS = SECOND_NS // 5  # a rest that is shorter is no view, but a pause in a motion


def gap_in_words(gap: Gap) -> str:
    """What was missing."""
    until = "and still is" if gap.end_ns is None else f"to {clock(gap.end_ns)}"
    filled = "; slides were looked for in the recording afterwards" if gap.filled else ""
    return f"{_KINDS[gap.kind]} from {clock(gap.start_ns)} {until}: {gap.reason}{filled}"


def unsettled_in_words(rows: Sequence[TraceRow], rules: Mapping[str, JsonValue]) -> list[str]:
    """Why nothing was captured in these stretches, which follow each other and in which nothing settled."""
    start_ns, end_ns = rows[0].start_pts_ns, rows[-1].end_pts_ns
    frames, unknown, moving = (sum(getattr(row, name) for row in rows) for name in ("frames", "unknown", "moving"))
    hidden = max(row.hidden for row in rows)
    when = f"from {clock(start_ns)} to {clock(end_ns)} ({length(end_ns - start_ns)})"
    hiding = [f"a presenter hid up to {percent(100 * hidden)} of the picture"] if hidden else []
    if unknown == frames:
        if hidden:
            return [f"the presenter hid too much to know anything of what is behind {when}", *hiding]
        return [f"the method knew nothing yet {when}: it was learning, or had no frame to compare with"]
    least = min(row.least for row in rows if row.least is not None)
    most = max(row.most for row in rows if row.most is not None)
    calm_ns = max(row.calm_ns for row in rows)
    seen = f"motion in {moving} of {frames} frames, foreground {percent(least)} to {percent(most)}"
    lines = [f"nothing had settled {when}: {seen}"]
    if rules.get("policy") == "delay":
        delay, start = length(_time(rules, "delay_ns")), percent(rules.get("start_percent"))
        return [*lines, f"a capture comes {delay} after motion of at least {start} has begun", *hiding]
    needed_ns = _time(rules, "settle_time_ns")
    calm = percent(rules.get("settle_percent"))
    needed = f"stays under {calm} for {length(needed_ns)}" if needed_ns else f"falls under {calm}"
    lines.append(f"a view counts once it {needed}; {_longest(calm_ns)}")
    longest_ns = _time(rules, "max_unsettled_ns")
    if longest_ns:
        lines.append(f"after {length(longest_ns)} of that its calmest moment is captured all the same")
    return [*lines, *hiding]


def transient_in_words(short: Transient, rules: Mapping[str, JsonValue]) -> str:
    """Something that was at rest and became no page: when, for how long, and why it did not."""
    dwell_ns, least_ns = short.end_ns - short.start_ns, _time(rules, "min_dwell_ns")
    shorter = f", shorter than min_dwell = {length(least_ns)}" if dwell_ns < least_ns else ""
    when = f"from {clock(short.start_ns)} to {clock(short.end_ns)}"
    return f"{when} something was at rest for {length(dwell_ns)}{shorter}: listed as a transient, {_fate(short, rules)}"


def _fate(short: Transient, rules: Mapping[str, JsonValue]) -> str:
    match short.reason:
        case "lost":
            return "as its picture was overwritten before it could be taken"
        case "cut":
            return "as the stream ended, or had a hole, before it had settled, and a calmer moment was captured"
    seen = "" if short.percent_after is None else f" (foreground {percent(short.percent_after)})"
    if rules.get("policy") == "delay":
        return f"as it was left{seen} before the capture came, {length(_time(rules, 'delay_ns'))} after motion began"
    return f"as it was left{seen} before it had settled, which takes {length(_time(rules, 'settle_time_ns'))}"


def pause_in_words(row: TraceRow, rules: Mapping[str, JsonValue]) -> str | None:
    """The longest rest of a stretch, of a journal from before transients were listed; None if there is none."""
    needed_ns = _time(rules, "settle_time_ns")
    if rules.get("policy") != "settle" or not _TRANSIENT_NS <= row.calm_ns < needed_ns or row.settled:
        return None
    return f"transient: a view was at rest for {length(row.calm_ns)}, and {length(needed_ns)} are needed"


def _longest(calm_ns: int) -> str:
    if calm_ns < _TRANSIENT_NS:
        return "it never came to rest"
    return f"what was there the longest was a transient of {length(calm_ns)}"


def _time(note: Mapping[str, JsonValue], key: str) -> int:
    value = note.get(key)
    return value if isinstance(value, int) else 0
