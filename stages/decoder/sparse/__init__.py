"""Files of which not every frame need be decoded: ``mode = sparse``.

``frames`` gives them all in order, the first before anything else is done; ``entry`` prepares the rest:
``survey`` reads all packets, groups them by keyframe and notes equal ``contents``, and the ``cuts`` that ``glimpses``
prove; ``keyframes`` decodes those alone; ``likeness`` says whether two pictures are the same but for a pointer,
``prints`` whether they are to the bit; ``walk`` decodes the stretches in which something happens, less what
``repeats``, and gives the rest as ``Unchanged``, of which ``thinning`` lets through as many as the stages need to see
that time passes.
"""
