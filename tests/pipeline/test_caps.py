"""Caps: the text form there and back, what may link with what, and fixing what is open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import Caps, Choice, Scalar, Span, choice
from pipeline.errors import CapsError, ConfigError

words = st.from_regex(r"[a-z][a-z0-9_.+-]{0,8}", fullmatch=True).filter(lambda word: word not in {"inf", "nan"})
numbers = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False, width=32)
scalars: st.SearchStrategy[Scalar] = words.filter(lambda word: word not in {"infinity"}) | numbers
spans = st.tuples(numbers, numbers).map(lambda ends: Span(min(ends), max(ends)))
choices: st.SearchStrategy[Choice] = st.frozensets(scalars, min_size=1, max_size=4) | spans
media = st.from_regex(r"[a-z]{1,6}/[a-z0-9.+-]{1,8}", fullmatch=True)
keys = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
all_caps = st.builds(Caps, media, st.dictionaries(keys, choices, max_size=4))
few_values = st.frozensets(st.integers(0, 4), min_size=1, max_size=3) | st.tuples(
    st.integers(0, 4), st.integers(0, 4)
).map(lambda ends: Span(min(ends), max(ends)))
alike = st.builds(Caps, st.just("video/raw"), st.dictionaries(st.sampled_from("abc"), few_values, max_size=3))


@given(all_caps)
def test_the_text_form_is_read_back_as_the_same_caps(caps: Caps) -> None:
    assert Caps.parse(str(caps)) == caps


@given(st.text(max_size=60))
def test_any_other_text_is_a_config_error_and_nothing_else(text: str) -> None:
    try:
        read = Caps.parse(text)
    except ConfigError:
        return
    assert Caps.parse(str(read)) == read or "nan" in text.lower()


@given(st.text(alphabet="video/raw,={}[]0123456789.-e ", max_size=60))
def test_text_that_is_nearly_caps_is_read_or_refused(tail: str) -> None:
    try:
        Caps.parse("video/raw," + tail)
    except ConfigError:
        return


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("", "''"),
        ("None", "'None'"),
        ("video", "'video'"),
        ("Video/RAW", "'Video/RAW'"),
        ("video/raw,format", "'format'"),
        ("video/raw,format=", "'format='"),
        ("video/raw,=gray8", "'=gray8'"),
        ("video/raw,format={gray8", "'format={gray8'"),
        ("video/raw,format={}", "'{}'"),
        ("video/raw,format={a,,b}", "'{a,,b}'"),
        ("video/raw,width=[1]", "'[1]'"),
        ("video/raw,width=[1,2,3]", "'[1,2,3]'"),
        ("video/raw,width=[a,b]", "'[a,b]'"),
        ("video/raw,width=[9,1]", "'[9,1]'"),
        ("video/raw,width=[nan,nan]", "'[nan,nan]'"),
        ("video/raw,width=1,width=2", "'width'"),
        ("video/raw;rm", "'video/raw;rm'"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, culprit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Caps.parse(text)
    assert culprit in str(caught.value)


def test_a_number_of_ten_thousand_digits_does_not_hurt() -> None:
    assert Caps.parse("video/raw,width=" + "9" * 10_000).is_fixed


@given(alike, alike)
def test_it_does_not_matter_who_asks(a: Caps, b: Caps) -> None:
    assert a.intersect(b) == b.intersect(a)


@given(alike)
def test_caps_meet_themselves_in_themselves(caps: Caps) -> None:
    assert caps.intersect(caps) == caps


@given(alike, alike)
def test_whatever_both_allow_each_allows(a: Caps, b: Caps) -> None:
    both = a.intersect(b)
    assert a.can_link(b) == (both is not None)
    if both is not None:
        fixed = both.fixate()
        assert fixed.is_fixed and a.can_link(fixed) and b.can_link(fixed)


def test_different_media_never_meet() -> None:
    assert not Caps.of("video/raw").can_link(Caps.of("audio/raw"))


def test_a_missing_field_is_unrestricted() -> None:
    assert Caps.of("video/raw").intersect(Caps.of("video/raw", width=3)) == Caps.of("video/raw", width=3)


def test_a_text_is_in_no_range() -> None:
    assert not Caps.of("video/raw", rate="fast").can_link(Caps.of("video/raw", rate=Span(0, 60)))


def test_ranges_that_touch_meet_in_one_value() -> None:
    a, b = (Caps.of("video/raw", width=Span(*ends)) for ends in ((1, 5), (5, 9)))
    assert a.intersect(b) == Caps.of("video/raw", width=Span(5, 5))


def test_fixate_prefers_what_it_was_told() -> None:
    caps = Caps.of("video/raw", format=("bgr24", "gray8"), width=Span(1, 16384))
    assert caps.fixate(format="gray8", width=640) == Caps.of("video/raw", format="gray8", width=640)
    assert caps.fixate() == Caps.of("video/raw", format="bgr24", width=1)
    assert caps.fixate(height=9).value("height") == 9


@pytest.mark.parametrize("wrong", [0, 16385, -1, "wide"])
def test_fixate_refuses_a_value_that_is_not_allowed(wrong: Scalar) -> None:
    with pytest.raises(CapsError, match=r"width=.* is not in \[1,16384\]"):
        Caps.of("video/raw", width=Span(1, 16384)).fixate(width=wrong)


@pytest.mark.parametrize("caps", [Caps.of("video/raw"), Caps.of("video/raw", width=Span(1, 2))])
def test_an_open_field_has_no_value(caps: Caps) -> None:
    with pytest.raises(CapsError, match="field 'width' is not fixed"):
        caps.value("width")


def test_whole_floats_are_written_as_integers() -> None:
    assert str(Caps.of("video/raw", rate=(25.0, 29.97), width=Span(1.0, 2.5))) == (
        "video/raw,rate={25,29.97},width=[1,2.5]"
    )


def test_a_set_may_mix_numbers_and_words() -> None:
    caps = Caps("video/raw", {"rate": choice("any", 25)})
    assert str(caps) == "video/raw,rate={25,any}"
    assert caps.fixate().value("rate") == 25
