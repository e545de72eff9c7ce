from __future__ import annotations

from pathlib import Path

import pytest

from stages.segmentation.digests import digest, digests

# RFC 1321 appendix A.5; FIPS 180-2 appendix B.1
MD5, SHA256 = "900150983cd24fb0d6963f7d28e17f72", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_sums_of_one_reading_come_in_the_order_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digests(tmp_path / "a", ["sha256", "md5"]) == [f"sha256:{SHA256}", f"md5:{MD5}"]


def test_a_file_larger_than_a_reading_is_summed_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(2**20 + 1))
    (tmp_path / "b").write_bytes(bytes(2**20) + b"\1")
    assert digest(tmp_path / "a", "md5") != digest(tmp_path / "b", "md5")


def test_a_file_that_is_not_there_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest(tmp_path / "a", "md5")
