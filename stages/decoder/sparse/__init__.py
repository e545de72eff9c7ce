"""Files of which not every frame need be decoded: ``mode = sparse``.

``survey`` reads all packets and groups them by keyframe; ``keyframes`` decodes those alone; ``likeness`` says whether
two pictures are the same; ``walk`` decodes the stretches in which something happens and gives the rest as
``Unchanged``, of which ``thinning`` lets through as many as the stages need to see that time passes.
"""
