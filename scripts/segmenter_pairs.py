"""Pictures and the masks of the people in them, read from a folder into memory. For train_segmenter.

A folder of pairs has `images/` and `masks/`; a mask belongs to the picture of the same name, whatever the suffix. Where
there is an `index.csv` with the columns `id` and `split`, each pair is in the split it names; without one, one pair in
ten is held out for validation, by its name, so that adding pictures moves none from one side to the other.
"""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError, SourceError

Plane = npt.NDArray[np.uint8]  # (height, width)
Picture = npt.NDArray[np.uint8]  # (height, width, 3), RGB

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
INDEX = "index.csv"
HELD_OUT = 10  # one pair in so many, where nothing says which
_SHOWN = 3  # names in an error


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """``mask`` has the size of ``picture``; 0 is background, 255 person, between them the share of a pixel."""

    name: str
    picture: Picture
    mask: Plane


def read_pairs(folder: Path, split: str, longest_px: int = 0, limit: int = 0) -> list[Pair]:
    """The pairs of ``split`` ("train", "val", "test") in the order of their names; at most ``limit`` unless 0.

    Pictures are made smaller, never larger, until no side is above ``longest_px`` (0: as they are). Raises SourceError
    for what is not there, DataError for what cannot be used.
    """
    pictures, masks = by_name(folder / "images"), by_name(folder / "masks")
    splits = _splits(folder / INDEX)
    names = [name for name in pictures if _split_of(name, splits) == split]
    if absent := [name for name in names if name not in masks]:
        more = ", ..." if len(absent) > _SHOWN else ""
        raise SourceError(f"'{folder}' has no mask for {', '.join(absent[:_SHOWN])}{more}; add what is missing")
    if not names:
        raise DataError(f"'{folder}' has no pair in the split '{split}'")
    if limit:
        names = names[:: -(-len(names) // limit)]  # spread over all sources, which often lie one after the other
    return [_pair(name, pictures[name], masks[name], longest_px) for name in names]


def by_name(folder: Path) -> dict[str, Path]:
    """The pictures in ``folder`` by name without suffix. Raises SourceError; DataError if a name is there twice."""
    if not folder.is_dir():
        raise SourceError(f"there is no folder '{folder}'")
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in SUFFIXES:
            continue
        if file.stem in found:
            raise DataError(f"'{file}' and '{found[file.stem].name}' have the same name; take one of them away")
        found[file.stem] = file
    if not found:
        raise SourceError(f"'{folder}' has no pictures ({', '.join(SUFFIXES)})")
    return found


def read_picture(file: Path, longest_px: int = 0) -> Picture:
    """One picture as RGB. Raises DataError."""
    read = _decoded(file, cv2.IMREAD_COLOR)
    return _smaller(np.ascontiguousarray(read[..., ::-1]), longest_px)


def _pair(name: str, picture_file: Path, mask_file: Path, longest_px: int) -> Pair:
    picture, mask = read_picture(picture_file, longest_px), _decoded(mask_file, cv2.IMREAD_GRAYSCALE)
    if mask.shape != picture.shape[:2]:
        mask = np.asarray(cv2.resize(mask, picture.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
    return Pair(name, picture, mask)


def _decoded(file: Path, how: int) -> npt.NDArray[np.uint8]:
    data = np.frombuffer(file.read_bytes(), np.uint8)
    read = cv2.imdecode(data, how) if data.size else None
    if read is None:
        raise DataError(f"'{file}' cannot be read as a picture; it is damaged or no picture")
    return np.asarray(read, np.uint8)


def _smaller(picture: npt.NDArray[np.uint8], longest_px: int) -> npt.NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if not longest_px or max(height, width) <= longest_px:
        return picture
    shrink = longest_px / max(height, width)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _splits(index: Path) -> dict[str, str] | None:
    if not index.is_file():
        return None
    with index.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames is None or not {"id", "split"} <= set(rows.fieldnames):
            raise DataError(f"'{index}' needs the columns id and split, not {', '.join(rows.fieldnames or ['none'])}")
        return {str(row["id"]): str(row["split"]) for row in rows}


def _split_of(name: str, splits: dict[str, str] | None) -> str | None:
    if splits is not None:
        return splits.get(name)
    return "val" if zlib.crc32(name.encode()) % HELD_OUT == 0 else "train"
