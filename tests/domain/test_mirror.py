"""The mirror of a round, and the own party's figures as data: displayed figures alone."""

import json
from dataclasses import replace

import pytest
from django.utils import translation

from tests.factories import (
    LATER,
    NOON,
    SEALING,
    answer_all,
    begin_evaluation,
    close,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    open_round,
    pass_gate,
    plan_round,
    reflect,
    seal_evaluation,
    seat_person,
    speak,
)
from understream.access import reach
from understream.access.refusal import Missing
from understream.access.seat import Role
from understream.domain import round as rounds
from understream.domain import voice
from understream.domain.journal import journal_of
from understream.domain.mirror import (
    HEADER,
    mirror_before,
    release_plain,
    release_rows,
    research_rows,
    statements_of,
)
from understream.domain.release import cancel_round
from understream.domain.result import result_by_link
from understream.domain.seat import end_seat
from understream.instruments import reader
from understream.records.alliance import Party
from understream.records.organisation import Membership, Organisation
from understream.records.release import Release
from understream.records.round import Cohort, Round

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)
LOW = (2, 2, 2, 2, 2, 2)
TRUST = reader.load("trust")
CHOICES = [item.code for item in TRUST.items if TRUST.scale_of(item).choice]


def closed(world, answers, **keys):
    """Return the key of a closed round in which so many of each party said something."""
    key = open_round(world, **keys)
    answer_all(world, key, {name: [one] * people for name, (one, people) in answers.items()})
    close(world, key)
    return key


def mirror(world, key, name="Harbour", language="en"):
    return mirror_before(world.managers[name], key, language=language)


def trust(point, partners=1):
    """Return answers to the trust questions about so many partners: the point, or an option."""
    return tuple(
        min(point, TRUST.scale_of(item).points) for _ in range(partners) for item in TRUST.items
    )


def items(card, section=0):
    return [item for facet in card.sections[section].facets for item in facet.items]


def figures(card, code, section=0):
    """Return what each party is shown to say: name, state, words."""
    item = next(one for one in items(card, section) if one.code == code)
    return [(one.party.name, one.state, one.text) for one in item.figures]


# ------------------------------------------------------------------ two parties of one alliance


def test_both_parties_read_the_same_figures():
    world = make_alliance(people=12)
    key = closed(world, {"Harbour": (SIX, 12), "Mill": (LOW, 12)})

    harbour, mill = mirror(world, key), mirror(world, key, "Mill")

    assert figures(harbour, "PU1") == [("Harbour", "shown", "5.0"), ("Mill", "shown", "2.0")]
    assert [(one.party.name, one.n) for one in harbour.parties] == [
        ("Harbour", "12"),
        ("Mill", "12"),
    ]
    assert harbour.sections == mill.sections
    assert harbour.findings == mill.findings
    assert (harbour.own.name, mill.own.name) == ("Harbour", "Mill")
    assert [gap.label for gap in items(harbour)[0].gaps] == ["clear"]


def test_small_parties_are_told_in_half_points_and_words_at_the_end():
    world = make_alliance(people=6)
    key = closed(world, {"Harbour": ((7, 1, 4, 4, 4, 4), 6), "Mill": ((7, 1, 4, 4, 4, 4), 6)})

    card = mirror(world, key)

    assert figures(card, "PU1")[0] == ("Harbour", "shown", "6.5 or higher")
    assert figures(card, "PU2")[0] == ("Harbour", "shown", "1.5 or lower")
    assert {one.n for one in card.parties} == {"5-9"}
    assert {one.word for item in items(card) for one in item.figures} == {""}
    assert {one.bands for item in items(card) for one in item.figures} == {()}


