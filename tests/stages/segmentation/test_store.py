"""The folder of models, without a network; tests with one are in test_downloading."""

from __future__ import annotations

import dataclasses
import hashlib
import stat
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, OutputError, SourceError
from stages.segmentation.models import MODELS, ModelSpec
from stages.segmentation.store import State, Store, default_folder

PUBLISHED = b"what u2netp.onnx holds, for this test"


@pytest.fixture
def table() -> dict[str, ModelSpec]:
    digest = f"md5:{hashlib.md5(PUBLISHED).hexdigest()}"
    return {**MODELS, "u2netp": dataclasses.replace(MODELS["u2netp"], digest=digest)}


@pytest.fixture
def store(tmp_path: Path, table: dict[str, ModelSpec]) -> Store:
    return Store(tmp_path / "data" / "models", table)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "download (1).onnx"
    path.write_bytes(PUBLISHED)
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "trained.onnx"
    path.write_bytes(b"my own")
    return path


def test_a_file_of_the_table_is_known_by_its_sum(store: Store, published: Path) -> None:
    added = store.add(published)
    assert (added.spec.name, added.added) == ("u2netp", False)
    spec, path = store.model("u2netp")
    assert spec.size == (320, 320)
    assert path.read_bytes() == PUBLISHED


def test_a_file_of_ones_own_is_used_as_one_of_the_table(store: Store, own: Path) -> None:
    store.add(own, like="isnet-general-use")
    spec, path = store.model("trained")
    assert path.read_bytes() == b"my own"
    assert (spec.name, spec.size, spec.std) == ("trained", (1024, 1024), (1.0, 1.0, 1.0))
    assert spec.digest == f"sha256:{hashlib.sha256(b'my own').hexdigest()}"
    assert spec.url == ""


def test_a_file_of_the_table_may_be_kept_under_another_name(store: Store, published: Path) -> None:
    store.add(published, name="older", like="u2netp")
    assert store.model("older")[1].read_bytes() == PUBLISHED


def test_what_is_added_again_replaces_what_was(store: Store, own: Path) -> None:
    store.add(own, like="u2net")
    own.write_bytes(b"trained for longer")
    store.add(own, like="u2netp")
    spec, path = store.model("trained")
    assert path.read_bytes() == b"trained for longer"
    assert spec.purpose == "added; used as u2netp"


def test_the_folder_is_for_its_user_alone_and_so_are_the_files(store: Store, own: Path) -> None:
    store.add(own, like="u2net")
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in store.folder.iterdir()} == {0}
    assert sorted(file.name for file in store.folder.iterdir()) == ["trained.json", "trained.onnx"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "is in no table; say --like and one of: u2netp, "),
        ({"like": "u3net"}, "cannot be like 'u3net'"),
        ({"name": "../evil", "like": "u2net"}, "'../evil' is no name for a model"),
        ({"name": "", "like": "u2net"}, "'' is no name for a model"),
        ({"name": "u2net", "like": "u2net"}, "'u2net' is the name of a model of the table, and this is another file"),
    ],
)
def test_a_file_that_cannot_be_placed_is_refused(
    store: Store, own: Path, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        store.add(own, **arguments)
    assert not store.folder.exists()


def test_a_file_that_is_not_there_cannot_be_added(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="gone.onnx' cannot be read: No such file or directory"):
        store.add(tmp_path / "gone.onnx", like="u2net")


@pytest.mark.parametrize("damaged", [b"my ow", b"my owm", b""])
def test_a_damaged_file_is_never_given_out(store: Store, own: Path, damaged: bytes) -> None:
    store.add(own, like="u2net").path.write_bytes(damaged)
    with pytest.raises(ConfigError, match="model 'trained': .* has the sum sha256:.*, not sha256:.*; it is damaged"):
        store.model("trained")


def test_a_damaged_file_of_the_table_is_never_given_out(store: Store, published: Path) -> None:
    store.add(published).path.write_bytes(PUBLISHED[:-1])
    with pytest.raises(ConfigError, match=r"it is damaged and is not loaded: pull it again"):
        store.model("u2netp")


def test_a_file_that_somebody_put_there_without_a_record_is_no_model(store: Store) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "mine.onnx").write_bytes(b"x")
    with pytest.raises(ConfigError, match="there is no model 'mine'; there is: u2netp, "):
        store.model("mine")


@pytest.mark.parametrize(
    "record",
    [
        "",
        "{",
        "[]",
        '{"like": "u2net"}',
        '{"like": "u3net", "digest": "sha256:0"}',
        '{"like": "u2net", "digest": "crc:0"}',
    ],
)
def test_a_damaged_record_is_named(store: Store, own: Path, record: str) -> None:
    store.add(own, like="u2net")
    (store.folder / "trained.json").write_text(record)
    with pytest.raises(ConfigError, match="trained.json' is no record of a model"):
        store.model("trained")


def test_a_model_that_is_missing_says_how_to_get_it(store: Store, own: Path) -> None:
    with pytest.raises(ConfigError, match="fetch it with: slidetap models pull u2net$"):
        store.model("u2net")
    store.add(own, like="u2net").path.unlink()
    with pytest.raises(ConfigError, match="fetch it with: slidetap models add FILE --name trained$"):
        store.model("trained")


def test_a_name_never_leads_out_of_the_folder(store: Store) -> None:
    with pytest.raises(ConfigError, match="there is no model '../../etc/passwd'"):
        store.model("../../etc/passwd")


def test_entries_are_the_table_and_what_was_added(store: Store, own: Path) -> None:
    assert [(each.spec.name, each.state) for each in store.entries()] == [(name, State.MISSING) for name in MODELS]
    store.add(own, like="u2net")
    last = store.entries()[-1]
    assert (last.spec.name, last.state, last.size_bytes, last.added) == ("trained", State.THERE, 6, True)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, own: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="the folder for models, '.*file/models', cannot be made: Not a directory"):
        Store(tmp_path / "file" / "models").add(own, like="u2net")


def test_where_models_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    usual = Path("/home/someone/.local/share/slidetap/models")
    assert default_folder({}) == usual
    assert default_folder({"XDG_DATA_HOME": "relative"}) == usual
    assert default_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/slidetap/models")
    assert default_folder({"XDG_DATA_HOME": "/data", "SLIDETAP_MODELS": "/models"}) == Path("/models")
