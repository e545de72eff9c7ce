r"""Launch lines <-> PipelineConfig: ``decoder uri=a.mp4 ! bgsub method=knn ! trigger``, after gst-launch.

``!`` links; ``key=value`` sets a property of the stage before it. ``( a ! b )`` fuses a and b into one process.
A line may have several chains; ``name.`` or ``name.pad`` at the beginning of one names the stage it continues:
``decoder name=d ! bgsub ! trigger  d.packets ! recorder``. Four keys are not properties of the stage itself:
``name=``; ``process=`` (same name, same process); ``window=`` and ``leaky=`` of the link that enters it.
A value with spaces, quotes or parentheses stands in "..." or '...'; within "..." a backslash makes the next
character plain. Numbers, true and false are read as such unless quoted. There are no caps filters.

``words`` splits a line, ``reading`` turns words into a config, ``writing`` goes the other way.
"""

from pipeline.launch.reading import parse
from pipeline.launch.writing import to_launch

__all__ = ["parse", "to_launch"]
