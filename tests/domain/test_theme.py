"""People gather and name; the machine only lays alike beside alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOON, make_alliance
from tests.workshops import draft, make_meeting
from understream.access.refusal import Missing, Unfit
from understream.domain import attendee, theme
from understream.domain.theme import RenamedMeanwhile, alike_beside_alike, frequent_words
from understream.records.theme import Theme

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(world, draft("prompt"), draft("themes", source=1), people=3)
    meeting.open(0)
    for name in meeting.tokens:
        meeting.say(name, f"words of {name}")
    meeting.open(1)
    return meeting


def make(meeting, name, answers=()):
    return theme.make_theme(
        meeting.lead, meeting.key, meeting.steps[1], name=name, answers=answers, now=NOON
    )


def lying(meeting):
    return {one.name: one.answers for one in meeting.scene().themes}


def test_answers_lie_in_none_one_or_several_themes(meeting):
    keys = [one.key for one in meeting.scene().answers]
    one, two = make(meeting, "One", keys[:3]), make(meeting, "Two", keys[2:4])
    assert lying(meeting) == {"One": tuple(keys[:3]), "Two": tuple(keys[2:4])}

    at = {"now": NOON}
    theme.gather_answers(meeting.lead, meeting.key, two, answers=keys[:1], leave=one, **at)
    assert lying(meeting) == {"One": tuple(keys[1:3]), "Two": (*keys[2:4], keys[0])}
    theme.release_answers(meeting.lead, meeting.key, one, answers=keys[1:2], **at)
    assert lying(meeting)["One"] == (keys[2],)
    theme.merge_themes(meeting.lead, meeting.key, one, other=two, **at)
    assert set(lying(meeting)["One"]) == {keys[2], keys[3], keys[0]}
    theme.split_theme(meeting.lead, meeting.key, one, answers=keys[:1], name="Three", **at)
    assert list(lying(meeting)) == ["One", "Three"]
    theme.order_theme(meeting.lead, meeting.key, one, by=9, **at)
    assert list(lying(meeting)) == ["Three", "One"]
    theme.remove_theme(meeting.lead, meeting.key, one, **at)
    assert list(lying(meeting)) == ["Three"]


def test_a_name_is_not_overwritten_by_who_has_not_seen_it(meeting):
    key = make(meeting, "First")
    seen = Theme.objects.get(pk=key).changed
    at = (meeting.lead, meeting.key, key)
    theme.rename_theme(*at, name="Second", seen=seen, now=NOON)
    with pytest.raises(RenamedMeanwhile):
        theme.rename_theme(*at, name="Third", seen=seen, now=NOON)
    with pytest.raises(RenamedMeanwhile):
        theme.paraphrase_theme(*at, words="w", seen=seen, now=NOON)
    theme.rename_theme(*at, name="Second", seen=seen, now=NOON)  # says what stands
    assert list(lying(meeting)) == ["Second"]


def test_what_does_not_fit_is_told_and_strangers_are_not_there(meeting):
    key = make(meeting, "A")
    for name in ("", " \u200b", "x" * 121):
        with pytest.raises(Unfit):
            make(meeting, name)
    with pytest.raises(Unfit):
        theme.split_theme(meeting.lead, meeting.key, key, answers=[], name="B", now=NOON)
    with pytest.raises(Missing):
        make(meeting, "B", [10**9])
    with pytest.raises(Missing):
        theme.merge_themes(meeting.lead, meeting.key, key, other=key, now=NOON)
    with pytest.raises(Missing):
        theme.gather_answers(meeting.lead, meeting.key, 10**9, answers=[], now=NOON)


def test_similar_answers_lie_side_by_side_once_somebody_asks(meeting):
    assert meeting.scene().beside == ()
    theme.lay_beside(meeting.lead, meeting.key, meeting.steps[1], now=NOON)
    assert sorted(meeting.scene().beside) == sorted(one.key for one in meeting.scene().answers)
    assert meeting.scene().themes == ()


def test_of_few_confidential_answers_only_the_words_of_who_gathers_are_shown():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(
        world, draft("prompt", identity="confidential"), draft("themes", source=1), people=8
    )
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    meeting.open(0)
    for name in meeting.tokens:
        meeting.say(name, f"words of {name}")
    meeting.open(1)
    keys = [one.key for one in meeting.scene().answers]
    before = meeting.scene().room.version
    few = make(meeting, "Few", keys[:2])
    make(meeting, "Enough", keys[2:5])
    theme.paraphrase_theme(
        meeting.lead, meeting.key, few, words="Some said so",
        seen=Theme.objects.get(pk=few).changed, now=NOON,
    )  # fmt: skip

    whole, delta = meeting.scene(), meeting.scene(since=before)
    for told in (whole, delta):
        cards = {one.name: one for one in told.themes}
        assert (cards["Few"].answers, cards["Few"].paraphrase) == ((), "Some said so")
        assert len(cards["Enough"].answers) == 3
    shown = {one.key for one in whole.answers}
    assert not shown & set(keys[:2])
    assert len(shown) == len(keys) - 2


# ------------------------------------------------------------------------ likeness


def test_texts_that_share_words_come_next_to_each_other():
    texts = {
        1: "Our planners change every year.",
        2: "They say quality and mean something else.",
        3: "Elk jaar een nieuwe planner.",
        4: "Quality is another word for them.",
        5: "The planners of both sides left.",
        6: "Een nieuwe directeur, elk jaar weer.",
    }
    order = alike_beside_alike(texts)

    def apart(a, b):
        return abs(order.index(a) - order.index(b))

    assert sorted(order) == list(texts)
    assert apart(2, 4) == 1
    assert apart(3, 6) == 1
    assert apart(1, 5) == 1 or apart(3, 1) == 1


@given(st.dictionaries(st.integers(0, 99), st.text(max_size=30), max_size=20))
def test_each_text_comes_once_and_in_the_same_order_each_time(texts):
    order = alike_beside_alike(texts)

    assert sorted(order) == sorted(texts)
    assert alike_beside_alike(dict(texts)) == order


def test_words_are_counted_by_answers_and_common_ones_left_out():
    texts = ["Trust, trust and trust.", "We trust the planning", "De planning van de week", "x"]

    assert frequent_words(texts) == (("planning", 2), ("trust", 2))
