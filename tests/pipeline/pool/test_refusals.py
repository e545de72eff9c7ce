"""Tickets that were made up, and files that are no pools: refused, or nothing comes out."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pools import GRAY, NAME, pool, put
from travellers import layouts

from pipeline.errors import WireError
from pipeline.frame import Layout, Ticket
from pipeline.pool import PoolReader


@pytest.mark.parametrize(
    "name",
    [
        "",
        "pool-",
        "bus",
        "/etc/passwd",
        "../pool-decoder-1",
        "pool-../../etc/passwd",
        "pool-a/b",
        "pool-a\0b",
        "pool-a\n",
        "pool-ä",
        "pool-" + "x" * 65,
    ],
)
def test_a_name_that_is_no_pools_is_refused_before_any_file_is_opened(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.open", None)
    with pytest.raises(WireError, match="no pool of this run"):
        PoolReader(tmp_path).take(Ticket(name, 0, 2, GRAY))


def test_a_pool_that_ended_with_its_process_gives_nothing(tmp_path: Path) -> None:
    assert PoolReader(tmp_path).take(Ticket("pool-x-0-1", 0, 2, GRAY)) is None


@pytest.mark.parametrize("slot", [3, 4, -1, 2**63 - 1])
def test_a_slot_that_does_not_exist_is_refused(tmp_path: Path, slot: int) -> None:
    pool(tmp_path, 3)
    with pytest.raises(WireError, match="no such slot"):
        PoolReader(tmp_path).take(Ticket(NAME, slot, 2, GRAY))


def test_a_picture_larger_than_a_slot_is_refused(tmp_path: Path) -> None:
    ticket = put(pool(tmp_path, 3), 1)
    with pytest.raises(WireError, match="no such slot"):
        PoolReader(tmp_path).take(Ticket(NAME, ticket.slot, ticket.generation, Layout("gray", 64, 49)))


@pytest.mark.parametrize("generation", [0, 1, 3, -2, -1])
def test_a_generation_that_no_picture_ever_has_is_refused(tmp_path: Path, generation: int) -> None:
    pool(tmp_path, 3)  # its slots are at generation 0: nothing lies in them
    with pytest.raises(WireError, match="no picture ever had it"):
        PoolReader(tmp_path).take(Ticket(NAME, 0, generation, GRAY))


@pytest.mark.parametrize("generation", [4, 2**63 - 2, 2**64 + 2])
def test_a_generation_that_is_not_there_gives_nothing(tmp_path: Path, generation: int) -> None:
    put(pool(tmp_path, 3), 1)
    assert PoolReader(tmp_path).take(Ticket(NAME, 0, generation, GRAY)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"SLTPOOL1",
        bytes(8192),
        struct.pack("<8sQQ", b"SLTPOOL1", 3, 3072),  # the slots are missing
        struct.pack("<8sQQ", b"SLTPOOL1", 2**63, 2**63).ljust(8192),
        struct.pack("<8sQQ", b"SLTPOOL2", 0, 0).ljust(8192),
    ],
)
def test_a_file_that_is_no_pool_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(WireError, match="is not a picture pool"):
        PoolReader(tmp_path).take(Ticket(NAME, 0, 2, GRAY))


def test_an_empty_file_and_a_folder_are_no_pools(tmp_path: Path) -> None:
    (tmp_path / "pool-a").write_bytes(b"")
    (tmp_path / "pool-b").mkdir()
    for name in ("pool-a", "pool-b"):
        with pytest.raises(WireError, match="cannot be opened"):
            PoolReader(tmp_path).take(Ticket(name, 0, 2, GRAY))


@given(st.binary(max_size=9000), layouts, st.integers(-5, 2**64), st.integers(-5, 2**64))
def test_any_file_and_any_ticket_give_a_picture_nothing_or_a_wire_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, layout: Layout, slot: int, generation: int
) -> None:
    folder = tmp_path_factory.mktemp("pools")
    (folder / NAME).write_bytes(content)
    try:
        PoolReader(folder).take(Ticket(NAME, slot, generation, layout))
    except WireError:
        return
