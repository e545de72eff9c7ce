"""The parent side: spawn the processes of a pipeline, let them link, watch them, start them again, end them.

It imports no stage: no codec and no GPU library is ever loaded here. ``plan`` turns a config into processes,
``children`` owns the operating system's side of them, ``crew`` all of them together; ``session`` is the loop,
``recovery`` the policy for what ends on its own, ``ending`` the drain. A ``desk`` may sit beside the loop.
"""

from pipeline.supervisor.desk import Control, Desk
from pipeline.supervisor.session import Outcome, check, run

__all__ = ["Control", "Desk", "Outcome", "check", "run"]
