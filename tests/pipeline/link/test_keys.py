"""Keys: files that are one's own alone, or none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from key_rings import allow, key_rings

from pipeline.errors import ConfigError, OutputError
from pipeline.link.keys import client_keys, new, server_keys


@pytest.fixture
def rings(tmp_path: Path) -> tuple[Path, Path]:
    """Of a service, and of its client hall."""
    service, clients = key_rings(tmp_path)
    return service, clients["hall"]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_both_sides_know_each_other_by_their_public_keys(rings: tuple[Path, Path]) -> None:
    service, client = server_keys(rings[0]), client_keys(rings[1])
    assert client.server == service.own.public
    assert service.clients == {client.own.public: "hall"}


def test_a_secret_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        public = new(tmp_path / "keys", "hall")
    finally:
        os.umask(before)
    assert (mode(tmp_path / "keys"), mode(public.with_suffix(".secret"))) == (0o700, 0o600)


def test_a_secret_is_in_no_text_that_is_made_of_keys(rings: tuple[Path, Path]) -> None:
    service, client = server_keys(rings[0]), client_keys(rings[1])
    secrets = [path.read_text().strip() for ring in rings for path in ring.glob("*.secret")]
    assert len(secrets) == 2
    assert not any(secret in repr(service) + repr(client) + str(service) for secret in secrets)


@pytest.mark.parametrize("bits", [0o040, 0o004, 0o020, 0o001])
def test_a_folder_that_others_can_reach_is_refused(rings: tuple[Path, Path], bits: int) -> None:
    rings[0].chmod(0o700 | bits)
    with pytest.raises(ConfigError, match=rf"'{rings[0]}' has mode 07\d\d, .*chmod 0700"):
        server_keys(rings[0])


@pytest.mark.parametrize("bits", [0o040, 0o004, 0o020])
def test_a_secret_that_others_can_reach_is_refused(rings: tuple[Path, Path], bits: int) -> None:
    (rings[1] / "hall.secret").chmod(0o600 | bits)
    with pytest.raises(ConfigError, match=r"hall.secret' has mode 06\d\d, .*chmod 0600"):
        client_keys(rings[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_secret_of_another_user_is_refused(rings: tuple[Path, Path]) -> None:
    os.chown(rings[1] / "hall.secret", 12345, -1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        client_keys(rings[1])


@pytest.mark.parametrize(
    "text", ["", "hunter2 is the password", "x" * 40 + "\n" + "y", "~" * 40, "#" * 40, "\xe9" * 40]
)
def test_what_is_no_key_is_named_and_not_repeated(rings: tuple[Path, Path], text: str) -> None:
    (rings[1] / "hall.secret").write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"hall.secret' holds no key") as caught:
        client_keys(rings[1])
    assert not text or text not in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere' cannot be read: No such file"):
        client_keys(tmp_path / "nowhere")


def test_a_folder_without_a_secret_says_how_one_is_made(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(ConfigError, match="there is no key in .*slidetap keys new"):
        server_keys(tmp_path)


def test_two_secrets_in_a_folder_are_one_too_many(rings: tuple[Path, Path]) -> None:
    (rings[0] / "other.secret").write_bytes((rings[0] / "gpu.secret").read_bytes())
    with pytest.raises(ConfigError, match="there are 2 keys"):
        server_keys(rings[0])


def test_a_folder_with_a_key_gets_no_second(rings: tuple[Path, Path]) -> None:
    before = (rings[1] / "hall.secret").read_bytes()
    with pytest.raises(ConfigError, match="there is a key already"):
        new(rings[1], "hall")
    assert (rings[1] / "hall.secret").read_bytes() == before


def test_a_new_key_does_not_hide_the_service_that_is_known(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "server.public").write_text("x" * 40)
    with pytest.raises(ConfigError, match="would hide"):
        new(tmp_path, "server")


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a b", "x" * 65])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name for a key"):
        new(tmp_path / "keys", name)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="no key can be made in .*Not a directory"):
        new(tmp_path / "file" / "keys", "hall")


def test_a_service_that_allows_nobody_says_where_clients_belong(tmp_path: Path) -> None:
    new(tmp_path / "keys", "gpu")
    with pytest.raises(ConfigError, match="nobody may connect: .*keys/clients'"):
        server_keys(tmp_path / "keys")


def test_a_client_that_knows_no_service_says_what_is_missing(tmp_path: Path) -> None:
    new(tmp_path / "keys", "hall")
    with pytest.raises(ConfigError, match=r"server.public' is missing"):
        client_keys(tmp_path / "keys")


def test_a_client_does_not_take_its_own_key_for_the_services(tmp_path: Path) -> None:
    new(tmp_path / "keys", "server")
    with pytest.raises(ConfigError, match="is this side's own key"):
        client_keys(tmp_path / "keys")


def test_a_client_whose_public_key_is_none_is_named(rings: tuple[Path, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.public"
    broken.write_text("no key")
    allow(rings[0], broken)
    with pytest.raises(ConfigError, match=r"clients/broken.public' holds no key"):
        server_keys(rings[0])
