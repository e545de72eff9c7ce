from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from pipeline.errors import WriteError
from stages.exporter.backlog import KEPT_PAGES, KEPT_REVEALS, Backlog


class Disk:
    """``done``: what found room; ``released``: pages that were acknowledged."""

    def __init__(self) -> None:
        self.error: int | None = None
        self.done: list[str] = []
        self.released: list[str] = []

    def work(self, name: str) -> Callable[[], None]:
        def do() -> None:
            if self.error is not None:
                cause = OSError(self.error, "no")
                raise WriteError("no") from cause
            self.done.append(name)

        return do

    def defer(self, name: str) -> Callable[[], Callable[[], None]]:
        return lambda: lambda: self.released.append(name)


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_what_finds_room_is_done_at_once_and_not_deferred(disk: Disk) -> None:
    backlog = Backlog()
    assert backlog.do(disk.work("a"), disk.defer("a"))
    assert (disk.done, disk.released, backlog.pages, backlog.full) == (["a"], [], 0, None)


def test_nothing_overtakes_what_waits(disk: Disk) -> None:
    backlog = Backlog()
    disk.error = errno.ENOSPC
    backlog.do(disk.work("page"), disk.defer("page"))
    disk.error = None
    backlog.do(disk.work("event"))
    assert disk.done == [] and backlog.full is not None
    assert backlog.retry(lambda e: None) == 1
    assert disk.done == ["page", "event"] and disk.released == ["page"] and backlog.full is None


def test_what_finds_no_room_again_goes_on_waiting(disk: Disk) -> None:
    backlog = Backlog()
    disk.error = errno.EDQUOT
    backlog.do(disk.work("page"), disk.defer("page"))
    assert backlog.retry(lambda e: None) == 0
    assert (disk.released, backlog.pages) == ([], 1)


def test_what_no_waiting_helps_is_not_kept(disk: Disk) -> None:
    backlog = Backlog()
    disk.error = errno.EIO
    with pytest.raises(WriteError):
        backlog.do(disk.work("page"), disk.defer("page"))
    assert backlog.full is None


def test_what_no_waiting_helps_any_more_is_given_up_and_the_rest_goes_on(disk: Disk) -> None:
    backlog = Backlog()
    disk.error = errno.ENOSPC
    backlog.do(disk.work("first"), disk.defer("first"))
    backlog.do(disk.work("second"), disk.defer("second"))
    disk.error = errno.EIO
    failed: list[WriteError] = []

    def fail(error: WriteError) -> None:
        failed.append(error)
        disk.error = None

    assert backlog.retry(fail) == 1
    assert len(failed) == 1 and disk.done == ["second"] and disk.released == ["first", "second"]


def test_there_is_place_for_so_many_pages_and_for_events_still(disk: Disk) -> None:
    backlog = Backlog()
    disk.error = errno.ENOSPC
    taken = [backlog.do(disk.work(str(n)), disk.defer(str(n))) for n in range(KEPT_PAGES + 1)]
    assert taken == [True] * KEPT_PAGES + [False]
    assert backlog.do(disk.work("event")) and backlog.pages == KEPT_PAGES


def test_reveals_have_few_places_of_their_own_and_are_no_pages(disk: Disk) -> None:
    backlog = Backlog()
    disk.error = errno.ENOSPC
    taken = [backlog.do(disk.work(f"r{n}"), disk.defer(f"r{n}"), is_reveal=True) for n in range(KEPT_REVEALS + 1)]
    assert taken == [True] * KEPT_REVEALS + [False] and backlog.pages == 0
    assert all(backlog.do(disk.work(f"p{n}"), disk.defer(f"p{n}")) for n in range(KEPT_PAGES))
    disk.error = None
    assert backlog.retry(lambda error: None) == KEPT_PAGES
    assert len(disk.released) == KEPT_REVEALS + KEPT_PAGES
