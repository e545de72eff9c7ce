"""Finds the file behind a uri, opens it and chooses the video stream; every refusal is one line that says what to do.

The first step of the decoder. It reads no frame.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
import av.container
import av.error
import av.logging
import av.stream
from av.video.stream import VideoStream

from pipeline.errors import DataError, SourceError

LARGEST_PX = 16384
MOST_PIXELS = 1 << 26  # 8192x8192, 100 MB a picture in 4:2:0; a decoder keeps a dozen of them
# A playlist that is opened as a file must not make the program fetch what it names from elsewhere.
_PROTOCOLS = "file,crypto,data"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_TEXT_FORMATS = ("tty",)  # FFmpeg draws plain text as a video
_INDEXED = ("mov", "matroska")


def redacted(uri: str) -> str:
    """``uri`` without user name and password, for messages."""
    return re.sub(r"//[^/@\s]*@", "//", uri)


def path_of(uri: str) -> Path:
    """The file that ``uri`` names: a path, or file:///path. Raises SourceError for any other scheme."""
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return Path(uri)
    parts = urlsplit(uri)
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost"):
        raise SourceError(f"cannot open '{redacted(uri)}': give a path, file:///path, rtsp:// or http://")
    return Path(unquote(parts.path))


def open_file(path: Path) -> av.container.InputContainer:
    """Open a media file. Raises SourceError if it cannot be read, DataError if it is no video."""
    _check(path)
    av.logging.set_libav_level(av.logging.PANIC)
    try:
        # 'file:' keeps FFmpeg from taking 'part 1: caches.mp4' for a protocol.
        container = av.open(
            f"file:{path.absolute()}", "r", metadata_errors="ignore", options={"protocol_whitelist": _PROTOCOLS}
        )
    except (av.error.FFmpegError, UnicodeError) as e:
        raise DataError(_unreadable(path)) from e
    if container.format.name in _TEXT_FORMATS:
        container.close()
        raise DataError(f"'{path}' is text, not a video")
    return container


def video_stream(container: av.container.InputContainer, path: Path | str) -> VideoStream:
    """The stream to decode: FFmpeg's best, pictures attached to music apart.

    Raises DataError if there is none, if its codec is unknown, or if it is larger than is supported.
    """
    covers = av.stream.Disposition.attached_pic
    candidates = [stream for stream in container.streams.video if not stream.disposition & covers]
    if not candidates:
        kinds = sorted({stream.type for stream in container.streams})
        raise DataError(f"'{path}' has no video, only {' and '.join(kinds) or 'an empty container'}; give a video file")
    best = container.streams.best("video")
    chosen = next((stream for stream in candidates if best is not None and stream.index == best.index), candidates[0])
    if getattr(chosen, "codec_context", None) is None:
        raise DataError(f"'{path}': this build of FFmpeg has no decoder for its video; convert it to H.264 first")
    check_size(chosen.codec_context.width, chosen.codec_context.height, path)
    return chosen


def check_size(width: int, height: int, path: Path | str) -> None:
    """Raises DataError for a picture that is larger than is supported."""
    if width > LARGEST_PX or height > LARGEST_PX or width * height > MOST_PIXELS:
        raise DataError(
            f"'{path}' has pictures of {width}x{height} px; up to {LARGEST_PX} px a side and {MOST_PIXELS >> 20} "
            "megapixels are supported: scale it down first"
        )


def _check(path: Path) -> None:
    try:
        found = path.stat()
    except FileNotFoundError as e:
        raise SourceError(f"'{path}' does not exist") from e
    except OSError as e:
        raise SourceError(f"cannot open '{path}': {e.strerror}") from e
    except ValueError as e:
        raise SourceError(f"cannot open {str(path)!r}: that is no file name") from e
    if stat.S_ISDIR(found.st_mode):
        raise SourceError(f"'{path}' is a folder; give a video file")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(f"'{path}' is no regular file; the decoder reads files only")
    if not os.access(path, os.R_OK):
        raise SourceError(f"cannot read '{path}': permission denied")
    if found.st_size == 0:
        raise DataError(f"'{path}' is empty (0 bytes)")


def _unreadable(path: Path) -> str:
    if _lacks_index(path):
        return (
            f"'{path}' is a truncated mp4: its index (moov) is missing, as when a recording or download was cut off; "
            "fetch it again, or repair it with a tool such as untrunc"
        )
    return f"'{path}' is no video that can be read; check that the file is complete and plays"


def _lacks_index(path: Path) -> bool:
    """Whether it is an mp4/mov file without a moov box (ISO/IEC 14496-12, 4.2)."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        position, first = 0, True
        while position + 8 <= size:
            file.seek(position)
            header = file.read(16)
            length = int.from_bytes(header[:4], "big")
            kind = header[4:8]
            if first and kind not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
                return False
            if kind == b"moov":
                return position + length > size
            if length == 1 and len(header) == 16:
                length = int.from_bytes(header[8:], "big")
            if length < 8:  # 0: the box goes on to the end of the file
                break
            position, first = position + length, False
    return not first


def is_indexed(container: av.container.InputContainer) -> bool:
    """Whether it is of a kind that knows where each of its keyframes is."""
    return container.format.name.split(",")[0] in _INDEXED
