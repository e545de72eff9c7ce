"""Finding the presenter: which pixels of a picture are a person in front of the slide.

``models`` is the table of networks, ``store`` keeps their files, ``session`` runs one, ``preparing`` and ``masks`` are
what happens to the pixels before and after, ``presence`` and ``slide_shape`` decide whether anybody is there.
"""
