"""The last stage: pages become pictures, a PDF, a PowerPoint file and slides.json, beside a journal.

Pages come in from dedup; nothing goes on from here. It neither captures nor compares. ``conversion`` makes the result
of one video, ``lecturing`` writes lectures while they go on.
"""

from stages.exporter.properties import ExporterProperties
from stages.exporter.stage import Exporter

__all__ = ["Exporter", "ExporterProperties"]
