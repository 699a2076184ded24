"""What became of a mirror's figures since an earlier round."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import translation

from tests.factories import (
    LATER,
    NOON,
    SEALING,
    WEEK,
    answer_all,
    begin_evaluation,
    let_answers_end,
    links_of,
    make_alliance,
    open_round,
    pass_gate,
    seal_evaluation,
    seat_person,
    speak,
)
from understream.access.refusal import Missing
from understream.access.seat import Role
from understream.domain import instrument as instruments
from understream.domain import voice
from understream.domain.change import change_between, earlier_rounds
from understream.domain.mirror import mirror_before
from understream.domain.release import close_round
from understream.instruments import reader
from understream.instruments.reader import Text
from understream.records.instrument import InstrumentVersion
from understream.records.round import Round

pytestmark = pytest.mark.django_db


def closed(world, said, *, weeks=1, **keys):
    """Return a round in which each party's people said this, and that closed after so many weeks.

    :param said: by party, pairs of how many people and what they answered.
    """
    key = open_round(world, closes_at=NOON + weeks * WEEK, **keys)
    answer_all(world, key, {name: [one for n, one in some for _ in range(n)] for name, some in
                            said.items()})  # fmt: skip
    assert close_round(key, now=LATER + (weeks - 1) * WEEK, rng=world.rng)
    return key


def six(point):
    return (point,) * 6


def since(world, key, earlier, name="Harbour", language="en"):
    return change_between(world.managers[name], key, earlier, language=language)


def changes(card, at=0):
    """Return of one question what each party's figures were and are, and the word."""
    asked = reader.load("pulse").items[at].text.en
    rows = {row.detail: row for group in card.groups for row in group.rows}
    return [
        (one.party.name, one.before.text if one.before else None, one.now.text, one.word,
         one.direction)
        for one in rows[asked].changes
    ]  # fmt: skip


def test_few_people_get_an_arrow_from_a_whole_point_and_nothing_below():
    world = make_alliance(people=6)
    first = closed(world, {"Harbour": [(6, (3, 3, 3, 3, 3, 3))], "Mill": [(6, six(4))]})
    second = closed(
        world, {"Harbour": [(6, (4, 2, 3, 5, 3, 3))], "Mill": [(3, six(4)), (3, six(5))]}, weeks=2
    )

    card = since(world, second, first)

    assert changes(card, 0) == [
        ("Harbour", "3.0", "4.0", "higher", 1),
        ("Mill", "4.0", "4.5", "", 0),
    ]
    assert changes(card, 1)[0] == ("Harbour", "3.0", "2.0", "lower", -1)
    assert changes(card, 2)[0] == ("Harbour", "3.0", "3.0", "", 0)
    assert [one.noise for group in card.groups for row in group.rows for one in row.changes] == [
        1.0
    ] * 12
    assert card.told[0].startswith("Harbour on “")
    assert card.told[0].endswith(": from 3.0 to 5.0, higher.")


def test_many_people_get_a_welch_label_from_what_was_displayed():
    world = make_alliance(people=(17, 11))
    near, far = (5, 5, 5, 5, 5, 5), (4, 4, 4, 4, 4, 4)
    first = closed(
        world, {"Harbour": [(10, far), (7, six(3))], "Mill": [(6, six(2)), (5, six(6))]}
    )
    second = closed(
        world,
        {"Harbour": [(10, near), (7, six(4))], "Mill": [(6, six(3)), (5, six(7))]},
        weeks=2,
    )

    card = since(world, second, first)

    # Harbour: close, 12 of 17 reckoned with: sd 1, half the interval .85, and .1 of rounding.
    # Mill: two camps, 10 of 11: sd 2.25, half the interval 2.11.
    assert changes(card) == [
        ("Harbour", "3.6", "4.6", "clearly higher", 1),
        ("Mill", "3.8", "4.8", "perhaps higher", 1),
    ]


def test_a_party_below_k_says_nothing_and_shows_nothing_of_either_time():
    world = make_alliance(people=8)
    first = closed(world, {"Harbour": [(6, six(2))], "Mill": [(4, six(2))]})
    second = closed(world, {"Harbour": [(4, six(6))], "Mill": [(8, six(6))]}, weeks=2)

    card = since(world, second, first)

    assert changes(card) == [
        ("Harbour", "2.0", "not shown", "", 0),
        ("Mill", "not shown", "6.0", "", 0),
    ]
    assert card.told == ()