@pytest.mark.parametrize("answered", range(5))
def test_fewer_than_five_look_the_same_however_many_they_are(answered):
    world = make_alliance(people=(8, 8))
    key = closed(world, {"Harbour": (SIX, 8), "Mill": (LOW, answered)})

    card = mirror(world, key)

    mill = [one for item in items(card) for one in item.figures if one.party.name == "Mill"]
    assert {(one.state, one.text, one.value, one.not_visible) for one in mill} == {
        ("withheld", "not shown", None, False)
    }
    assert [(one.party.name, one.n) for one in card.parties] == [("Harbour", "5-9"), ("Mill", "")]
    assert all(gap.label == "not enough answers" for item in items(card) for gap in item.gaps)


def test_a_round_that_asks_for_more_people_shows_nothing_of_fewer():
    world = make_alliance(people=(8, 8))
    key = closed(world, {"Harbour": (LOW, 6), "Mill": (LOW, 7)}, k=7)

    card = mirror(world, key)

    assert figures(card, "PU1") == [("Harbour", "withheld", "not shown"), ("Mill", "shown", "2.0")]
    assert (card.k, [one.n for one in card.parties]) == (7, ["", "5-9"])


def test_a_question_that_too_few_could_judge_is_not_shown_and_that_is_all_it_says():
    world = make_alliance(people=(10, 5))
    key = open_round(world)
    answer_all(world, key, {"Harbour": [(5, 4, 6, 3, 3, 7)] * 4 + [(5, 4, 6, 3, 255, 7)] * 6})
    close(world, key)

    card = mirror(world, key)

    assert figures(card, "PU5")[0] == ("Harbour", "withheld", "not shown")
    figure = next(item for item in items(card) if item.code == "PU5").figures[0]
    assert not figure.not_visible


def test_one_voice_is_told_exactly_and_never_compared_as_people_are():
    world = make_alliance(people=(8, 3))
    key = open_round(world)
    answer_all(world, key, {"Harbour": [SIX] * 8})
    voice.fill_form(world.managers["Mill"], key, answers=(6, 0, 255, 1, 2, 3), now=NOON)
    close(world, key)

    card = mirror(world, key)

    assert [figures(card, code)[1] for code in ("PU1", "PU2", "PU3")] == [
        ("Mill", "spoken", "6"),
        ("Mill", "open", "no answer"),
        ("Mill", "open", "cannot judge"),
    ]
    assert [(one.mode, one.n) for one in card.parties] == [
        ("confidential", "5-9"),
        ("one voice", ""),
    ]
    assert card.comments is not None
    assert mirror(world, key, "Mill").comments.state == "other"


def test_a_party_of_one_voice_that_filled_nothing_in_left_every_question_open():
    world = make_alliance(people=(8, 3))
    key = closed(world, {"Harbour": (SIX, 8)})

    assert {
        figures(mirror(world, key), item.code)[1][1:] for item in items(mirror(world, key))
    } == {("open", "no answer")}


def test_a_named_party_obeys_the_same_table_and_its_managers_read_who_signed():
    world = make_alliance(people=(5, 6))
    key = plan_round(world)
    rounds.confirm_cohort(
        world.managers["Harbour"], key, mode="named",
        seats=[seat.key for seat in world.people["Harbour"]], now=NOON, rng=world.rng,
    )  # fmt: skip
    rounds.open_round(world.managers["Harbour"], key, now=NOON)
    links = links_of(key, world.parties["Harbour"])
    for number, link in enumerate(links):
        speak(world, link, SIX, comment=f"remark {number}" if number == 1 else "")
    close(world, key)

    harbour, mill = mirror(world, key), mirror(world, key, "Mill")

    assert figures(harbour, "PU1")[0] == ("Harbour", "shown", "5.0")
    assert (harbour.may_read_statements, mill.may_read_statements) == (True, False)
    lines = statements_of(world.managers["Harbour"], key, language="en")
    assert [line.name for line in lines] == sorted(seat.name for seat in world.people["Harbour"])
    assert [answer for _, answer in lines[0].answers] == ["5", "4", "6", "3", "cannot judge", "7"]
    assert [line.comment for line in lines if line.comment] == ["remark 1"]


