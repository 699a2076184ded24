"""Questionnaires that an organisation brings: kept whole or not at all, unchanged once asked."""

from datetime import timedelta

import pytest

from tests.factories import NOON, make_alliance
from understream.access import reach
from understream.access.refusal import Forbidden, Missing, Refused
from understream.domain import instrument as instruments
from understream.domain.alliance import found_alliance
from understream.domain.instrument import (
    choices_before,
    give_instrument,
    instrument_file,
    own_instruments,
    preview_before,
    take_back_instrument,
)
from understream.domain.round import plan_round, rounds_of
from understream.instruments import reader
from understream.records.instrument import InstrumentVersion, OwnInstrument

pytestmark = pytest.mark.django_db
PULSE = reader.source_of("pulse").decode()
OWN = PULSE.replace('code = "pulse"', 'code = "culture"', 1)


def given(seat, text=OWN, name="culture.toml"):
    return give_instrument(seat, text.encode(), name, language="en", now=NOON)


def planned(seat, code):
    return plan_round(
        seat, instrument=code, title="Culture", closes_at=NOON + timedelta(days=9), now=NOON
    )


def raised(version, text=OWN):
    return text.replace("version = 1", f"version = {version}", 1)


def asked_by(seat):
    return [one.code for one in choices_before(seat, language="en")]


def test_what_is_in_order_is_kept_and_can_be_asked_in_its_newest_version():
    world = make_alliance("Harbour", "Mill")
    seat = world.managers["Harbour"]
    verdict = given(seat)
    assert (verdict.faults, verdict.title) == ((), reader.load("pulse").title.en)
    given(seat, raised(2))
    cards = own_instruments(seat, language="nl")
    assert [(one.version, one.is_newest, one.was_asked) for one in cards] == [
        (2, True, False),
        (1, False, False),
    ]
    assert cards[0].title == reader.load("pulse").title.nl
    assert asked_by(seat)[-1] == verdict.asked_as

    planned(seat, verdict.asked_as)

    (kept,) = InstrumentVersion.objects.filter(code=verdict.asked_as)
    assert kept.version == 2
    assert rounds_of(seat)[0].instrument == verdict.asked_as
    assert [one.was_asked for one in own_instruments(seat, language="en")] == [True, False]
    assert instruments.can_ask(seat, verdict.asked_as)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (OWN.replace("version = 1", 'version = "one"', 1), 6, "version"),
        (OWN.replace('code = "culture"', f'code = "{"c" * 25}"', 1), 5, "longer than 24"),
        (PULSE, 5, "comes with the product"),
        ("", 1, ""),
        ("[[[", 1, ""),
    ],
)
def test_what_is_not_in_order_is_named_and_nothing_is_kept(text, line, what):
    seat = make_alliance("Harbour", "Mill").managers["Harbour"]
    verdict = given(seat, text)
    assert verdict.faults
    assert verdict.asked_as == ""
    assert any(what in one.what for one in verdict.faults)
    assert line in {one.line for one in verdict.faults}
    assert not OwnInstrument.objects.exists()


def test_bytes_that_are_no_text_are_a_fault_like_any_other():
    seat = make_alliance("Harbour", "Mill").managers["Harbour"]
    found = give_instrument(seat, b"code = \xff\xfe", "a.toml", language="en", now=NOON)
    assert [one.what for one in found.faults] == ["this line is not UTF-8"]


def test_a_version_is_replaced_until_a_round_asks_it_and_then_never_changes():
    seat = make_alliance("Harbour", "Mill").managers["Harbour"]
    question = reader.load("pulse").items[0].text.en
    other = OWN.replace(question, "Our people sing in tune.", 1)
    assert other != OWN
    code = given(seat).asked_as
    assert given(seat, other).faults == ()
    assert OwnInstrument.objects.count() == 1
    planned(seat, code)

    refused = given(seat, OWN)
    assert [one.remedy for one in refused.faults] == ["Raise the version"]
    assert "its words differ (en)" in refused.faults[0].what
    assert refused.faults[0].line == 6
    assert given(seat, other).faults == (), "the same again changes nothing"
    assert given(seat, raised(2)).faults == ()
    planned(seat, code)
    assert "version 2 was used already" in given(seat, OWN).faults[0].what
    assert [one.version for one in InstrumentVersion.objects.filter(code=code)] == [1, 2]


