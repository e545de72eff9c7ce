"""Whole runs of real processes over real sockets: what goes in comes out, and everything is accounted for."""

from __future__ import annotations

import pytest
from building import chain

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.messages import BusMessage, Element, StateChanged
from pipeline.supervisor import Outcome, check, run


def run_and_listen(config: PipelineConfig) -> tuple[Outcome, list[BusMessage]]:
    heard: list[BusMessage] = []
    return run(config, heard.append), heard


def checked(heard: list[BusMessage]) -> dict[str, object]:
    return next(dict(m.data) for m in heard if isinstance(m, Element) and m.name == "checked")


COUNT = ("count", "Counting", {"frames": 120})
PASS = ("pass", "Pass", {})
ODD = ("odd", "Odd", {})
CHECK = ("check", "Checking", {})


@pytest.mark.parametrize("fused", [(), ("count", "pass"), ("pass", "odd"), ("count", "pass", "odd", "check")])
def test_every_frame_arrives_with_its_picture_however_the_stages_are_placed(fused: tuple[str, ...]) -> None:
    outcome, heard = run_and_listen(chain(COUNT, PASS, ODD, CHECK, fused=fused))
    assert outcome.error is None
    assert checked(heard) == {"right": 60, "wrong": 0}
    assert outcome.ledgers["odd"].dropped == {"even": 60}
    assert outcome.ledgers["check"].received == 60


def test_every_ledger_balances_stage_by_stage_and_link_by_link() -> None:
    outcome, _ = run_and_listen(chain(COUNT, PASS, ODD, CHECK))
    assert {name: ledger.missing for name, ledger in outcome.ledgers.items()} == dict.fromkeys(outcome.ledgers, 0)
    assert all(ledger.held == 0 for ledger in outcome.ledgers.values())
    for before, after in [("count", "pass"), ("pass", "odd"), ("odd", "check")]:
        link = outcome.ledgers[f"{before}-{after}"]
        assert outcome.ledgers[before].sent == link.received == link.sent == outcome.ledgers[after].received


def test_a_picture_that_grows_in_mid_stream_gets_a_larger_pool() -> None:
    outcome, heard = run_and_listen(chain(("count", "Counting", {"frames": 60, "grow_at": 30}), PASS, CHECK))
    assert outcome.error is None
    assert checked(heard) == {"right": 60, "wrong": 0}


def test_a_tree_feeds_both_branches_and_ends() -> None:
    stages = (
        StageConfig("count", "playthings:Counting", "count", {"frames": 40}),
        StageConfig("all", "playthings:Checking", "all"),
        StageConfig("even", "playthings:Checking", "even"),
    )
    links = (LinkConfig("count", "all"), LinkConfig("count", "even", pad="evens"))
    outcome, heard = run_and_listen(PipelineConfig(stages, links))
    assert outcome.error is None
    by_stage = {m.stage: dict(m.data) for m in heard if isinstance(m, Element)}
    assert by_stage == {"all": {"right": 40, "wrong": 0}, "even": {"right": 20, "wrong": 0}}


def test_a_window_of_one_still_flows() -> None:
    outcome, heard = run_and_listen(chain(COUNT, PASS, CHECK, window=1))
    assert outcome.error is None
    assert checked(heard) == {"right": 120, "wrong": 0}


@pytest.mark.parametrize("leaky", ["upstream", "downstream"])
def test_a_leaky_link_drops_what_a_slow_stage_cannot_take_and_counts_every_frame(leaky: str) -> None:
    config = chain(("count", "Counting", {"frames": 400}), ("slow", "Slow", {}), CHECK, leaky=leaky, window=4)
    outcome, heard = run_and_listen(config)
    assert outcome.error is None
    link = outcome.ledgers["count-slow"]
    assert link.received == 400
    assert link.dropped["leaky"] > 0
    assert link.missing == link.held == 0
    assert outcome.ledgers["slow"].received == link.sent
    assert checked(heard) == {"right": link.sent, "wrong": 0}


def test_a_lossless_link_waits_for_a_slow_stage() -> None:
    outcome, heard = run_and_listen(chain(("count", "Counting", {"frames": 60}), ("slow", "Slow", {}), CHECK, window=4))
    assert outcome.ledgers["count-slow"].dropped == {}
    assert checked(heard) == {"right": 60, "wrong": 0}


def test_states_are_announced_in_their_legal_order() -> None:
    _, heard = run_and_listen(chain(COUNT, CHECK))
    moves = [(m.old.value, m.new.value) for m in heard if isinstance(m, StateChanged) and m.stage == "check"]
    assert moves == [("null", "ready"), ("ready", "paused"), ("paused", "playing"), ("playing", "paused")]


def test_check_describes_the_stages_without_a_frame() -> None:
    described = check(chain(COUNT, PASS, CHECK))
    assert [entry.stage for entry in described] == ["count", "pass", "check"]
    assert described[0].sink_caps is None
    assert described[2].src_caps == {}
