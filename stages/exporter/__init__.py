"""The last stage: pages become pictures, a PDF, a PowerPoint file and slides.json, beside a journal.

Pages come in from dedup; nothing goes on from here. It neither captures nor compares. ``conversion`` makes the result
of one video, ``lecturing`` writes lectures while they go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stages.exporter.properties import ExporterProperties
    from stages.exporter.stage import Exporter

__all__ = ["Exporter", "ExporterProperties"]


def __getattr__(name: str) -> object:
    """The stage is imported when it is asked for: the command reads its ``index`` alone (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from stages.exporter import properties, stage

    return getattr(stage if name == "Exporter" else properties, name)
