"""The trigger: when to capture. Stands between bgsub and dedup.

``machine`` is the state machine, pure, with time as a value; ``shelf`` keeps what may yet be captured; ``stage`` gives
them frames and takes the pictures out of the pool that they ask for. ``revealing`` and ``reveals`` are for views that
somebody stands before. Nothing here looks at a picture, but at masks.
"""

from stages.trigger.properties import TriggerProperties
from stages.trigger.stage import Trigger

__all__ = ["Trigger", "TriggerProperties"]
