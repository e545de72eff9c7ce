"""``slidetap`` and ``python -m stages``: the way into the commands of ``stages.cli``, which take long to load."""

from __future__ import annotations

import sys


def main() -> int:
    """The console script."""
    try:
        from pipeline.entry import RUNS, prepare

        prepare(sys.argv[1:], RUNS | {"convert"})
        from stages.cli import main as command

        return command()
    except KeyboardInterrupt:  # before the commands were there, which say the same
        sys.stderr.write("slidetap: error: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
