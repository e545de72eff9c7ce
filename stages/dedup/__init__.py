"""Dedup: is a capture a new slide, an old one shown again, or still the current one? Between trigger and exporter.

``fingerprint`` and ``content`` say what a picture looks like, ``known`` compares it with the whole lecture, ``growing``
holds a slide to which things are still added; ``stage`` passes pages on. Nothing here writes a file.
"""

from stages.dedup.properties import DedupProperties
from stages.dedup.stage import Dedup

__all__ = ["Dedup", "DedupProperties"]
