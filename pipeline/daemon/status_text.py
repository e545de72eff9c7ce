"""A daemon's answer to ``status`` for people. Pure; the answer may lack anything and may hold anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_HEAD = ("stage", "state", "pid", "restarts", "in", "out", "dropped", "last crash")


def status_text(answer: Mapping[str, object]) -> str:
    """Several lines."""
    lines = [f"{answer.get('pipeline', '?')}: {_condition(answer)}, up {_duration(answer.get('uptime_s'))}"]
    lines += [f"  ! {problem}" for problem in _list(answer.get("degraded"))]
    for stage, told in _map(answer.get("source")).items():
        source = _map(told)
        lines.append(f"source {stage}: {source.get('state', '?')}" + (f", {why}" if (why := source.get("why")) else ""))
    lines += [line for line in (_lecture(answer), _coming(answer), _recording(answer), _lag(answer)) if line]
    lines += _stages(answer)
    return "\n".join(_printable(line) for line in lines)


def answer_text(answer: Mapping[str, object]) -> str:
    """Any other answer: its sentence, if it has one, else what it holds."""
    text = answer.get("text")
    if isinstance(text, str):
        return _printable(text)
    return _printable(", ".join(f"{key} {value}" for key, value in answer.items()) or "done")


def _condition(answer: Mapping[str, object]) -> str:
    if answer.get("degraded"):
        return "degraded"
    return "running" if answer.get("ready") else "starting"


def _lecture(answer: Mapping[str, object]) -> str:
    told = answer.get("lecture")
    lecture = told if isinstance(told, Mapping) else {"lecture": told} if told else {}
    name = lecture.get("title") or lecture.get("lecture") or lecture.get("name")
    if not name:
        return "lecture: none"
    parts = [f"lecture: {name}", str(lecture.get("state", "open"))]
    parts += [f"for {_duration(lecture['length_s'])}"] if "length_s" in lecture else []
    parts += [f"{answer.get('slides', 0)} slides"]
    lag_s = _map(answer.get("last_slide")).get("lag_s")
    if isinstance(lag_s, int | float):
        parts.append(f"the last one written {lag_s:.1f} s after it was shown")
    return ", ".join(parts)


def _coming(answer: Mapping[str, object]) -> str:
    coming = _map(_map(answer.get("lectures")).get("next"))
    return f"next lecture: {coming.get('title') or 'without a title'}, {coming['start']}" if "start" in coming else ""


def _recording(answer: Mapping[str, object]) -> str:
    recording = _map(answer.get("recording"))
    state, why = recording.get("state"), recording.get("why")
    file = _map(recording.get("segment")).get("file")
    told = [str(part) for part in (state, why, file) if part]
    return f"recording: {', '.join(told)}" if told else ""


def _lag(answer: Mapping[str, object]) -> str:
    told = {name: value for name, value in _map(answer.get("figures")).items() if name.endswith("lag_seconds")}
    return ", ".join(f"{name}: {value:.2f} s" for name, value in told.items() if isinstance(value, int | float))


def _stages(answer: Mapping[str, object]) -> list[str]:
    rows = [_HEAD]
    for told in _list(answer.get("stages")):
        stage = _map(told)
        dropped = ", ".join(f"{count} {reason}" for reason, count in _map(stage.get("dropped")).items())
        crash = str(stage.get("last_crash") or "")
        if crash and stage.get("last_crash_ago_s") is not None:
            crash += f" ({_duration(stage.get('last_crash_ago_s'))} ago)"
        numbers = (stage.get(key, "") for key in ("stage", "state", "pid", "restarts", "received", "sent"))
        rows.append((*("-" if value is None else str(value) for value in numbers), dropped or "0", crash))  # type: ignore[arg-type]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _duration(seconds: object) -> str:
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [
        f"{days} d" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{rest} s",
    ]
    return " ".join([part for part in parts if part][:2])


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _printable(text: str) -> str:
    """Without what could move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