def reworded(code, **changed):
    """Return the pulse in a second version of which one question is another."""
    pulse = reader.load("pulse")
    items = tuple(replace(one, **changed) if one.code == code else one for one in pulse.items)
    return replace(pulse, version=2, items=items)


def ask_instead(key, instrument):
    Round.objects.filter(pk=key).update(instrument=instruments.keep(instrument))


def test_only_what_was_asked_in_the_same_words_on_the_same_scale_is_compared():
    world = make_alliance(people=6)
    first = closed(world, {"Harbour": [(6, six(3))], "Mill": [(6, six(3))]})
    second = closed(world, {"Harbour": [(6, six(6))], "Mill": [(6, six(6))]}, weeks=2)
    pulse = reader.load("pulse")
    new = reworded("PU2", text=Text("Decisions come quickly.", pulse.items[1].text.nl))
    items = (*new.items[:2], replace(new.items[2], code="PU9"), *new.items[3:])
    ask_instead(second, replace(new, items=items))
    assert InstrumentVersion.objects.filter(code="pulse").count() == 2

    card = since(world, second, first)

    # The stored figures still speak of PU3, which the second version does not ask.
    assert sum(len(group.rows) for group in card.groups) == 4
    assert [(one.text, one.why) for one in card.left_out] == [
        ("Decisions come quickly.", "asked in other words"),
        (pulse.items[2].text.en, "not asked then"),
        (pulse.items[2].text.en, "not asked any more"),
    ]


def test_another_scale_and_another_stretch_of_time_are_not_compared():
    world = make_alliance(people=6)
    first = closed(world, {"Harbour": [(6, six(3))]})
    second = closed(world, {"Harbour": [(6, six(6))]}, weeks=2)
    pulse = reader.load("pulse")
    month = Text("the past month", "de afgelopen maand")
    other = reworded("PU1", time_frame=month)
    ask_instead(second, replace(other, scales=tuple(
        replace(one, high_end=Text("quite", "nogal")) for one in pulse.scales)))  # fmt: skip

    card = since(world, second, first)

    assert card.groups == ()
    assert [one.why for one in card.left_out] == ["asked about another stretch of time"] + [
        "answered on another scale"
    ] * 5


def test_a_party_that_spoke_in_another_way_is_not_compared():
    world = make_alliance(people=6)
    first = closed(world, {"Harbour": [(6, six(2))], "Mill": [(6, six(2))]}, mode="named")
    second = closed(world, {"Harbour": [(6, six(6))], "Mill": [(6, six(6))]}, weeks=2)

    card = since(world, second, first)

    assert (card.groups, card.parties, card.told) == ((), (), ())
    assert len(card.apart) == 2


def test_one_voice_is_compared_with_its_own_earlier_form():
    world = make_alliance(people=(6, 2))
    keys = []
    for weeks, point in ((1, 3), (2, 4)):
        key = open_round(world, closes_at=NOON + weeks * WEEK)
        voice.fill_form(
            world.managers["Mill"], key, answers=(point, 3, 3, 3, 255, 0), comment="", now=NOON
        )
        assert close_round(key, now=LATER + (weeks - 1) * WEEK, rng=world.rng)
        keys.append(key)

    card = since(world, keys[1], keys[0])

    assert [changes(card, at)[1][1:4] for at in (0, 1, 4)] == [
        ("3", "4", "higher"),
        ("3", "3", ""),
        ("cannot judge", "cannot judge", ""),
    ]


# ------------------------------------------------------------------------ minds and people


def named(world, who, weeks):
    """Return a closed named round: by place of who answered at Harbour, the point."""
    key = open_round(world, closes_at=NOON + weeks * WEEK, mode="named")
    links = links_of(key, world.parties["Harbour"])
    for place, point in who.items():
        speak(world, links[place], six(point))
    assert close_round(key, now=LATER + (weeks - 1) * WEEK, rng=world.rng)
    return key


def test_minds_and_people_are_told_apart_of_signed_answers():
    world = make_alliance(people=(15, 5))
    first = named(world, dict.fromkeys(range(5), 3) | dict.fromkeys(range(5, 10), 2), 1)
    second = named(world, dict.fromkeys(range(5), 4) | dict.fromkeys(range(10, 15), 7), 2)

    card = since(world, second, first)

    # 2.5 to 5.5: stayers 3 to 4; those who left pulled it down by .5, newcomers up by 1.5.
    assert card.minds[0].endswith(
        ": +3.0, of which +1.0 by the same 5 people and +2.0 because people changed."
    )
    assert (len(card.minds), card.minds_hidden) == (6, False)
    with translation.override("nl"):
        assert "+3,0" in since(world, second, first, language="nl").minds[0]


