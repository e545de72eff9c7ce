"""``slidetap`` and ``python -m stages``: the way into the commands of ``stages.cli``, which take long to load."""

from __future__ import annotations

import sys

from pipeline.entry import RUNS, prepare


def main() -> int:
    """The console script."""
    prepare(sys.argv[1:], RUNS | {"convert"})
    from stages.cli import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
