"""The room of ``slidetap tune``: a video with truth is decoded once, and many settings are tried on what comes out.

``truth`` and ``scoring`` say how right slides are, also to the benchmarks; ``grid`` which settings to try; ``trial``
and ``sweep`` drive the stages that a pipeline is made of; ``results``, ``plot`` and ``config_file`` show the outcome.
Nothing here decides what a slide is.
"""
