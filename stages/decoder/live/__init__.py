"""Live sources: a thread reads the camera, the run loop decodes what it brought and never waits for it.

``source`` says what FFmpeg is given, ``connection`` opens it, ``demux`` is the thread, ``arrivals`` the queue between,
``decoding``, ``clock`` and ``watch`` are the run loop's side, and ``capture`` joins them.
"""
