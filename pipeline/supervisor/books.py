"""The ledgers of a run, over the incarnations of its processes. Pure.

A process that ends on its own takes frames with it: what it had taken in, and neither given out nor dropped. They
are counted as dropped, for the reason "crash"; its successor may be given some of them again, and counts them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from pipeline.messages import Ledger

CRASH = "crash"


class Books:
    """What is known of every stage and link."""

    def __init__(self) -> None:
        self._past: dict[str, Ledger] = {}
        self._now: dict[str, Mapping[str, Ledger]] = {}  # by process

    def hear(self, process: str, ledgers: Mapping[str, Ledger]) -> dict[str, Ledger]:
        """The newest of a process; returns them with what went before."""
        self._now[process] = ledgers
        return {name: self._whole(name, ledger) for name, ledger in ledgers.items()}

    def close(self, process: str) -> None:
        """It ended on its own: nothing comes any more of what it held."""
        for name, ledger in self._now.pop(process, {}).items():
            self._past[name] = self._whole(name, crashed(ledger))

    def clear(self) -> None:
        """Everything starts again from the beginning."""
        self._past.clear()
        self._now.clear()

    def all(self) -> dict[str, Ledger]:
        """By stage name and link id."""
        now = {name: self._whole(name, ledger) for ledgers in self._now.values() for name, ledger in ledgers.items()}
        return self._past | now

    def _whole(self, name: str, ledger: Ledger) -> Ledger:
        past = self._past.get(name)
        return ledger if past is None else added(past, ledger)


def crashed(ledger: Ledger) -> Ledger:
    """The ledger of a process that has ended: what it held, and what it was at work on, is gone."""
    lost = ledger.received - ledger.sent - sum(ledger.dropped.values())
    dropped = dict(Counter(ledger.dropped) + Counter({CRASH: lost}))
    return replace(ledger, held=0, dropped=dropped)


def added(past: Ledger, ledger: Ledger) -> Ledger:
    """Both together; the position is that of the later one."""
    return Ledger(
        past.received + ledger.received,
        past.sent + ledger.sent,
        past.held + ledger.held,
        dict(Counter(past.dropped) + Counter(ledger.dropped)),
        past.lost_pictures + ledger.lost_pictures,
        past.resent + ledger.resent,
        ledger.last_pts_ns or past.last_pts_ns,
        past.busy_ns + ledger.busy_ns,
    )
