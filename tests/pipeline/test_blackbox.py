"""The last accounts of a process outlive it, and a file that is damaged says nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.blackbox import BlackBox, recovered
from pipeline.messages import Ledger

NAME = "accounts-p-2"


def test_what_was_written_last_is_recovered_once(tmp_path: Path) -> None:
    box = BlackBox(tmp_path, "p", 2)
    for count in range(5):
        box.write({"s": Ledger(count, dropped={"dull": count}), "s-t": Ledger(sent=count)})
    assert recovered(tmp_path, "p", 2) == {"s": Ledger(4, dropped={"dull": 4}), "s-t": Ledger(sent=4)}
    assert recovered(tmp_path, "p", 2) is None
    assert list(tmp_path.iterdir()) == []


def test_what_counts_nothing_new_is_not_written_again(tmp_path: Path) -> None:
    box = BlackBox(tmp_path, "p", 2)
    box.write({"s": Ledger(1, dropped={"dull": 1}, busy_ns=5)})
    before = (tmp_path / NAME).read_bytes()
    box.write({"s": Ledger(1, dropped={"dull": 1}, busy_ns=7)})
    assert (tmp_path / NAME).read_bytes() == before
    box.write({"s": Ledger(2, dropped={"dull": 2}, busy_ns=7)})
    assert recovered(tmp_path, "p", 2) == {"s": Ledger(2, dropped={"dull": 2}, busy_ns=7)}


def test_what_is_being_written_when_the_process_is_killed_does_not_count(tmp_path: Path) -> None:
    box = BlackBox(tmp_path, "p", 2)
    box.write({"s": Ledger(1)})
    box.write({"s": Ledger(2)})
    data = bytearray((tmp_path / NAME).read_bytes())
    side = data[0]
    other = 1 if side == 2 else 2
    data[other << 16 : (other << 16) + 20] = b"x" * 20
    (tmp_path / NAME).write_bytes(data)
    assert recovered(tmp_path, "p", 2) == {"s": Ledger(2)}


def test_nothing_is_recovered_of_a_process_that_wrote_nothing(tmp_path: Path) -> None:
    BlackBox(tmp_path, "p", 2)
    assert recovered(tmp_path, "p", 2) is None
    assert recovered(tmp_path, "p", 3) is None


def test_more_than_there_is_room_for_leaves_what_was_there(tmp_path: Path) -> None:
    box = BlackBox(tmp_path, "p", 2)
    box.write({"s": Ledger(1)})
    box.write({f"stage-{number}": Ledger(number) for number in range(2000)})
    assert recovered(tmp_path, "p", 2) == {"s": Ledger(1)}


def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    BlackBox(tmp_path, "p", 2)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_the_box_of_another_incarnation_is_not_touched(tmp_path: Path) -> None:
    BlackBox(tmp_path, "p", 2)
    with pytest.raises(FileExistsError):
        BlackBox(tmp_path, "p", 2)


@given(st.binary(max_size=200), st.sampled_from([0, 1, 2, 3]), st.integers(0, 2**32 - 1))
def test_a_damaged_file_says_nothing(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, side: int, length: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    head = bytes([side, 0, 0, 0]) + length.to_bytes(4, "little")
    (folder / NAME).write_bytes(head.ljust(1 << 16, b"\0") + content)
    assert recovered(folder, "p", 2) is None
