"""Dedup: is a capture a new slide, an old one shown again, or still the current one? Between trigger and exporter.

``fingerprint`` and ``content`` say what a picture looks like, by whatever ``exposure``, ``colour`` where luma does not
tell, and ``changes`` how it came to; ``known`` compares it with the whole lecture, ``growing`` with the slide to which
things are still added, ``decision`` says what it is; ``stage`` passes pages on, or holds them (``held``), with what
``page`` and ``reasons`` say of them.
``remembered`` reads what a restart has to know. Where somebody stands before a slide, ``surroundings`` is what is
compared there, and ``view`` whose a later moment is. Nothing here writes a file.
"""

from stages.dedup.properties import DedupProperties
from stages.dedup.stage import Dedup

__all__ = ["Dedup", "DedupProperties"]
