"""A service and its callers: requests and answers, keys that fit or do not, garbage, bounds, comings and goings."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import msgpack
import numpy as np
import pytest
import zmq
from callers import Meeting
from key_rings import client_ring, key_rings

from pipeline.call import Call
from pipeline.errors import ConfigError, ResourceError, WireError
from pipeline.link.caller import Caller, Down, Refused, Up
from pipeline.link.hub import Hub
from pipeline.link.keys import ClientKeys, ServerKeys, client_keys, server_keys
from pipeline.link.service import MALFORMED, Peer, Service
from pipeline.wire import encode_call

Meet = Callable[..., Meeting]
Stranger = Callable[[int, str], "zmq.Socket[bytes]"]


@pytest.fixture
def meet() -> Iterator[Meet]:
    made: list[Meeting] = []

    def make(address: str = "tcp://127.0.0.1:*", keys: ServerKeys | None = None, largest: int = 1000) -> Meeting:
        made.append(Meeting(address, keys, largest))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[ServerKeys, dict[str, ClientKeys]]:
    service, clients = key_rings(tmp_path, ("hall", "room"))
    return server_keys(service), {name: client_keys(ring) for name, ring in clients.items()}


def asked(number: int = 1, side: int = 4) -> Call:
    return Call("ask", number, {"n": number}, (np.full((side, side, 3), number, np.uint8),))


def answered(meeting: Meeting, caller: Caller, number: int) -> Call:
    """Ask, have the service answer the last that came, and take the answer."""
    heard = len(meeting.came)
    assert caller.send(asked(number))
    peer, call = meeting.heard(heard + 1)[-1]
    assert meeting.service.answer(peer, Call("told", call.number, {}, call.planes))
    answer = meeting.until(caller, Call)
    assert isinstance(answer, Call)
    return answer


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:*", "tcp://[::1]:*", "ipc"])
def test_on_one_host_a_request_is_answered_without_keys(meet: Meet, folder: Path, address: str) -> None:
    try:
        meeting = meet(f"ipc://{folder}/service" if address == "ipc" else address)
    except ResourceError as e:
        pytest.skip(str(e))  # a host without the sixth version
    caller = meeting.caller()
    assert meeting.until(caller, Up) == Up()
    answer = answered(meeting, caller, 7)
    assert (answer.kind, answer.number) == ("told", 7)
    np.testing.assert_array_equal(answer.planes[0], 7)
    assert meeting.came[0][0].name == ""


def test_with_keys_the_service_knows_whose_request_it_is(
    meet: Meet, keys: tuple[ServerKeys, dict[str, ClientKeys]]
) -> None:
    meeting = meet("tcp://127.0.0.2:*", keys[0])
    for name, own in keys[1].items():
        caller = meeting.caller(own)
        meeting.until(caller, Up)
        answered(meeting, caller, 1)
        assert meeting.came[-1][0].name == name


def test_two_callers_get_their_own_answers(meet: Meet) -> None:
    meeting = meet()
    callers = [meeting.caller(), meeting.caller()]
    for number, caller in enumerate(callers):
        meeting.until(caller, Up)
        caller.send(asked(number))
    for peer, call in reversed(meeting.heard(2)):
        meeting.service.answer(peer, Call("told", call.number))
    assert [meeting.until(caller, Call) for caller in callers] == [Call("told", 0), Call("told", 1)]


def test_a_caller_that_is_not_on_the_list_is_told_so(
    meet: Meet, keys: tuple[ServerKeys, dict[str, ClientKeys]], tmp_path: Path
) -> None:
    stranger = client_keys(client_ring(tmp_path / "other", "other", tmp_path / "service" / "gpu.public"))
    meeting = meet(keys=keys[0])
    refused = meeting.until(meeting.caller(stranger), (Refused, Up))
    assert isinstance(refused, Refused) and "not among the service's clients" in refused.why
    assert meeting.service.seen.refused == 1


def test_a_caller_with_another_services_key_is_told_so(
    meet: Meet, keys: tuple[ServerKeys, dict[str, ClientKeys]]
) -> None:
    meeting = meet(keys=keys[0])
    wrong = dataclasses.replace(keys[1]["hall"], server=keys[1]["room"].own.public)
    refused = meeting.until(meeting.caller(wrong), (Refused, Up))
    assert isinstance(refused, Refused) and "server.public is not its key" in refused.why
    meeting.turns(lambda: meeting.service.seen.handshakes_failed > 0)


def test_a_caller_without_keys_is_refused_by_a_service_that_has_some(
    meet: Meet, keys: tuple[ServerKeys, dict[str, ClientKeys]]
) -> None:
    meeting = meet(keys=keys[0])
    refused = meeting.until(meeting.caller(), (Refused, Up))
    assert isinstance(refused, Refused) and "wants keys" in refused.why
    meeting.turns(lambda: meeting.service.seen.handshakes_failed > 0)
    assert meeting.came == []


def test_a_caller_with_keys_does_not_speak_to_a_service_without(
    meet: Meet, keys: tuple[ServerKeys, dict[str, ClientKeys]]
) -> None:
    meeting = meet()
    refused = meeting.until(meeting.caller(keys[1]["hall"]), (Refused, Up))
    assert isinstance(refused, Refused) and "keys" in refused.why
    assert meeting.came == []


def test_what_is_no_service_is_told_from_one_that_is_away(meet: Meet) -> None:
    meeting = meet()
    with socket.create_server(("127.0.0.1", 0)) as other:
        caller = meeting.caller(address=f"tcp://127.0.0.1:{other.getsockname()[1]}")
        other.settimeout(10)
        found: list[object] = []
        while not found:
            with other.accept()[0] as connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 10)
                found += [told for _ in range(5) if isinstance(told := caller.next(0.2), Refused)]
    assert "no such service" in str(found[0])


def test_whoever_is_taken_off_the_list_is_refused_from_there_on(
    meet: Meet, keys: tuple[ServerKeys, dict[str, ClientKeys]]
) -> None:
    meeting = meet(keys=keys[0])
    caller, other = meeting.caller(keys[1]["hall"]), meeting.caller(keys[1]["room"])
    meeting.until(caller, Up)
    meeting.until(other, Up)
    room = keys[1]["room"].own.public
    meeting.service.allow(dataclasses.replace(keys[0], clients={room: "room"}))
    caller.send(asked())
    refused = meeting.until(caller, (Refused, Call))
    assert isinstance(refused, Refused) and "not on the list any more" in refused.why
    assert (meeting.came, meeting.service.seen.refused) == ([], 1)
    assert answered(meeting, other, 3).number == 3


GARBAGE = [
    [b""],
    [b"GET / HTTP/1.1\r\n"],
    [b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94."],  # a pickle
    [b"\x91" * 10_000],
    [b""] * 50,
    [msgpack.packb({"v": 1, "t": "frame", "n": 1})],
    [msgpack.packb({"v": 2, "t": "call", "n": 1, "kind": "ask", "data": {}, "planes": []})],
    [*encode_call(asked()), b"more"],
    [encode_call(asked())[0]],
    [encode_call(asked())[0], b"short"],
]


@pytest.mark.parametrize("parts", GARBAGE)
def test_garbage_is_answered_counted_and_ends_nothing(meet: Meet, stranger: Stranger, parts: list[bytes]) -> None:
    meeting = meet()
    other = stranger(zmq.DEALER, meeting.service.address)
    other.send_multipart(parts)
    meeting.turns(lambda: meeting.service.seen.malformed == 1)
    assert other.poll(5000)
    assert msgpack.unpackb(other.recv_multipart()[0])["kind"] == MALFORMED
    caller = meeting.caller()
    meeting.until(caller, Up)
    assert answered(meeting, caller, 2).number == 2


@pytest.mark.parametrize("protected", [False, True])
def test_a_plane_of_the_largest_size_arrives_and_a_larger_one_does_not(
    meet: Meet, keys: tuple[ServerKeys, dict[str, ClientKeys]], protected: bool
) -> None:
    side = 100
    meeting = meet(keys=keys[0] if protected else None, largest=side * side * 3)
    caller = meeting.caller(keys[1]["hall"] if protected else None, largest=side * side * 3)
    meeting.until(caller, Up)
    caller.send(asked(1, side))
    meeting.heard(1)
    caller.send(asked(2, side + 1))
    meeting.until(caller, Down)  # cut off, and in again
    meeting.until(caller, Up)
    caller.send(asked(3, side))
    assert [call.number for _, call in meeting.heard(2)] == [1, 3]


def test_an_answer_for_a_caller_that_went_away_is_counted_and_dropped(meet: Meet) -> None:
    meeting = meet()
    caller = meeting.caller()
    meeting.until(caller, Up)
    caller.send(asked())
    peer, _ = meeting.heard(1)[0]
    meeting.leave(caller)
    meeting.turns(lambda: not meeting.service.answer(peer, Call("told", 1)))
    assert meeting.service.seen.gone == 1


def test_a_caller_that_takes_no_answers_costs_a_bounded_number_of_them(meet: Meet, stranger: Stranger) -> None:
    meeting = meet(largest=1 << 20)
    other = stranger(zmq.DEALER, meeting.service.address)
    other.setsockopt(zmq.RCVHWM, 1)
    other.send_multipart(encode_call(asked()))
    peer, _ = meeting.heard(1)[0]
    large = Call("told", 1, {}, (np.zeros((1000, 1000), np.uint8),))
    sent = 0
    while meeting.service.answer(peer, large) and sent < 1000:
        sent += 1
    assert sent < 1000


def test_nothing_is_sent_while_nobody_is_there(meet: Meet) -> None:
    caller = meet().caller(address="tcp://127.0.0.1:1")
    assert not caller.send(asked())


def test_a_service_that_comes_back_is_found_again(meet: Meet, folder: Path) -> None:
    address = f"ipc://{folder}/service"
    first = Meeting(address)
    caller = first.caller()
    first.until(caller, Up)
    first.service.close()
    first.hub.close()
    second = meet(address)
    assert second.until(caller, (Down, Refused)) == Down()
    assert second.until(caller, (Up, Refused)) == Up()
    assert answered(second, caller, 5).number == 5
    first.leave(caller)


def test_an_answer_that_cannot_be_read_names_the_service(folder: Path, stranger: Stranger) -> None:
    address, hub = f"ipc://{folder}/service", Hub()
    other = stranger(zmq.ROUTER, address)
    caller = Caller(hub, address, None, 1000)
    assert caller.next(10) == Up()
    caller.send(asked())
    peer = other.recv_multipart()[0]
    other.send_multipart([peer, b"garbage"])
    with pytest.raises(WireError, match=f"^{address}: not a msgpack header"):
        caller.next(10)
    caller.close()
    hub.close()


def test_an_address_that_is_taken_is_one_line(meet: Meet) -> None:
    address, hub = meet().service.address, Hub()
    with pytest.raises(ResourceError, match=f"cannot listen on {address}: Address already in use"):
        Service(hub, address, None, 1000)
    hub.close()


def test_without_keys_no_service_listens_to_other_hosts() -> None:
    hub = Hub()
    with pytest.raises(ConfigError, match="without keys"):
        Service(hub, "tcp://0.0.0.0:*", None, 1000)
    with pytest.raises(ConfigError, match="without keys"):
        Caller(hub, "tcp://10.0.0.7:5570", None, 1000)
    hub.close()


def test_a_peer_is_told_from_another(meet: Meet) -> None:
    meeting = meet()
    for _ in range(2):
        caller = meeting.caller()
        meeting.until(caller, Up)
        caller.send(asked())
    (first, _), (second, _) = meeting.heard(2)
    assert isinstance(first, Peer) and first != second
