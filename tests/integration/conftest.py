"""Child processes of these tests find the playthings, and each test has a place of its own for run folders."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def playthings_on_the_path(plugins_path: None) -> None:
    """For every test here."""


@pytest.fixture(autouse=True)
def nothing_is_left_of_a_run(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Whatever a test does to a run, its folder with sockets and pools must be gone afterwards."""
    folder = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("SLIDETAP_RUN_DIR", str(folder))
    yield
    assert list(folder.iterdir()) == []
