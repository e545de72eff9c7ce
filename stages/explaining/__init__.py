"""The room of ``slidetap explain``: why there is, or is not, a slide of a moment, from the journal alone.

``facts`` are what the journal knows, ``shown`` and ``not_shown`` put into words why a slide is there or not,
``answers`` chooses between them. It decides nothing anew and changes nothing.
"""
