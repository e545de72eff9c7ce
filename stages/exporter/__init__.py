"""The last stage: pages become pictures, a PDF, a PowerPoint file and slides.json, beside a journal.

Pages come in from dedup; nothing goes on from here. It neither captures nor compares.
"""

from stages.exporter.stage import Exporter, ExporterProperties

__all__ = ["Exporter", "ExporterProperties"]
