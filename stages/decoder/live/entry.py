"""Decides whether a source that is no file goes on by itself, and opens it accordingly.

Imported only for such sources: files start 60 ms earlier without all that is behind it.
"""

from __future__ import annotations

from av.container import InputContainer

from pipeline.errors import SourceError
from pipeline.stage import Context
from stages.decoder.live.capture import Capture
from stages.decoder.live.connection import opened
from stages.decoder.live.credentials import scrubbed
from stages.decoder.live.faults import Fault
from stages.decoder.live.source import Endpoint, Scheme
from stages.decoder.properties import DecoderProperties
from stages.decoder.shaping import Shaper


def entered(
    properties: DecoderProperties, source: Endpoint, context: Context, shaper: Shaper
) -> Capture | InputContainer:
    """A Capture of what is live, which has not connected yet; what behaves like a file is open. Raises SourceError."""
    if properties.live == "yes" or (properties.live == "auto" and source.scheme is not Scheme.HTTP):
        return Capture(properties, context, shaper, source)
    try:
        container = opened(source)
    except Fault as e:
        raise SourceError(f"'{source.shown}': {scrubbed(e.why, source.secrets)}") from None
    if properties.live == "no" or container.duration is not None:
        if properties.mode == "keyframes":
            context.warn(f"mode 'keyframes' is for live streams: every frame of '{source.shown}' is decoded")
        return container
    container.close()
    return Capture(properties, context, shaper, source)
