"""Pools of processes that were killed: their files are removed, and readers give their memory back."""

from __future__ import annotations

from pathlib import Path

import pytest
from pools import GRAY, filled

from pipeline.frame import Ticket
from pipeline.pool import PoolReader, PoolWriter
from pipeline.pool_files import pool_name, remove_pools


def written(folder: Path, incarnation: int) -> tuple[PoolWriter, Ticket]:
    writer = PoolWriter(folder, pool_name("cam", incarnation, 1), 2, GRAY.nbytes)
    ticket = writer.put(filled(incarnation))
    assert ticket is not None
    return writer, ticket


def test_the_pools_of_one_incarnation_of_one_process_are_removed_and_no_others(tmp_path: Path) -> None:
    mine = [pool_name("a", 1, number) for number in (1, 2, 12)]
    others = [pool_name("a", 0, 1), pool_name("a", 11, 1), pool_name("a-1", 2, 3), pool_name("b", 1, 1), "pool-a-1-x"]
    for name in [*mine, *others]:
        (tmp_path / name).touch()
    remove_pools(tmp_path, "a", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_the_name_of_a_process_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "pool-axb-0-1").touch()
    remove_pools(tmp_path, "a.b", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["pool-axb-0-1"]


def test_a_reader_forgets_pools_that_are_gone_when_it_opens_the_next(tmp_path: Path) -> None:
    reader = PoolReader(tmp_path)
    for incarnation in range(20):
        _, ticket = written(tmp_path, incarnation)
        assert reader.take(ticket) is not None
        remove_pools(tmp_path, "cam", incarnation)
    assert list(reader._maps) == [pool_name("cam", 19, 1)]
    assert Path("/proc/self/maps").read_text().count(f"{tmp_path}/pool-") == 2  # the last writer has one too


def test_a_ticket_of_a_pool_that_was_forgotten_gives_nothing(tmp_path: Path) -> None:
    reader = PoolReader(tmp_path)
    _, old = written(tmp_path, 0)
    reader.take(old)
    remove_pools(tmp_path, "cam", 0)
    reader.take(written(tmp_path, 1)[1])
    assert reader.take(old) is None


@pytest.mark.parametrize("longest", ["p" * 31])
def test_the_longest_name_of_a_process_makes_a_name_that_readers_take(tmp_path: Path, longest: str) -> None:
    ticket = Ticket(pool_name(longest, 10**9, 10**6), 0, 2, GRAY)
    assert PoolReader(tmp_path).take(ticket) is None
