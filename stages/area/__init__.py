"""The room of the slide area: where in a room camera's picture the slides are, and what they look like upright.

``changes`` is what differs from page to page, ``lines`` the borders in what all pages have in common, ``corners``
which four of them go together, ``borders`` the same to a fraction of a pixel, ``aspect`` and ``rectified`` the way to
an upright picture, ``place`` whether the camera stayed where it was; ``search`` asks them all. Nothing here reads or
writes files.
"""
