"""Masks from another host: as those made here, and what is said when none come."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq
from key_rings import client_ring, key_rings
from mask_services import OFFER, POISON, SIZE, TERMS, Reds, Serving, picture

from pipeline.call import Call
from pipeline.errors import ConfigError, StageError, WireError
from pipeline.link.keys import server_keys
from pipeline.wire import encode_call
from stages.segmentation import protocol
from stages.segmentation.remote import FarError, RemoteSegmenter
from stages.segmentation.segmenter import Masks

Remote = Callable[..., RemoteSegmenter]


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="sl"))  # an ipc address may have 107 characters, and tmp_path is long
    yield made
    shutil.rmtree(made)


@pytest.fixture
def reds() -> Iterator[Reds]:
    made = Reds()
    yield made
    made.gate.set()


@pytest.fixture
def remote() -> Iterator[Remote]:
    made: list[RemoteSegmenter] = []

    def make(address: str, keys: Path | None = None, patience_s: float = 20.0, **given: str) -> RemoteSegmenter:
        made.append(RemoteSegmenter(address, keys, patience_s=patience_s, **given))
        return made[-1]

    yield make
    for each in made:
        each.close()


def width(found: object) -> int:
    return int(np.count_nonzero(found.mask[0]))  # type: ignore[attr-defined]


def test_a_mask_from_afar_is_as_one_made_here(reds: Reds, remote: Remote) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (*SIZE, 3), np.uint8)
    (here,) = reds.segment([noise])
    with Serving(reds) as serving:
        far: Masks = remote(serving.address)
        (found,) = far.segment([noise])
    np.testing.assert_array_equal(found.mask, here.mask)
    assert found.mask.dtype == np.uint8 and found.probabilities.dtype == np.float32
    assert float(np.abs(found.probabilities - here.probabilities).max()) <= 1 / 255


def test_pictures_of_any_size_and_number_come_back_in_order(reds: Reds, remote: Remote) -> None:
    pictures = [picture(0, 2 * each, (48, 64)) for each in range(11)] + [picture(0, 32)[:, :, 2]]
    with Serving(reds) as serving:
        found = remote(serving.address).segment(pictures)
    assert [width(each) for each in found] == [*range(11), 32]
    assert max(reds.batches) <= TERMS.batch


def test_no_pictures_need_no_service(remote: Remote) -> None:
    assert remote("tcp://127.0.0.1:1").segment([]) == []


def test_a_picture_that_is_none_is_refused_as_here(reds: Reds, remote: Remote) -> None:
    with Serving(reds) as serving:
        far = remote(serving.address)
        with pytest.raises(ValueError, match="a picture is uint8"):
            far.segment([np.zeros((4, 4, 3), np.float32)])
        assert width(far.segment([picture(0, 5)])[0]) == 5


def test_the_device_is_what_the_service_said_last(reds: Reds, remote: Remote) -> None:
    with Serving(reds) as serving:
        far = remote(serving.address)
        assert far.device == "remote"
        assert far.connect() == OFFER
        assert far.device == "remote gpu"
        reds.device = "cpu"
        far.segment([picture(0, 1)])
        assert far.device == "remote cpu"


def test_two_clients_with_keys_share_a_service_and_get_their_own_masks(
    reds: Reds, remote: Remote, tmp_path: Path
) -> None:
    service, clients = key_rings(tmp_path, ("hall", "room"))
    found: dict[str, list[int]] = {}
    with Serving(reds, "tcp://127.0.0.2:*", server_keys(service)) as serving:

        def ask(name: str, first: int) -> None:
            far = remote(serving.address, clients[name])
            masks = [far.segment([picture(0, first + each)])[0] for each in range(10)]
            found[name] = [width(mask) for mask in masks]

        threads = [threading.Thread(target=ask, args=given) for given in (("hall", 0), ("room", 20))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {"hall": list(range(10)), "room": list(range(20, 30))}


def test_another_model_than_asked_for_is_refused(reds: Reds, remote: Remote) -> None:
    with Serving(reds) as serving:
        assert remote(serving.address, model="reds", digest="sha256:12ab").connect() == OFFER
        with pytest.raises(ConfigError, match=f"{serving.address} has 'reds' and not 'u2netp'"):
            remote(serving.address, model="u2netp").segment([picture(0, 1)])


def test_another_file_of_the_model_is_refused_if_both_know_the_same_kind_of_sum(reds: Reds, remote: Remote) -> None:
    with Serving(reds) as serving:
        with pytest.raises(ConfigError, match="another file of 'reds': sha256:12ab, not sha256:99"):
            remote(serving.address, model="reds", digest="sha256:99").connect()
        assert remote(serving.address, model="reds", digest="md5:99").connect() == OFFER


def test_a_service_that_is_not_there_is_named_when_patience_is_out(remote: Remote) -> None:
    with pytest.raises(FarError, match="mask service at tcp://127.0.0.1:1 does not answer; is it running"):
        remote("tcp://127.0.0.1:1", patience_s=0.2).segment([picture(0, 1)])


def test_what_takes_connections_and_says_nothing_is_no_wrong_key(remote: Remote, tmp_path: Path) -> None:
    _, clients = key_rings(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(FarError, match="does not answer"):
            remote(address, clients["hall"], patience_s=0.3).connect()


def test_a_service_that_hears_and_does_not_answer_is_asked_again_and_then_given_up(reds: Reds, remote: Remote) -> None:
    reds.gate.clear()
    with Serving(reds) as serving:
        with pytest.raises(FarError, match="does not answer"):
            remote(serving.address, patience_s=2.0).segment([picture(0, 1)])
        serving.until(lambda figures: figures["hellos"] == 2)
        reds.gate.set()


def test_one_that_was_given_up_may_be_asked_again(reds: Reds, remote: Remote) -> None:
    reds.gate.clear()
    with Serving(reds) as serving:
        far = remote(serving.address, patience_s=2.0)
        with pytest.raises(FarError):
            far.segment([picture(0, 1)])
        reds.gate.set()
        serving.until(lambda figures: figures["gone"] > 0)  # the answers that came too late found nobody
        assert width(far.segment([picture(0, 7)])[0]) == 7


def test_a_service_that_is_restarted_between_two_masks_is_found_again(reds: Reds, remote: Remote, folder: Path) -> None:
    address = f"ipc://{folder}/masks"
    far = remote(address)
    for count in (3, 4):
        with Serving(reds, address):
            assert width(far.segment([picture(0, count)])[0]) == count


def test_what_was_being_made_when_a_service_ended_is_asked_of_its_successor(
    reds: Reds, remote: Remote, folder: Path
) -> None:
    address = f"ipc://{folder}/masks"
    far, found = remote(address), list[object]()
    stuck = Reds()
    stuck.gate.clear()
    first = Serving(stuck, address)
    with first:
        asking = threading.Thread(target=lambda: found.extend(far.segment([picture(0, 6)])))
        asking.start()
        first.until(lambda figures: figures["hellos"] == 1)
        waiting = threading.Event()
        while first.serving._batching.idle:
            waiting.wait(0.005)
        first.abandon()
        stuck.gate.set()
    assert stuck.batches == [1]
    with Serving(reds, address):
        asking.join(30)
    assert [width(each) for each in found] == [6]


def test_another_network_after_a_restart_is_not_taken_for_the_same(reds: Reds, remote: Remote, folder: Path) -> None:
    address = f"ipc://{folder}/masks"
    far = remote(address)
    with Serving(reds, address):
        far.segment([picture(0, 1)])
    with (
        Serving(reds, address, offer=dataclasses.replace(OFFER, model="blues")),
        pytest.raises(StageError, match="has another network than before: 'blues'") as caught,
    ):
        far.segment([picture(0, 1)])
    assert not isinstance(caught.value, FarError)


def test_a_busy_service_is_asked_until_it_has_room(reds: Reds, remote: Remote) -> None:
    reds.gate.clear()
    terms = dataclasses.replace(TERMS, outstanding=1)
    with Serving(reds, terms=terms) as serving:  # it allows fewer than it offers
        found: list[object] = []
        asking = threading.Thread(
            target=lambda: found.extend(remote(serving.address).segment([picture(0, each) for each in range(3)]))
        )
        asking.start()
        serving.until(lambda figures: figures["busy"] >= 2)
        reds.gate.set()
        asking.join(30)
    assert [width(each) for each in found] == [0, 1, 2]


def test_a_service_that_stays_busy_is_given_up(reds: Reds, remote: Remote) -> None:
    with Serving(reds, terms=dataclasses.replace(TERMS, room=0)) as serving:
        with pytest.raises(FarError, match="has too much to do"):
            remote(serving.address, patience_s=3.0).segment([picture(0, 1)])
        assert serving.serving.figures["busy"] > 2  # not counted as tries


def test_what_the_network_failed_on_is_told_in_its_words(reds: Reds, remote: Remote) -> None:
    with Serving(reds) as serving, pytest.raises(FarError, match="could not make a mask: model 'reds' gives NaN"):
        remote(serving.address).segment([picture(0, 8, value=POISON)])


def test_a_key_that_is_not_allowed_is_told_at_once(reds: Reds, remote: Remote, tmp_path: Path) -> None:
    service, _ = key_rings(tmp_path)
    ring = client_ring(tmp_path / "other", "other", service / "gpu.public")
    with Serving(reds, keys=server_keys(service)) as serving:
        with pytest.raises(ConfigError, match=f"{serving.address} refuses this key"):
            remote(serving.address, ring).connect()
        with pytest.raises(ConfigError, match="wants keys"):
            remote(serving.address).connect()


def test_a_key_of_another_service_is_told_at_once(reds: Reds, remote: Remote, tmp_path: Path) -> None:
    service, clients = key_rings(tmp_path)
    shutil.copy(clients["hall"] / "hall.public", tmp_path / "wrong.public")
    ring = client_ring(tmp_path / "other", "other", tmp_path / "wrong.public")
    with (
        Serving(reds, keys=server_keys(service)) as serving,
        pytest.raises(ConfigError, match="server.public is not its key"),
    ):
        remote(serving.address, ring).connect()


def test_keys_and_addresses_are_looked_at_before_anything_is_connected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without keys"):
        RemoteSegmenter("tcp://10.0.0.7:5570")
    with pytest.raises(ConfigError, match="cannot be read"):
        RemoteSegmenter("tcp://10.0.0.7:5570", tmp_path / "nowhere")


class Impostor:
    """Answers hello as it should, and a picture with ``parts``."""

    def __init__(self, folder: Path, parts: Callable[[int], list[bytes]]) -> None:
        self.address = f"ipc://{folder}/masks"
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.bind(self.address)
        self._parts = parts
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Impostor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(20)
        self._context.destroy(0)

    def _run(self) -> None:
        peer, _ = self._socket.recv_multipart()
        self._socket.send_multipart([peer, *encode_call(protocol.offering(1, OFFER))])
        if self._socket.poll(5000):
            peer = self._socket.recv_multipart()[0]
            self._socket.send_multipart([peer, *self._parts(2)])


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (lambda number: [b"garbage"], "not a msgpack header"),
        (lambda number: encode_call(Call("dance", number)), "answers 'dance', which is nothing that was asked"),
        (lambda number: encode_call(Call(protocol.MASK, number, {"device": "gpu"})), "a mask of shape"),
        (
            lambda number: encode_call(protocol.answering(number, np.zeros((4, 4), np.float32), 0.5, "gpu")),
            "a mask of shape",
        ),
        (lambda number: encode_call(Call("malformed", 0, {"why": "wire version 2"})), "cannot read what it is sent"),
    ],
)
def test_an_answer_that_makes_no_sense_names_the_service(
    folder: Path, remote: Remote, answer: Callable[[int], list[bytes]], wrong: str
) -> None:
    with Impostor(folder, answer) as impostor, pytest.raises(WireError, match=wrong) as caught:
        remote(impostor.address).segment([picture(0, 1)])
    assert impostor.address in str(caught.value)


def test_an_answer_to_something_that_was_not_asked_is_passed_over(folder: Path, remote: Remote) -> None:
    with (
        Impostor(folder, lambda number: encode_call(Call(protocol.MASK, number + 70))) as impostor,
        pytest.raises(FarError, match="does not answer"),
    ):
        remote(impostor.address, patience_s=0.4).segment([picture(0, 1)])
