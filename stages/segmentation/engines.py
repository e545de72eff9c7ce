"""Where TensorRT keeps the engines that it takes minutes to build: a folder of the user's own, and of nobody else.

Beside ``devices``. An engine is code that is run as it lies there, so a folder that others can write to is not used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import OutputError


def engines_folder(environment: Mapping[str, str]) -> Path:
    """slidetap/tensorrt in the user's cache folder (XDG), made with mode 0700.

    Raises OutputError if there can be none, or if others than the user could have written to it.
    """
    given = environment.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
        folder = cache / "slidetap" / "tensorrt"
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError) as e:
        raise OutputError(f"TensorRT's engines cannot be kept: {e}") from e
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise OutputError(
            f"TensorRT's engines are not kept: others can write to '{folder}'; remove it, or chmod 700 it"
        )
    return folder
