"""The test lecture as a source: deterministic, at any size and rate, with its exact truth.

It stands where the decoder stands, first in the flow, and serves the demo, the tests and the benchmarks.
"""

from stages.testsource.properties import TestSourceProperties
from stages.testsource.stage import TestSource

__all__ = ["TestSource", "TestSourceProperties"]