@pytest.mark.parametrize("who", ["participant", "sponsor", "partner", "facilitator"])
def test_signed_answers_are_read_by_the_own_partys_managers_alone(who):
    world = make_alliance(people=5)
    key = closed(world, {"Harbour": (SIX, 5)}, mode="named")
    party = world.parties["Harbour"]
    seat = {
        "participant": world.people["Harbour"][1],
        "sponsor": seat_person(world.alliance, party, "Sponsor", Role.SPONSOR),
        "partner": make_alliance("Quay", "Barge").managers["Quay"],
        "facilitator": world.facilitator,
    }[who]

    with pytest.raises(Missing):
        statements_of(seat, key, language="en")


def test_where_nobody_signed_there_are_no_signed_answers():
    world = make_alliance(people=(5, 2))
    key = open_round(world)
    voice.fill_form(world.managers["Mill"], key, answers=SIX, now=NOON)
    close(world, key)

    for name in ("Harbour", "Mill"):
        with pytest.raises(Missing):
            statements_of(world.managers[name], key, language="en")


def test_before_the_close_nobody_reads_a_mirror_or_signed_answers():
    world = make_alliance(people=5)
    key = open_round(world, mode="named")
    answer_all(world, key, {"Harbour": [SIX] * 5})

    for act in (
        lambda: mirror(world, key),
        lambda: statements_of(world.managers["Harbour"], key, language="en"),
        lambda: release_rows(world.managers["Harbour"], key, now=NOON),
        lambda: release_plain(world.managers["Harbour"], key, now=NOON),
        lambda: result_by_link(
            links_of(key, world.parties["Mill"])[0], browser="", language="en", now=NOON
        ),
    ):
        with pytest.raises(Missing):
            act()


def test_a_cancelled_round_has_no_mirror():
    world = make_alliance()
    key = open_round(world)
    cancel_round(world.managers["Mill"], key, now=NOON)

    with pytest.raises(Missing):
        mirror(world, key)


@pytest.mark.parametrize("who", ["facilitator", "stranger"])
def test_the_mirror_is_for_the_parties_of_the_alliance(who):
    world = make_alliance()
    key = closed(world, {})
    seat = world.facilitator if who == "facilitator" else make_alliance("Q", "B").managers["Q"]

    with pytest.raises(Missing):
        mirror_before(seat, key, language="en")


def test_questions_are_in_the_language_asked_for_and_figures_in_the_one_in_force():
    world = make_alliance(people=6)
    key = closed(world, {"Harbour": ((7, 4, 4, 4, 4, 4), 6)})

    with translation.override("nl"):
        dutch = mirror(world, key, language="nl")

    assert dutch.instrument_title == "Polsslag"
    assert figures(dutch, "PU2")[0][2] == "4,0"
    assert items(dutch)[0].text != items(mirror(world, key))[0].text


def test_what_was_released_is_what_is_read_whatever_happens_afterwards():
    world = make_alliance(people=8)
    key = closed(world, {"Harbour": (SIX, 8), "Mill": (LOW, 6)})
    before = mirror(world, key)

    end_seat(world.managers["Mill"], world.people["Mill"][1].key, now=LATER)
    seat_person(world.alliance, world.parties["Mill"], "Newcomer", Role.PARTICIPANT)
    Cohort.objects.update(size=99)

    assert mirror(world, key) == before


def test_an_imported_round_says_so_and_has_no_comments():
    world = make_alliance(people=8)
    key = closed(world, {"Harbour": (SIX, 8)})
    Round.objects.filter(pk=key).update(imported=True)

    card = mirror(world, key)

    assert (card.imported, card.comments) == (True, None)


# ------------------------------------------------------------------ directed questions


