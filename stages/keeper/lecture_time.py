"""Where a lecture's time stands when it begins and when it goes on after a restart. Pure; times come as values.

Lecture time counts CLOCK_MONOTONIC from ``zero_ns``. That clock goes on while the machine runs, whatever is done to
the clock on the wall, and begins anew at each boot: only then the wall clock says how long the machine was away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stages.journal import SessionRow

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Now:
    """One instant. ``boot_id``: of which boot ``mono_ns`` counts."""

    boot_id: str
    mono_ns: int
    wall_ns: int


@dataclass(frozen=True, slots=True)
class Continuation:
    """``zero_ns``: what lecture time counts from, from now on. ``away_ns``: how long nothing was known of it."""

    zero_ns: int
    pts_ns: int
    away_ns: int


def continuation(last: SessionRow, last_known_ns: int, now: Now) -> Continuation:
    """How a lecture goes on. ``last``: its newest session; ``last_known_ns``: the latest lecture time anything is
    known of, which is never gone back to.
    """
    known_ns = max(last_known_ns, last.start_pts_ns)
    running_ns = now.mono_ns - last.zero_ns
    if now.boot_id and now.boot_id == last.boot_id and running_ns >= known_ns:
        return Continuation(last.zero_ns, running_ns, running_ns - known_ns)
    known_wall_ns = last.wall_ns + (known_ns - last.start_pts_ns)
    away_ns = max(0, now.wall_ns - known_wall_ns)
    pts_ns = known_ns + away_ns
    return Continuation(now.mono_ns - pts_ns, pts_ns, away_ns)


def boot_id() -> str:
    """Of this boot; empty where the system does not tell, and then each start counts as another boot."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
