"""What a command does before it loads anything else: where children will be needed, it lets a zygote begin to load.

Both take a good part of a second, side by side. It imports little, so that little comes before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipeline import spawning

RUNS = frozenset({"run", "launch"})  # commands of the framework that start children


def prepare(arguments: Sequence[str], runs: Collection[str] = RUNS) -> None:
    """``arguments``: of the command line, not understood yet. ``runs``: commands that start children. What comes of it
    is that of the first run; ``pipeline.cli.invoke`` ends it where there is none.
    """
    if arguments and arguments[0] in runs and "--help" not in arguments:
        spawning.begin()
