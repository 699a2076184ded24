"""Every instrument on its whole way: read, answered, closed, released, seen in both languages."""

import pytest

from tests.factories import LATER, NOON, answer_all, close, links_of, make_alliance, open_round
from understream.domain.instrument import EVALUATION
from understream.domain.mirror import mirror_before, release_rows, statements_of
from understream.domain.voice import fill_form, form_before, form_of_party
from understream.instruments import reader
from understream.records.release import Release
from understream.records.round import Mode

pytestmark = pytest.mark.django_db
ROUNDS = [code for code in reader.builtin() if code != EVALUATION]


def top_of(instrument, partners):
    """Return the highest answer to every question, and to the last that one cannot judge."""
    asked = [item for _, item in instrument.asked_of(range(partners))]
    return (*(instrument.scale_of(item).points for item in asked[:-1]), 255)


def seen(card, code):
    """Return the figures of an item, of every section."""
    return [
        figure
        for section in card.sections
        for facet in section.facets
        for item in facet.items
        if item.code == code
        for figure in item.figures
    ]


@pytest.mark.parametrize("code", ROUNDS)
def test_it_is_answered_closed_released_and_seen_in_both_languages(code):
    instrument = reader.load(code)
    world = make_alliance("Harbour", "Mill", people=(10, 5))
    key = open_round(world, instrument=code)
    (link, *_others) = links_of(key, world.parties["Harbour"])
    form = form_before(link, browser="", language="nl", now=NOON)
    top = top_of(instrument, 1)

    answer_all(world, key, {"Harbour": [top] * 10, "Mill": [top] * 5})
    close(world, key)

    assert (form.answers, form.places) == (len(instrument.items), len(instrument.items))
    told = Release.objects.get(round=key).content["parties"][0]["answers"]
    assert [one["code"] for one in told] == [item.code for item in instrument.items]
    for language in ("en", "nl"):
        card = mirror_before(world.managers["Harbour"], key, language=language)
        assert card.instrument_title == instrument.title.into(language)
        for item in instrument.items[:-1]:
            scale = instrument.scale_of(item)
            ours, theirs = seen(card, item.code)
            assert ours.state == "shown"
            # A choice of five people is withheld; a rating of any scale is not.
            assert theirs.state == ("withheld" if scale.choice else "shown")
            assert (ours.value is None) == scale.choice
            assert scale.choice or ours.end == "higher"
        last = seen(card, instrument.items[-1].code)
        assert {figure.state for figure in last} == {"withheld"}
    assert len(release_rows(world.managers["Harbour"], key, now=LATER)) > len(instrument.items)


@pytest.mark.parametrize("code", ROUNDS)
def test_a_party_of_one_voice_fills_it_in_and_is_read_as_it_spoke(code):
    instrument = reader.load(code)
    world = make_alliance("Harbour", "Mill", people=2)
    key = open_round(world, instrument=code)
    top = top_of(instrument, 1)

    for manager in world.managers.values():
        fill_form(manager, key, answers=top, now=NOON)
    form = form_of_party(world.managers["Mill"], key, language="en", now=NOON)
    close(world, key)

    assert [one.answer for one in form.items] == list(top)
    card = mirror_before(world.managers["Harbour"], key, language="nl")
    for item in instrument.items[:-1]:
        scale = instrument.scale_of(item)
        highest = scale.low + scale.points - 1
        word = scale.options[-1].nl if scale.options else str(highest)
        for figure in seen(card, item.code):
            assert (figure.state, figure.text) == ("spoken", word)
            assert figure.value == (None if scale.choice else highest)


def test_importance_and_influence_are_answered_by_name_and_shown_as_means():
    world = make_alliance("Harbour", "Mill", people=(6, 5))
    key = open_round(world, instrument="drivers")
    form = form_before(
        links_of(key, world.parties["Harbour"])[0], browser="", language="nl", now=NOON
    )
    drivers = reader.load("drivers")
    said = {"D1M": 3, "D1I": 1, "D2M": 2}
    one = [said.get(item.code, 4 if item.scale == "agree" else 2) for item in drivers.items]
    answer_all(world, key, {"Harbour": [one] * 6, "Mill": [one] * 5})
    close(world, key)
    card = mirror_before(world.managers["Harbour"], key, language="en")

    assert form.items == ()  # nothing is asked before the link is bound
    figures = {item: seen(card, item)[0] for item in said}
    assert [(figures[item].value, figures[item].end) for item in said] == [
        (2.5, "higher"),
        (1.5, "lower"),
        (2.0, ""),
    ]
    (matters,) = (one for one in card.sections[0].facets if one.code == "experience-matters")
    assert (matters.of, matters.low_end, matters.high_end) == ("experience", "low", "high")


def test_in_named_mode_signed_answers_have_the_names_of_the_points():
    world = make_alliance("Harbour", "Mill", people=5)
    key = open_round(world, instrument="drivers", mode=Mode.NAMED)
    answer_all(world, key, {"Harbour": [top_of(reader.load("drivers"), 1)]})
    close(world, key)

    (line,) = statements_of(world.managers["Harbour"], key, language="nl")

    assert [answer for _, answer in line.answers[:4]] == ["7", "7", "hoog", "ja"]


def test_responsibility_between_three_parties_is_asked_once_of_oneself():
    asked = reader.load("responsibility")
    world = make_alliance("Harbour", "Mill", "Clinic", people=5)
    key = open_round(world, instrument="responsibility")
    own, partner = (6,) * 5, (3,) * 5

    answer_all(world, key, {name: [own + partner + partner] * 5 for name in world.parties})
    close(world, key)

    card = mirror_before(world.managers["Mill"], key, language="en")
    assert [one.about and one.about.name for one in card.sections] == [
        None,
        "Harbour",
        "Mill",
        "Clinic",
    ]
    assert [len(section.facets) for section in card.sections] == [5] * 4
    assert [one.value for one in seen(card, "RW1")] == [6.0] * 3
    assert {one.value for one in seen(card, "RT1")} == {3.0}
    assert all(not item.gaps for item in card.sections[0].facets[0].items)
    assert asked.items[0].twin == "RT1"


def test_between_two_parties_what_each_says_of_itself_is_no_gap():
    world = make_alliance("Harbour", "Mill", people=5)
    key = open_round(world, instrument="responsibility")
    answer_all(world, key, {"Harbour": [(7,) * 10] * 5, "Mill": [(2,) * 10] * 5})
    close(world, key)

    card = mirror_before(world.managers["Mill"], key, language="en")

    gaps = {item.code: item.gaps for facet in card.sections[0].facets for item in facet.items}
    assert gaps["RW1"] == ()
    assert [gap.label for gap in gaps["RT1"]] == ["worth asking"]