def test_what_was_not_asked_is_removed_and_what_was_asked_stays():
    seat = make_alliance("Harbour", "Mill").managers["Harbour"]
    code = given(seat).asked_as
    planned(seat, code)
    given(seat, raised(2))
    second, first = own_instruments(seat, language="en")
    with pytest.raises(Refused, match="so it stays"):
        take_back_instrument(seat, first.key)
    take_back_instrument(seat, second.key)
    assert [one.version for one in own_instruments(seat, language="en")] == [1]
    with pytest.raises(Missing):
        take_back_instrument(seat, second.key)


def test_another_organisation_has_nothing_of_it_until_a_round_asks_it():
    world = make_alliance("Harbour", "Mill")
    seat, partner = world.managers["Harbour"], world.managers["Mill"]
    code = given(seat).asked_as
    assert own_instruments(partner, language="en") == ()
    assert code not in asked_by(partner)
    for act in (
        lambda: preview_before(partner, code, language="en"),
        lambda: planned(partner, code),
        lambda: instrument_file(partner, code),
        lambda: take_back_instrument(partner, OwnInstrument.objects.get().pk),
    ):
        with pytest.raises(Missing):
            act()
    planned(seat, code)
    preview = preview_before(partner, code, language="en")
    assert preview.parts
    assert (preview.has_file, preview.named) == (False, "culture")
    with pytest.raises(Missing):
        planned(partner, code)
    theirs = given(partner)
    assert theirs.asked_as not in ("", code)
    stranger = make_alliance("Quay", "Delta", seed=8).managers["Quay"]
    with pytest.raises(Missing):
        preview_before(stranger, code, language="en")


def test_the_same_organisation_asks_it_in_another_alliance_too():
    first = make_alliance("Harbour", "Mill").managers["Harbour"]
    code = given(first).asked_as
    founder = reach.seat_of_person(first.person)
    names = {"name": "Second", "organisations": ("Harbour", "Quay"), "time_zone": "UTC"}
    second = reach.seat_in_alliance(first.person, found_alliance(founder, **names, now=NOON))
    assert code in asked_by(second)
    assert planned(second, code)


def test_its_file_comes_back_as_it_was_given():
    world = make_alliance("Harbour", "Mill")
    seat = world.managers["Harbour"]
    code = given(seat).asked_as
    assert instrument_file(seat, code) == ("culture.toml", OWN.encode())
    assert instrument_file(seat, "pulse") == ("pulse.toml", PULSE.encode())
    for missing in ("own-0-culture", "culture", "own-", "", "evaluation"):
        with pytest.raises(Missing):
            instrument_file(seat, missing)
    member = world.people["Harbour"][1]
    with pytest.raises(Forbidden):
        given(member)
    with pytest.raises(Forbidden):
        instrument_file(member, "pulse")
    assert asked_by(member) == [one.code for one in instruments.choices(language="en")]


def test_fifty_versions_are_the_most(monkeypatch):
    monkeypatch.setattr(instruments, "MOST_OWN", 2)
    seat = make_alliance("Harbour", "Mill").managers["Harbour"]
    for version in (1, 2):
        assert given(seat, raised(version)).faults == ()
    assert "2 versions are here already" in given(seat, raised(3)).faults[0].what
    assert given(seat, raised(2)).faults == ()


def test_any_character_of_a_file_can_be_kept():
    seat = make_alliance("Harbour", "Mill").managers["Harbour"]
    title = reader.load("pulse").title.en
    for odd in ("\\u0000", "\\u202e", "\U0001f600", '\\"<b>'):
        verdict = given(seat, OWN.replace(f'"{title}"', f'"{odd}x"', 1))
        assert verdict.faults or own_instruments(seat, language="en")[0].title.endswith("x")