def test_two_parties_speak_of_each_other_in_one_section():
    world = make_alliance(people=(10, 6))
    key = closed(world, {"Harbour": (trust(6), 10), "Mill": (trust(2), 6)}, instrument="trust")

    card = mirror(world, key)

    assert (card.directed, [section.about for section in card.sections]) == (True, [None])
    item = items(card)[0]
    assert [(one.party.name, one.about.name, one.text) for one in item.figures] == [
        ("Harbour", "Mill", "6.0"),
        ("Mill", "Harbour", "2.0"),
    ]
    assert "[P]" not in item.text
    assert [len(one.gaps) for one in items(card) if not one.choice] == [1] * sum(
        not one.choice for one in items(card)
    )


def test_three_parties_are_judged_each_in_a_section_of_its_own():
    world = make_alliance("Harbour", "Mill", "Quay", people=(10, 6, 3))
    key = open_round(world, instrument="trust")
    answer_all(
        world, key, {"Harbour": [trust(6, 1) + trust(3, 1)] * 10, "Mill": [trust(2, 2)] * 6}
    )
    voice.fill_form(world.managers["Quay"], key, answers=trust(5, 2), now=NOON)
    close(world, key)

    card = mirror(world, key)

    assert [section.about.name for section in card.sections] == ["Harbour", "Mill", "Quay"]
    code = items(card)[0].code
    assert [figures(card, code, section) for section in range(3)] == [
        [("Mill", "shown", "2.0"), ("Quay", "spoken", "5")],
        [("Harbour", "shown", "6.0"), ("Quay", "spoken", "5")],
        [("Harbour", "shown", "3.0"), ("Mill", "shown", "2.0")],
    ]
    for section in card.sections:
        judged = {one.about for facet in section.facets for one in facet.figures}
        assert judged == {section.about}
        assert section.about.name in section.facets[0].items[0].text
        assert all(item.gaps == () for facet in section.facets for item in facet.items)


def test_choices_are_told_in_shares_and_never_as_a_mean():
    world = make_alliance(people=(12, 6))
    key = closed(world, {"Harbour": (trust(1), 12), "Mill": (trust(1), 6)}, instrument="trust")

    card = mirror(world, key)

    harbour, mill = next(one for one in items(card) if one.code == CHOICES[0]).figures
    assert harbour.value is None
    assert [(band.name, band.end) for band in harbour.bands] == [
        ("yes", "higher"),
        ("no", "lower"),
    ]
    assert mill.state == "withheld"
    assert all(facet.figures == () for facet in card.sections[0].facets if facet.items[0].choice)


# ------------------------------------------------------------------ by the personal link


def test_the_link_stays_good_for_reading_in_the_browser_it_belongs_to():
    world = make_alliance(people=6)
    key = open_round(world)
    _manager, used, unused, *_ = links_of(key, world.parties["Harbour"])
    browser = voice.begin(used, browser="", rng=world.rng, now=NOON)
    close(world, key)

    read, _ = result_by_link(used, browser=browser, language="en", now=NOON)

    assert read == replace(mirror(world, key), may_export=False)
    assert result_by_link(unused, browser="", language="en", now=NOON)[0] == read
    for other in ("", "another"):
        with pytest.raises(Missing):
            result_by_link(used, browser=other, language="en", now=NOON)


def test_who_has_left_reads_nothing_by_the_old_link():
    world = make_alliance(people=6)
    key = open_round(world)
    link = links_of(key, world.parties["Harbour"])[1]
    close(world, key)

    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=LATER)

    with pytest.raises(Missing):
        result_by_link(link, browser="", language="en", now=NOON)


# ------------------------------------------------------------------ figures as data


def test_rows_hold_the_own_partys_displayed_figures_and_no_other():
    world = make_alliance(people=(12, 6))
    key = closed(world, {"Harbour": (SIX, 12), "Mill": (LOW, 6)})

    header, *rows = release_rows(world.managers["Harbour"], key, now=LATER)

    assert header == HEADER
    assert {row[:5] for row in rows} == {("Autumn", "pulse", "Harbour", "", "12")}
    shown = items(mirror(world, key))[0].figures[0]
    assert [row[5:] for row in rows[:5]] == [
        ("PU1", "mean", "5.0", ""),
        ("PU1", "agreement", "close", ""),
        *(("PU1", f"share {one.name}", str(one.share), one.end) for one in shown.bands),
    ]
    assert [one.name for one in shown.bands] == ["1-3", "4", "5-7"]
    lines = journal_of(world.managers["Mill"], world.alliance).lines
    assert lines[0].sentence == "Manager Harbour downloaded the figures of “Autumn”."