def test_minds_are_told_of_the_same_people_without_anybody_who_came_or_went():
    world = make_alliance(people=(6, 5))
    first = named(world, dict.fromkeys(range(6), 5), 1)
    second = named(world, dict.fromkeys(range(3), 5) | dict.fromkeys(range(3, 6), 4), 2)

    assert since(world, second, first).minds[0].endswith(": −0.5, all of it by the same 6 people.")


@pytest.mark.parametrize("stayed", [4, 5])
def test_minds_are_not_told_where_a_group_is_below_k(stayed):
    world = make_alliance(people=(15, 5))
    first = named(world, dict.fromkeys(range(10), 3), 1)
    came = 5 if stayed == 4 else 4
    second = named(world, dict.fromkeys((*range(stayed), *range(10, 10 + came)), 4), 2)

    card = since(world, second, first)

    assert (card.minds, card.minds_hidden) == ((), True)


def test_minds_are_for_the_managers_of_those_who_signed_alone():
    world = make_alliance(people=(6, 6))
    first = named(world, dict.fromkeys(range(6), 5), 1)
    second = named(world, dict.fromkeys(range(6), 4), 2)

    assert since(world, second, first).minds
    participant = change_between(world.people["Harbour"][1], second, first, language="en")
    mill = since(world, second, first, "Mill")
    assert (participant.minds, participant.minds_hidden) == ((), False)
    assert mill.minds == ()
    assert changes(participant) == changes(mill)


def test_of_confidential_rounds_minds_are_never_told():
    world = make_alliance(people=8)
    said = {"Harbour": [(8, six(3))], "Mill": [(8, six(3))]}
    first, second = closed(world, said), closed(world, said, weeks=2)

    card = since(world, second, first)

    assert (card.minds, card.minds_hidden) == ((), False)


# ------------------------------------------------------------------------------- who may


def test_a_round_is_compared_with_earlier_closed_ones_of_the_same_instrument_only():
    world, far = make_alliance(people=6), make_alliance("Quay", "Delta", people=6, seed=8)
    first = closed(world, {})
    trust = closed(world, {}, weeks=2, instrument="trust")
    second = closed(world, {}, weeks=3)
    running = open_round(world, closes_at=NOON + 9 * WEEK)
    elsewhere = closed(far, {})
    manager = world.managers["Harbour"]

    assert [one.key for one in earlier_rounds(manager, second)] == [first]
    assert earlier_rounds(manager, first) == ()
    for key, earlier in (
        (first, second), (second, second), (second, trust), (second, running), (running, first),
        (second, elsewhere), (elsewhere, first),
    ):  # fmt: skip
        with pytest.raises(Missing):
            change_between(manager, key, earlier, language="en")
    with pytest.raises(Missing):
        change_between(world.facilitator, second, first, language="en")


def test_of_two_evaluations_the_partner_stands_there_after_the_reveal_only():
    world = make_alliance(people=6)
    first = begin_evaluation(world)
    seal_evaluation(world, first)
    pass_gate(world, first)
    second = begin_evaluation(world, answer_until=NOON + 3 * WEEK, seal_until=NOON + 4 * WEEK)
    later = SEALING + 2 * WEEK
    let_answers_end(world, second, now=later)
    (asked,) = Round.objects.filter(evaluation=second)
    (before,) = Round.objects.filter(evaluation=first)
    sponsor = seat_person(world.alliance, world.parties["Harbour"], "Sponsor", Role.SPONSOR)

    card = since(world, asked.pk, before.pk)

    assert [one.name for one in card.parties] == ["Harbour"]
    assert {one.party.name for group in card.groups for row in group.rows
            for one in row.changes} == {"Harbour"}  # fmt: skip
    with pytest.raises(Missing):
        change_between(sponsor, asked.pk, before.pk, language="en")
    seal_evaluation(world, second, now=later + timedelta(minutes=1))
    assert [one.name for one in since(world, asked.pk, before.pk).parties] == ["Harbour", "Mill"]
    assert len(mirror_before(sponsor, asked.pk, language="en").parties) == 2
