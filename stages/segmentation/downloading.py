"""One file over HTTP, whole and with the right sum, or an error. The only file that imports pooch, and late.

``store`` gives the temporary path and the name afterwards; nothing is renamed here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import ConfigError, DataError, SourceError
from stages.segmentation.digests import digest

TIMEOUT_S = 30.0  # to connect, and without a byte

_CHUNK = 2**16


class Progress(Protocol):
    """Of a download, in bytes: what pooch wants of a bar. It sets ``total`` first, and updates before it resets."""

    total: int

    def update(self, count: int) -> object: ...
    def reset(self) -> object: ...

    def close(self) -> object: ...


def download(url: str, known: str, into: Path, progress: Progress | None = None, timeout_s: float = TIMEOUT_S) -> None:
    """Fetch ``url`` to ``into`` and compare its sum with ``known``.

    Raises SourceError if it cannot be fetched as a whole, DataError for another sum, OSError if it cannot be written;
    what has come by then is in ``into``.
    """
    try:
        import pooch
        import requests
    except ImportError as e:
        raise ConfigError(f"fetching models needs pooch, which cannot be imported: {e}; pip install pooch") from e
    answers: list[Any] = []
    fetch = pooch.HTTPDownloader(
        progressbar=progress or False,
        chunk_size=_CHUNK,
        timeout=timeout_s,
        hooks={"response": lambda answer, **_: answers.append(answer)},
    )
    try:
        fetch(url, str(into), None)
    except requests.exceptions.HTTPError as e:
        raise SourceError(f"{url} cannot be fetched: {str(e).partition(' for url')[0]}") from e
    except requests.exceptions.Timeout as e:
        raise SourceError(f"{url} gave nothing for {timeout_s:g} s; try again later") from e
    except requests.exceptions.ChunkedEncodingError as e:
        raise SourceError(f"the download of {url} broke off; try again") from e
    except requests.exceptions.ConnectionError as e:
        raise SourceError(f"{url} cannot be reached; is there a network?") from e
    except requests.exceptions.RequestException as e:
        raise SourceError(f"{url} cannot be fetched: {' '.join(str(e).split())}") from e
    finally:
        for answer in answers:
            answer.close()  # pooch leaves it open when something is raised
        if progress is not None:
            progress.close()  # the same
    algorithm = known.partition(":")[0]
    if (found := digest(into, algorithm)) != known:
        raise DataError(f"what came from {url} has the sum {found}, not {known}; it was thrown away")