def test_what_is_withheld_is_named_so_and_a_choice_never_as_a_mean():
    world = make_alliance(people=(6, 6))
    key = closed(world, {"Harbour": (trust(5), 4), "Mill": (trust(5), 6)}, instrument="trust")

    few = release_rows(world.managers["Harbour"], key, now=LATER)[1:]
    some = release_rows(world.managers["Mill"], key, now=LATER)[1:]

    assert {row[7] for row in few} == {"withheld"}
    for rows in (few, some):
        told = {row[5]: {one[6] for one in rows if one[5] == row[5]} for row in rows}
        assert {code: told[code] for code in CHOICES} == {
            item.code: {f"share {place + 1}" for place in range(TRUST.scale_of(item).points)}
            for item in TRUST.items
            if item.code in CHOICES
        }
        assert all(names == {"mean"} for code, names in told.items() if code not in CHOICES)
        assert {row[3] for row in rows} == {"Mill" if rows is few else "Harbour"}


def test_a_sponsor_takes_the_own_partys_figures_away_as_a_manager_does():
    world = make_alliance(people=5)
    key = closed(world, {"Harbour": (SIX, 5)})
    party = world.parties["Harbour"]
    sponsor = seat_person(world.alliance, party, "Sponsor", Role.SPONSOR)

    rows = release_rows(sponsor, key, now=LATER)

    assert rows == release_rows(world.managers["Harbour"], key, now=LATER)


def test_rows_of_one_voice_are_told_as_such():
    world = make_alliance(people=(8, 3))
    key = open_round(world)
    voice.fill_form(world.managers["Mill"], key, answers=(6, 0, 255, 1, 2, 3), now=NOON)
    close(world, key)

    rows = release_rows(world.managers["Mill"], key, now=LATER)[1:]

    assert [row[5:] for row in rows[:3]] == [
        ("PU1", "one voice", "6", ""),
        ("PU2", "one voice", "", ""),
        ("PU3", "one voice", "", "could not judge"),
    ]


def test_plain_values_hold_the_own_part_of_the_release_and_its_fingerprint():
    world = make_alliance(people=(12, 6))
    key = closed(world, {"Harbour": (SIX, 12), "Mill": (LOW, 6)})

    plain = release_plain(world.managers["Mill"], key, now=LATER)

    kept = Release.objects.get()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["parties"] == [kept.content["parties"][1]]
    assert (plain["release"], plain["k"], plain["round"]) == (kept.digest, 5, "Autumn")
    assert "gaps" not in plain
    lines = journal_of(world.managers["Harbour"], world.alliance).lines
    assert lines[0].sentence == "Manager Mill downloaded the figures of “Autumn”."


@pytest.mark.parametrize("who", ["participant", "facilitator", "stranger"])
def test_others_take_no_figures_away_and_are_not_in_the_journal(who):
    world = make_alliance(people=5)
    key = closed(world, {})
    seat = {
        "participant": world.people["Harbour"][1],
        "facilitator": world.facilitator,
        "stranger": make_alliance("Quay", "Barge").managers["Quay"],
    }[who]

    for act in (release_rows, release_plain):
        with pytest.raises(Missing):
            act(seat, key, now=LATER)

    sentences = [one.sentence for one in journal_of(world.managers["Mill"], world.alliance).lines]
    assert not any("downloaded" in one for one in sentences)


# ------------------------------------------------------------------ for research


