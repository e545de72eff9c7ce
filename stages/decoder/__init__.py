"""The first stage for files: a video becomes frames, each with a small analysis plane and its full picture.

Nothing comes before it; bgsub comes next. It neither compares nor keeps frames.
"""

from stages.decoder.stage import Decoder, DecoderProperties

__all__ = ["Decoder", "DecoderProperties"]
