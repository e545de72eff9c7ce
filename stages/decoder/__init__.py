"""The first stage: a file, a camera or a stream becomes frames, with a small analysis plane and the full picture.

Nothing comes before it; bgsub comes next. It neither compares nor keeps frames.
"""

from stages.decoder.properties import DecoderProperties
from stages.decoder.stage import Decoder

__all__ = ["Decoder", "DecoderProperties"]
