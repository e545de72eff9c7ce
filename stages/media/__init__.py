"""Media files without their pictures: describing, cutting, joining and repairing what was recorded.

A room of its own that the decoder, the recorder and the keeper share. Nothing here decodes or encodes video.
"""
