"""Which instruments there are, and the very version that a round asks."""

from dataclasses import replace

import pytest

from tests.factories import make_alliance
from understream.access.refusal import Broken, Missing, Refused
from understream.domain.instrument import (
    EVALUATION,
    choices,
    instrument_of,
    keep,
    keep_builtin,
    preview_before,
    questions_about,
)
from understream.instruments import reader
from understream.records.instrument import InstrumentVersion

PULSE, TRUST = reader.load("pulse"), reader.load("trust")
RESPONSIBILITY = reader.load("responsibility")


def test_instruments_can_be_chosen_in_both_languages_and_the_evaluations_own_cannot():
    english, dutch = choices(language="en"), choices(language="nl")

    assert [one.code for one in english] == [
        code for code in reader.builtin() if code != EVALUATION
    ]
    assert (english[0].title, english[0].items, english[0].directed) == ("Pulse", 6, False)
    assert (english[-1].code, english[-1].items, english[-1].directed) == ("trust", 30, True)
    assert dutch[0].title == "Polsslag"
    assert all(one.purpose for one in (*english, *dutch))
    assert EVALUATION in reader.builtin()


@pytest.mark.django_db
def test_a_version_is_stored_at_its_first_use_and_read_as_it_was():
    first, second = keep(PULSE), keep_builtin("pulse")

    kept = InstrumentVersion.objects.get()
    assert first == second == kept.pk
    assert (kept.code, kept.version, kept.digest) == ("pulse", PULSE.version, PULSE.digest())
    assert instrument_of(kept) == PULSE


@pytest.mark.django_db
def test_a_changed_instrument_needs_a_new_version():
    keep(PULSE)
    changed = replace(PULSE, items=PULSE.items[:5])

    with pytest.raises(Broken):
        keep(changed)

    later = keep(replace(changed, version=PULSE.version + 1))
    assert len(instrument_of(InstrumentVersion.objects.get(pk=later)).items) == 5
    assert InstrumentVersion.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "nothing", "../pulse", "pulse.toml"])
def test_an_instrument_that_is_not_there_is_missing(code):
    with pytest.raises(Missing):
        keep_builtin(code)


def test_every_question_is_asked_once_whoever_the_partners_are():
    questions = questions_about(PULSE, [7, 9])

    assert [(one.code, one.about) for one in questions] == [(one.code, "") for one in PULSE.items]


def test_a_directed_instrument_asks_everything_about_each_partner():
    questions = questions_about(TRUST, [7, 9])

    assert [(one.code, one.about) for one in questions] == [
        (item.code, about) for about in ("7", "9") for item in TRUST.items
    ]


def test_what_is_asked_once_comes_before_what_is_asked_about_each_partner():
    questions = questions_about(RESPONSIBILITY, [7, 9])

    assert [(one.code, one.about) for one in questions] == [
        (f"{code}{number}", about)
        for code, about in (("RW", ""), ("RT", "7"), ("RT", "9"))
        for number in range(1, 6)
    ]


def test_named_points_are_points_and_not_options():
    drivers = {one.code: one for one in questions_about(reader.load("drivers"), [])}

    assert (drivers["D1M"].kind, drivers["D1M"].points) == ("rating", 3)


def test_questions_keep_the_scale_the_facet_and_the_turn_of_their_items():
    for item, question in zip(TRUST.items, questions_about(TRUST, [7]), strict=True):
        scale = TRUST.scale_of(item)
        assert (question.points, question.low, question.facet, question.reverse) == (
            scale.points,
            scale.low,
            item.facet,
            item.reverse,
        )
        assert question.kind == ("choice" if scale.choice else "rating")


@pytest.mark.django_db
@pytest.mark.parametrize("code", [one for one in reader.builtin() if one != EVALUATION])
def test_a_preview_holds_every_question_in_its_order_in_both_languages(code):
    world, read = make_alliance(), reader.load(code)
    seat = world.managers["Harbour"]
    for language in ("en", "nl"):
        card = preview_before(seat, code, language=language)
        shown = [one for part in card.parts for one in part.asked]
        assert [one.text.casefold() for one in shown] == [
            item.text.into(language).replace("[P]", "the partner").casefold()
            for item in read.items
        ]
        assert all(len(one.answers) == 2 for one in shown if one.points)
        assert len(card.open_lines) == len(read.open_lines)
        assert len(card.sources) == len(read.sources)


@pytest.mark.django_db
def test_a_preview_is_for_those_who_may_plan_and_of_what_a_round_can_ask():
    world = make_alliance()
    for code in ("nothing", EVALUATION):
        with pytest.raises(Missing):
            preview_before(world.managers["Harbour"], code, language="en")
    with pytest.raises(Refused):
        preview_before(world.people["Harbour"][1], "pulse", language="en")
    assert preview_before(world.facilitator, "pulse", language="nl").title == "Polsslag"