@pytest.fixture
def study():
    """Return two alliances of the Harbour, each with a closed round, and its researcher's seat."""
    first = make_alliance("Harbour", "Mill", people=(12, 6))
    second = make_alliance("Quay", "Barge", "Delta", people=(8, 6, 5))
    closed(first, {"Harbour": (SIX, 12), "Mill": (LOW, 6)})
    harbour = Organisation.objects.get(name="Harbour")
    Party.objects.filter(alliance=second.alliance, position=1).update(organisation=harbour)
    closed(
        second,
        {"Quay": (trust(3, 2), 8), "Barge": (trust(6, 2), 6), "Delta": (trust(5, 2), 5)},
        instrument="trust",
    )
    researcher = make_person("Researcher")
    Membership.objects.create(person=researcher, organisation=harbour, role="researcher")
    return first, second, reach.seat_of_researcher(researcher.pk, harbour.pk), harbour.pk


def test_a_researcher_gets_the_own_organisations_figures_without_names(study):
    _first, _second, seat, organisation = study

    header, *rows = research_rows(seat, organisation)

    assert header == HEADER
    assert {row[0] for row in rows} == {"round 1", "round 2"}
    assert {row[2] for row in rows} == {"own"}
    by_instrument = {row[1]: {one[3] for one in rows if one[1] == row[1]} for row in rows}
    assert by_instrument == {"pulse": {""}, "trust": {"partner 1", "partner 3"}}
    words = json.dumps(rows)
    for name in ("Harbour", "Mill", "Quay", "Barge", "Delta", "Autumn"):
        assert name not in words


def test_a_researcher_of_one_organisation_gets_nothing_of_another(study):
    first, _second, seat, organisation = study
    mill = Organisation.objects.get(name="Mill").pk

    with pytest.raises(Missing):
        research_rows(seat, mill)
    with pytest.raises(Missing):
        research_rows(first.managers["Harbour"], organisation)


def test_research_asks_the_same_number_of_questions_however_many_rounds_there_are(
    study, django_assert_num_queries
):
    first, _second, seat, organisation = study
    with django_assert_num_queries(2):
        before = research_rows(seat, organisation)
    closed(first, {"Harbour": (LOW, 12)})

    with django_assert_num_queries(2):
        after = research_rows(seat, organisation)

    assert len(after) > len(before)


@pytest.mark.parametrize("parties", [2, 4])
@pytest.mark.parametrize("instrument", ["pulse", "trust"])
def test_the_mirror_asks_the_same_number_of_questions(
    parties, instrument, django_assert_num_queries
):
    names = [f"Party {number}" for number in range(parties)]
    world = make_alliance(*names, people=5)
    said = SIX if instrument == "pulse" else trust(5, parties - 1)
    key = closed(world, dict.fromkeys(names, (said, 5)), instrument=instrument)

    with django_assert_num_queries(4):
        mirror(world, key, "Party 0")


@pytest.mark.parametrize("people", [5, 8])
def test_signed_answers_ask_the_same_number_of_questions(people, django_assert_num_queries):
    world = make_alliance(people=people)
    key = closed(world, {"Harbour": (SIX, people)}, mode="named")

    with django_assert_num_queries(3):
        assert len(statements_of(world.managers["Harbour"], key, language="en")) == people


# ------------------------------------------------------------------ in an evaluation


def evaluated(world, **keys):
    """Return an evaluation in which everybody has answered topics and trust, and both rounds."""
    key = begin_evaluation(world, scans=("trust",), **keys)
    topics, scan = Round.objects.filter(evaluation=key).order_by("pk").values_list("pk", flat=True)
    alone = {name: people for name, people in world.people.items() if len(people) >= 5}
    for place, name in enumerate(alone):
        partners = len(world.parties) - 1
        answer_all(world, topics, {name: [(1 + place,) * 12 + (2 + place,) * 10] * 6})
        answer_all(world, scan, {name: [trust(3 + place, partners)] * 6})
    let_answers_end(world, key)
    return key, topics, scan


