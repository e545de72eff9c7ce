"""Keeping lectures: the application's side of a daemon, beside the supervisor's loop.

It begins, continues and ends lectures, has exports made of those that have ended, and removes what is too much. It
loads no codec and no picture library; what needs them runs as a process of its own (``finishing``, ``calendar``).
"""

from stages.keeper.keeper import LectureKeeper, keeper

__all__ = ["LectureKeeper", "keeper"]
