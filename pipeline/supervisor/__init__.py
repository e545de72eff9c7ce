"""The parent side: spawn the processes of a pipeline, let them link, watch them, end them.

It imports no stage: no codec and no GPU library is ever loaded here. ``plan`` turns a config into processes,
``children`` owns the operating system's side of them, ``session`` is the loop and the policy: in file mode the
first failure ends the run.
"""

from pipeline.supervisor.session import Outcome, check, run

__all__ = ["Outcome", "check", "run"]
