"""The trigger: when to capture. Stands between bgsub and dedup.

``machine`` is the state machine, pure, with time as a value; ``shelf`` keeps what may yet be captured; ``stage`` gives
them frames and takes the pictures out of the pool that they ask for. Nothing here looks at a picture.
"""

from stages.trigger.stage import Trigger, TriggerProperties

__all__ = ["Trigger", "TriggerProperties"]
