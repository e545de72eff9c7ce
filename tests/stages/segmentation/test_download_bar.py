from __future__ import annotations

import io

from rich.console import Console

from stages.segmentation.download_bar import DownloadBar


def test_the_bar_names_the_model_and_what_has_come_and_goes_away() -> None:
    text = io.StringIO()
    bar = DownloadBar("u2netp", Console(file=text, force_terminal=True, width=100))
    bar.total = 2_000_000
    bar.update(1_000_000)
    bar.reset()
    bar.update(2_000_000)
    bar.close()
    assert "u2netp" in text.getvalue()
    assert "2.0/2.0 MB" in text.getvalue()
