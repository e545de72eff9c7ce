"""A branch from the live source's packets pad: everything the camera sends becomes segments on disk.

Nothing comes after it. It neither decodes pictures nor looks at what is in them.
"""

from stages.recorder.stage import Recorder, RecorderProperties

__all__ = ["Recorder", "RecorderProperties"]
