"""A PDF of pictures, written page by page, so that a thousand pictures take no more memory than one.

img2pdf turns each picture into PDF without recompression; here its pages are strung together. (Joining with pikepdf
holds every picture in memory: 340 MiB for 240 slides.) It knows nothing of slides.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import BinaryIO

from pipeline.errors import WriteError

CATALOG, PAGES, INFO, OUTLINES = 1, 2, 3, 4  # object numbers; each page adds image, contents, page and bookmark
PER_PAGE = 4

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_END = 8 + 12 + 13  # signature, then the IHDR chunk: PNG specification, 5.2 and 11.2.2
_NO_EXIF = b"MM\0*\0\0\0\x08\0\0\0\0\0\0"  # a TIFF header and an empty directory


class PdfFile:
    """A PDF 1.5 that grows in ``file``, which must be at its start. The file is valid after ``close``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offsets: dict[int, int] = {}
        self._bookmarks: list[str] = []
        self._digest = hashlib.sha256()
        self._at = 0
        self._write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")  # bytes above 127 mark the file as binary (ISO 32000-1, 7.5.2)

    def add(self, picture: bytes, width_pt: float, height_pt: float, bookmark: str) -> None:
        """A page that is all ``picture``, a PNG or JPEG without transparency. Raises OSError, WriteError."""
        described, data = _as_pdf(picture)
        first = self._first(len(self._bookmarks))
        size = f"{width_pt:.4f} {height_pt:.4f}"
        show = f"q {width_pt:.4f} 0 0 {height_pt:.4f} 0 0 cm /Im0 Do Q".encode()
        page = (
            f"<< /Type /Page /Parent {PAGES} 0 R /MediaBox [0 0 {size}] /Contents {first + 1} 0 R "
            f"/Resources << /XObject << /Im0 {first} 0 R >> >> >>"
        )
        self._stream(first, described, data)
        self._stream(first + 1, b"", show)
        self._object(first + 2, page.encode())
        self._bookmarks.append(bookmark)
        self._digest.update(data)

    def close(self, title: str) -> None:
        """Write what refers to all pages, of which there is at least one. Raises OSError."""
        count = len(self._bookmarks)
        pages = " ".join(f"{self._first(place) + 2} 0 R" for place in range(count))
        self._outline(count)
        self._object(PAGES, f"<< /Type /Pages /Count {count} /Kids [{pages}] >>".encode())
        self._object(CATALOG, f"<< /Type /Catalog /Pages {PAGES} 0 R /Outlines {OUTLINES} 0 R >>".encode())
        self._object(INFO, f"<< /Producer {_text('slidetap')} /Title {_text(title)} >>".encode())
        start, size = self._at, max(self._offsets) + 1
        self._write(f"xref\n0 {size}\n0000000000 65535 f \n".encode())
        self._write("".join(f"{self._offsets[number]:010} 00000 n \n" for number in range(1, size)).encode())
        name = self._digest.hexdigest()[:32]
        trailer = f"<< /Size {size} /Root {CATALOG} 0 R /Info {INFO} 0 R /ID [<{name}> <{name}>] >>"
        self._write(f"trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n".encode())

    def _outline(self, count: int) -> None:
        marks = [self._first(place) + 3 for place in range(count)]
        for place, (mark, title) in enumerate(zip(marks, self._bookmarks, strict=True)):
            before = f"/Prev {marks[place - 1]} 0 R " if place else ""
            after = f"/Next {marks[place + 1]} 0 R " if place + 1 < count else ""
            target = f"/Dest [{self._first(place) + 2} 0 R /Fit]"
            self._object(mark, f"<< /Title {_text(title)} /Parent {OUTLINES} 0 R {before}{after}{target} >>".encode())
        ends = f"/First {marks[0]} 0 R /Last {marks[-1]} 0 R"
        self._object(OUTLINES, f"<< /Type /Outlines {ends} /Count {count} >>".encode())

    @staticmethod
    def _first(place: int) -> int:
        return OUTLINES + 1 + PER_PAGE * place

    def _stream(self, number: int, described: bytes, data: bytes) -> None:
        head = b"<< /Length %d %b >>\nstream\n" % (len(data), described)
        self._object(number, head + data + b"\nendstream")

    def _object(self, number: int, content: bytes) -> None:
        self._offsets[number] = self._at
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, content))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._at += len(data)


def _with_exif(picture: bytes) -> bytes:
    """A PNG with an empty eXIf chunk behind its header: without one, Pillow decodes all of it to look for exif.

    img2pdf asks for the orientation; for 33 slides at 1080p it then takes 0.01 s instead of 0.56.
    """
    if not picture.startswith(_PNG_SIGNATURE) or b"eXIf" in picture[: _PNG_HEADER_END + 64]:
        return picture
    chunk = b"eXIf" + _NO_EXIF
    whole = struct.pack(">I", len(_NO_EXIF)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return picture[:_PNG_HEADER_END] + whole + picture[_PNG_HEADER_END:]


def _as_pdf(picture: bytes) -> tuple[bytes, bytes]:
    """What img2pdf makes of a picture: the entries of its dictionary without /Length, and the encoded samples."""
    import img2pdf  # type: ignore[import-untyped]  # it ships no types
    import pikepdf
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # Pillow's guard is for pictures from strangers; these are ours

    def layout(*_: object) -> tuple[float, float, float, float]:
        return 100.0, 100.0, 100.0, 100.0  # any size that PDF allows: only the picture is used, not its page

    with pikepdf.open(io.BytesIO(img2pdf.convert(_with_exif(picture), layout_fun=layout, nodate=True))) as pdf:
        images = list(pdf.pages[0].obj["/Resources"]["/XObject"].values())
        if len(images) != 1 or "/SMask" in images[0]:
            raise WriteError("a picture with transparency cannot be put into the PDF")
        (image,) = images
        entries = pikepdf.Dictionary({key: value for key, value in image.stream_dict.items() if key != "/Length"})
        return entries.unparse(resolved=True)[2:-2], image.read_raw_bytes()


def _text(text: str) -> str:
    """A text string as UTF-16 in hex (ISO 32000-1, 7.9.2.2)."""
    return f"<{(chr(0xFEFF) + text).encode('utf-16-be').hex()}>"
