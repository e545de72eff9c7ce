"""A status for people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.daemon.status_text import answer_text, status_text

ANSWER: dict[str, object] = {
    "pipeline": "room",
    "uptime_s": 93784.2,
    "ready": True,
    "degraded": ["stage 'trigger' is failed: was killed by SIGKILL"],
    "source": {"decoder": {"state": "stalled", "why": "no packets for 4 s"}},
    "lecture": {"lecture": "20261124-analysis", "title": "Analysis", "state": "open", "length_s": 2712.4},
    "lectures": {"next": {"title": "Algebra", "start": "14:00"}},
    "slides": 12,
    "last_slide": {"lag_s": 0.81},
    "recording": {"state": "on", "segment": {"file": "x.mp4.part"}},
    "figures": {"decoder.capture_lag_seconds": 0.042},
    "stages": [
        {
            "stage": "decoder",
            "state": "playing",
            "pid": 7,
            "restarts": 0,
            "received": 5,
            "sent": 3,
            "dropped": {"late": 2},
        },
        {
            "stage": "trigger",
            "state": "failed",
            "pid": None,
            "restarts": 5,
            "last_crash": "hung",
            "last_crash_ago_s": 75,
        },
    ],
}
LINES = """\
room: degraded, up 1 d 2 h
  ! stage 'trigger' is failed: was killed by SIGKILL
source decoder: stalled, no packets for 4 s
lecture: Analysis, open, for 45 min 12 s, 12 slides, the last one written 0.8 s after it was shown
next lecture: Algebra, 14:00
recording: on, x.mp4.part
decoder.capture_lag_seconds: 0.04 s
stage    state    pid  restarts  in  out  dropped  last crash
decoder  playing  7    0         5   3    2 late
trigger  failed   -    5                  0        hung (1 min 15 s ago)"""


def test_all_that_a_person_wants_to_know_is_on_one_page() -> None:
    assert status_text(ANSWER) == LINES


def test_nothing_can_move_the_cursor() -> None:
    text = status_text(ANSWER | {"lecture": {"title": "\x1b[2J\x07evil"}})
    assert "?[2J?evil" in text
    assert answer_text({"text": "a\x1bb"}) == "a?b"


def test_an_answer_without_a_sentence_is_told_as_it_is() -> None:
    assert answer_text({"lecture": "x", "slides": 3}) == "lecture x, slides 3"
    assert answer_text({}) == "done"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_a_time_that_is_none_is_no_trouble() -> None:
    assert status_text({"uptime_s": float("inf")}).startswith("?: starting, up ?")


@given(st.dictionaries(st.sampled_from(sorted(ANSWER)), ANYTHING))
def test_whatever_a_daemon_answers_it_is_shown(answer: dict[str, object]) -> None:
    assert status_text(answer)
