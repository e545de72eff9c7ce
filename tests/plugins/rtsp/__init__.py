"""An RTSP server for tests, with a film whose truth is known and faults that can be switched on while it runs."""

from rtsp.clips import Clip, Shown, black_clip, lecture_clip, picture_clip
from rtsp.faults import HOSTILE
from rtsp.process import Film, ServerProcess
from rtsp.server import RtspServer
from rtsp.sound import Sound, tone
from rtsp.truth import Truth

__all__ = [
    "HOSTILE",
    "Clip",
    "Film",
    "RtspServer",
    "ServerProcess",
    "Shown",
    "Sound",
    "Truth",
    "black_clip",
    "lecture_clip",
    "picture_clip",
    "tone",
]
