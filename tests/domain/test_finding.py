"""What a mirror says in sentences: of what is displayed, and of nothing else."""

from dataclasses import fields, replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from understream.domain.finding import FINDINGS, Between, Finding, Seen, findings


def seen(who="Harbour", topic="We meet", value=0.5, text="4.0", word="", *, not_visible=False):
    return Seen(who, topic, value, text, word, not_visible)


def between(label, low=0.2, high=0.8, topic="We meet"):
    return Between(
        topic,
        seen("Harbour", topic, low, f"{1 + 6 * low:.1f}"),
        seen("Mill", topic, high, f"{1 + 6 * high:.1f}"),
        label,
    )


def sees(figures, gaps=()):
    """Return the first sentence of each finding."""
    return [one.see for one in findings(figures, gaps)]


def sides(gaps):
    return [side for one in gaps for side in (one.first, one.second)]


# ------------------------------------------------------------------ each kind


@pytest.mark.parametrize(
    ("label", "sure"),
    [("clear", "Quite sure"), ("possible", "Not sure"), ("worth asking", "Not sure")],
)
def test_a_difference_is_told_with_how_sure_it_is_and_who_begins(label, sure):
    gap = between(label)

    (told, *_) = findings(sides([gap]), [gap])

    assert told.see == "Mill and Harbour see this differently: “We meet” (5.8 and 2.2)."
    assert told.sure.startswith(sure)
    assert "Harbour begins; Mill repeats" in told.talk
    assert "Do not average" in told.talk


@pytest.mark.parametrize("label", ["same picture", "alike", "cannot tell", "not enough answers"])
def test_what_is_no_difference_is_told_as_none(label):
    gap = between(label)

    assert not any("differently" in one for one in sees(sides([gap]), [gap]))


def test_the_surest_difference_is_told_before_a_larger_one():
    gaps = [
        between("worth asking", 0.0, 1.0, "Money"),
        between("clear", 0.4, 0.6, "Time"),
        between("clear", 0.3, 0.7, "Trust"),
    ]

    assert "“Trust”" in sees(sides(gaps), gaps)[0]


def test_two_camps_are_a_matter_for_the_party_itself():
    figures = [seen(word="two camps", value=0.6), seen("Mill", "Money", 0.6)]

    (told, *_) = findings(figures, [])

    assert told.see == "Within Harbour there are two camps about “We meet”."
    assert told.talk.startswith("Harbour talks about it at home first")


@pytest.mark.parametrize("word", ["close", "spread", ""])
def test_other_words_of_agreement_are_no_finding(word):
    assert not any("camps" in one for one in sees([seen(word=word), seen("Mill", value=0.9)]))


def test_what_many_cannot_judge_is_told_as_such():
    figures = [seen(value=0.5, not_visible=True)]

    assert sees(figures)[0] == "Many people of Harbour cannot judge “We meet”."


def test_the_lowest_figure_is_told_with_care_and_not_twice():
    figures = [seen(value=0.2, text="2.2"), seen("Mill", "Money", 0.9)]
    gap = between("clear")

    (alone,) = findings(figures, [])
    with_gap = sees([*sides([gap]), seen("Mill", "Money", 0.9)], [gap])

    assert alone.see == "The lowest figure is what Harbour says about “We meet”: 2.2."
    assert alone.sure.startswith("Careful")
    assert [one for one in with_gap if one.startswith("The lowest")] == []


def test_when_all_is_alike_the_highest_is_told_and_nobody_is_praised():
    (told,) = findings([seen(), seen("Mill", "Money")], [])

    assert told.see == "The figures lie close together. The highest is “We meet” (4.0)."
    assert told.sure.startswith("Careful: alike is not the same as good")


@pytest.mark.parametrize("figures", [[], [seen(value=None, text="not shown")]])
def test_where_nothing_is_shown_the_finding_is_that(figures):
    (told,) = findings(figures, [])

    assert told.see == "Nothing can be shown of this round."


def test_there_are_three_findings_at_most_the_difference_first():
    gap = between("clear")
    figures = [
        *sides([gap]),
        seen(topic="A", word="two camps"),
        seen(topic="B", not_visible=True),
        seen(topic="C", value=0.1),
    ]

    told = sees(figures, [gap])

    assert len(told) == FINDINGS == 3
    assert ["differently" in told[0], "camps" in told[1], "cannot judge" in told[2]] == [True] * 3


def test_names_that_look_like_placeholders_do_no_harm():
    assert "%(topic)s 100 %" in sees([seen(who="%(topic)s 100 %", not_visible=True)])[0]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_finding_has_three_sentences_in_both_languages(language):
    gap = between("clear")
    kinds = [
        ([*sides([gap])], [gap]),
        ([seen(word="two camps")], []),
        ([seen(not_visible=True)], []),
        ([seen(value=0.1), seen("Mill", "B", 0.9)], []),
        ([seen()], []),
        ([], []),
    ]

    with translation.override(language):
        told = [one for figures, gaps in kinds for one in findings(figures, gaps)]

    for one in told:
        words = [getattr(one, field.name) for field in fields(Finding)]
        assert all(words)
        assert all("%(" not in word for word in words)


# ------------------------------------------------------------------ nothing but what is displayed

SEEN = st.builds(
    Seen,
    who=st.sampled_from(["Harbour", "Mill", "Quay"]),
    topic=st.sampled_from(["We meet", "Money", "Time"]),
    value=st.sampled_from([None, 0.0, 0.25, 0.5, 1.0]),
    text=st.sampled_from(["1.0", "4.0", "not shown"]),
    word=st.sampled_from(["", "close", "two camps"]),
    not_visible=st.booleans(),
)
LABELS = ["clear", "possible", "worth asking", "alike", "cannot tell", "not enough answers"]
GAPS = st.builds(
    Between, topic=st.sampled_from(["We meet", "Money"]), first=SEEN, second=SEEN,
    label=st.sampled_from(LABELS),
)  # fmt: skip


@given(st.lists(SEEN, max_size=8), st.lists(GAPS, max_size=4))
def test_equal_displays_make_equal_sentences_and_only_displayed_words_stand_in_them(figures, gaps):
    told = findings(figures, gaps)

    assert told == findings([replace(one) for one in figures], [replace(one) for one in gaps])
    assert 1 <= len(told) <= FINDINGS
    shown = {one.text for one in (*figures, *sides(gaps)) if one.value is not None}
    numbers = {text for text in ("1.0", "4.0") for one in told if f"({text}" in one.see}
    assert numbers <= shown | {one.text for one in sides(gaps)}


@given(st.lists(SEEN, max_size=6), st.permutations(range(6)))
def test_the_lowest_and_the_highest_do_not_depend_on_the_order_of_questions(figures, order):
    plain = [replace(one, word="", not_visible=False) for one in figures]
    mixed = [plain[place] for place in order if place < len(plain)]

    assert {one.talk for one in findings(plain, [])} == {one.talk for one in findings(mixed, [])}
