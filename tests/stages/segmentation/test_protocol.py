"""What a client and a mask service say to each other."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.call import Call
from pipeline.errors import WireError
from pipeline.wire import decode_call, encode_call
from stages.segmentation import protocol
from stages.segmentation.masks import mask_of
from stages.segmentation.protocol import Offer

OFFER = Offer("u2netp", "md5:8e83", (24, 32), (0.4, 0.5, 0.6), (0.1, 0.2, 0.3), 0.5, False, "cuda", 8, 4)
PICTURE = np.zeros((24, 32, 3), np.uint8)


def travelled(call: Call) -> Call:
    return decode_call([bytes(part) for part in encode_call(call)])


def test_an_offer_arrives_as_it_was_made() -> None:
    assert protocol.offer_of(travelled(protocol.offering(3, OFFER))) == OFFER


@pytest.mark.parametrize(
    "changed",
    [
        {"size": [24]},
        {"size": [24, 0]},
        {"size": [24, 5000]},
        {"size": [24.0, 32]},
        {"size": [True, 32]},
        {"mean": [0.1, 0.2]},
        {"mean": [0.1, 0.2, float("nan")]},
        {"std": ["a", "b", "c"]},
        {"threshold": 0},
        {"threshold": 1.0},
        {"threshold": None},
        {"model": 3},
        {"outstanding": 0},
        {"batch": "8"},
    ],
)
def test_an_offer_that_no_service_makes_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(WireError):
        protocol.offer_of(Call(protocol.OFFER, 1, {**dataclasses.asdict(OFFER), **changed}))  # type: ignore[dict-item]


def test_a_client_of_another_version_is_told_both() -> None:
    protocol.check_hello(travelled(protocol.hello(1)))
    with pytest.raises(WireError, match="version 2 is not spoken here, but masks version 1: run the same release"):
        protocol.check_hello(Call(protocol.HELLO, 1, {"service": "masks", "version": 2}))
    with pytest.raises(WireError, match="'faces' version 1"):
        protocol.check_hello(Call(protocol.HELLO, 1, {"service": "faces", "version": 1}))


@pytest.mark.parametrize("picture", [PICTURE, PICTURE[:, :, 0]])
def test_a_picture_arrives_with_its_clients_patience(picture: np.ndarray) -> None:
    came, patience_ms = protocol.asked(travelled(protocol.asking(9, picture, 1500)), (24, 32))
    np.testing.assert_array_equal(came, picture)
    assert patience_ms == 1500


@pytest.mark.parametrize("shape", [(32, 24, 3), (24, 32, 4), (24, 32, 1), (24, 33, 3), (24 * 32 * 3,)])
def test_a_picture_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(WireError, match="where one of"):
        protocol.asked(protocol.asking(1, np.zeros(shape, np.uint8), 1000), (24, 32))


@pytest.mark.parametrize("patience_ms", [-1, 600_001])
def test_a_patience_that_is_none_is_refused(patience_ms: int) -> None:
    with pytest.raises(WireError, match="patience_ms"):
        protocol.asked(protocol.asking(1, PICTURE, patience_ms), (24, 32))


def test_a_mask_of_another_size_is_refused() -> None:
    answer = protocol.answering(1, np.zeros((24, 33), np.float32), 0.5, "cuda")
    with pytest.raises(WireError, match="a mask of shape"):
        protocol.answered(answer, (24, 32))


def test_a_reason_is_bounded_and_need_not_be_there() -> None:
    assert protocol.why_of(Call("failed", 1, {"why": "x" * 10_000})) == "x" * 300
    assert protocol.why_of(Call("failed", 1, {"why": 3})) == "it gives no reason"


@given(st.floats(0.001, 0.999), st.integers(0, 2**32 - 1))
def test_probabilities_travel_within_a_255th_and_the_mask_is_the_same(threshold: float, seed: int) -> None:
    made = np.random.default_rng(seed).random((16, 16), np.float32)
    made[0, :4] = (0.0, 1.0, np.float32(threshold), np.nextafter(np.float32(threshold), np.float32(1)))
    came = protocol.from_bytes(protocol.to_bytes(made, threshold))
    assert float(np.abs(came - made).max()) <= 1 / 255 + 1e-6
    np.testing.assert_array_equal(came > np.float32(threshold), made > np.float32(threshold))
    np.testing.assert_array_equal(mask_of(came, threshold), mask_of(made, threshold))


def test_what_half_precision_lets_out_of_its_range_does_not_wrap_around() -> None:
    made = np.array([[-0.0005, 1.0005]], np.float32)
    np.testing.assert_array_equal(protocol.to_bytes(made, 0.5), [[0, 255]])