def speakers(card):
    """Return whose figures a mirror holds anywhere, and between whom it tells of differences."""
    shown = {one.party.name for place in range(len(card.sections)) for item in items(card, place)
             for one in item.figures}  # fmt: skip
    shown |= {one.party.name for part in card.sections for f in part.facets for one in f.figures}
    gaps = {one.second.name for place in range(len(card.sections)) for item in items(card, place)
            for one in item.gaps}  # fmt: skip
    return shown, bool(gaps)


@pytest.mark.parametrize("names", [("Harbour", "Mill"), ("Harbour", "Mill", "Quay")])
def test_until_the_reveal_each_party_reads_its_own_figures_alone(names):
    world = make_alliance(*names, people=(6, 6, 6)[: len(names)])
    key, topics, scan = evaluated(world)
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)

    for asked in (topics, scan):
        for name in names:
            read = mirror(world, asked, name)
            assert speakers(read) == ({name}, False)
            assert [line.party.name for line in read.parties] == [name]
            assert {one for found in read.findings for one in names if one in str(found)} <= {
                name, *(names if asked == scan else ())
            }  # fmt: skip
        # A sponsor reads after the reveal; a figure of one's own can be taken away before.
        for call in (mirror_before, release_rows, release_plain):
            keys = {"language": "en"} if call is mirror_before else {"now": SEALING}
            with pytest.raises(Missing):
                call(sponsor, asked, **keys)
        assert not rounds.round_before(sponsor, asked).may_read_mirror
    _header, *rows = release_rows(world.managers["Mill"], scan, now=SEALING)
    assert {row[2] for row in rows} == {"Mill"}
    assert {row[3] for row in rows} == set(names) - {"Mill"}
    plain = release_plain(world.managers["Mill"], topics, now=SEALING)
    assert [one["party"] for one in plain["parties"]] == [str(world.parties["Mill"])]

    lot = {"EV1": {"change": "lot", "effect": "hurts"}}
    seal_evaluation(world, key, Mill=lot)
    # Part 1: the hard side of the topics, and no scan beside them.
    read = mirror(world, topics)
    seen = {item.code: {one.party.name for one in item.figures} for item in items(read)}
    assert seen["EV1"] == seen["EV11"] == set(names)
    assert {code for code, told in seen.items() if told == {"Harbour"}} == {
        f"EV{number}" for number in range(12, 17)
    }
    assert not [item for item in items(read) if item.gaps and item.code in ("EV12", "EV16")]
    assert speakers(mirror(world, scan)) == ({"Harbour"}, False)
    assert mirror_before(sponsor, topics, language="en")
    pass_gate(world, key)
    for asked in (topics, scan):
        assert speakers(mirror(world, asked))[0] == set(names)


def test_figures_that_were_not_to_be_shared_never_are():
    world = make_alliance(people=6)
    key, topics, scan = evaluated(world, shares_figures=False)
    seal_evaluation(world, key)

    for asked in (topics, scan):
        assert speakers(mirror(world, asked)) == ({"Harbour"}, False)


def test_what_a_party_says_of_the_topics_with_one_voice_stands_in_its_reflection(
    mailoutbox, django_capture_on_commit_callbacks
):
    world = make_alliance(people=(6, 2))
    sponsor = seat_person(world.alliance, world.parties["Harbour"], "Sponsor", Role.SPONSOR)
    with django_capture_on_commit_callbacks(execute=True):
        key, topics, _scan = evaluated(world)
    told = {one.to[0] for one in mailoutbox if one.subject.startswith("The mirror of")}

    # No letter leads to a mirror with nothing in it, and none to what may not be read yet.
    assert told == {"manager.harbour@example.org"} | {
        f"harbour.{number}@example.org" for number in range(1, 6)
    }
    assert sponsor.name == "Sponsor"
    for call in (release_rows, release_plain):
        assert call(world.managers["Mill"], topics, now=SEALING)
    assert speakers(mirror(world, topics, "Mill")) == (set(), False)
    reflect(world, key, "Mill")
    seal_evaluation(world, key, "Harbour")
    assert speakers(mirror(world, topics, "Mill")) == (set(), False)
