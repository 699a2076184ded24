"""Closing a round, and what becomes of raw answers and comments then."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from pathlib import Path
from random import Random
from statistics import mean

import pytest
from django.core import mail
from django.db import connection

from tests.factories import (
    LATER,
    NOON,
    SEALING,
    WEEK,
    answer_all,
    begin_evaluation,
    close,
    invite,
    links_of,
    make_alliance,
    open_round,
    plan_round,
    seal_evaluation,
    seat_person,
    speak,
)
from understream.access import reach
from understream.access.refusal import Missing, Unfit
from understream.access.seat import Role
from understream.domain import due, release, voice
from understream.domain import evaluation as evaluations
from understream.domain import round as rounds
from understream.domain import seat as seats
from understream.domain.invitation import accept_invitation
from understream.domain.journal import journal_of
from understream.domain.mirror import mirror_before
from understream.domain.release import (
    KEPT,
    cancel_round,
    close_round,
    comments_to_moderate,
    enough,
    erase_voices,
    open_comments,
    tidy,
)
from understream.domain.reveal import take_back_seal
from understream.domain.round import Over, extend_round, round_before
from understream.domain.voice import Heard, Utterance
from understream.instruments import reader
from understream.measurement.disclosure import Withheld
from understream.measurement.release import digest, from_plain
from understream.records.due import Due
from understream.records.journal import Entry
from understream.records.participation import Participation
from understream.records.person import Person
from understream.records.release import CommentRelease, Release
from understream.records.round import Cohort, Round
from understream.records.seal import Envelope
from understream.records.statement import Statement
from understream.records.voice import Comment, Voice

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)
TRUST = reader.load("trust")
TEXTS = ("More time together", "Who decides?", "Tell us earlier", "Fewer meetings")


def say(world, key, name, people, texts=(), wishes=()):
    """Let so many people of a party answer alike, the first of them with remarks."""
    for place, link in enumerate(links_of(key, world.parties[name])[:people]):
        words = {"comment": texts[place]} if place < len(texts) else {}
        words |= {"wish": wishes[place]} if place < len(wishes) else {}
        assert speak(world, link, SIX, **words) == Heard(again=False)


def physical(column, table):
    """Return a column in the order in which the database keeps the rows."""
    place = "ctid" if connection.vendor == "postgresql" else "rowid"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM records_{table} ORDER BY {place}")  # noqa: S608
        return [bytes(row[0]) if isinstance(row[0], memoryview) else row[0] for row in cursor]


def likeness(order):
    """Return Kendall's tau between an order of 0, 1, 2, ... and the numbers themselves."""
    pairs = list(combinations(order, 2))
    return sum(1 if first < second else -1 for first, second in pairs) / len(pairs)


# ------------------------------------------------------------------ closing


def test_a_round_closes_when_its_end_has_come_and_once():
    world = make_alliance(people=8)
    key = open_round(world)
    say(world, key, "Harbour", 8)

    early = close_round(key, now=NOON + WEEK - timedelta(seconds=1), rng=world.rng)
    first = close_round(key, now=NOON + WEEK, rng=world.rng)
    kept = set(Voice.objects.values_list("key", flat=True))
    again = close_round(key, now=LATER, rng=world.rng)

    assert (early, first, again) == (False, True, False)
    row = Round.objects.get(pk=key)
    assert (row.state, row.closed_at) == ("closed", NOON + WEEK)
    assert Release.objects.filter(round=key).count() == 1
    assert Entry.objects.filter(act="round.close").count() == 1
    assert set(Voice.objects.values_list("key", flat=True)) == kept


def test_a_round_that_was_extended_stays_open_at_its_former_end():
    world = make_alliance()
    key = open_round(world)
    extend_round(world.managers["Mill"], key, closes_at=NOON + 2 * WEEK, now=NOON)

    due.tick(now=LATER, rng=world.rng)

    assert Round.objects.get(pk=key).state == "open"
    due.tick(now=LATER + WEEK, rng=world.rng)
    assert Round.objects.get(pk=key).state == "closed"


@pytest.mark.parametrize("state", ["planned", "cancelled"])
def test_what_is_not_open_never_closes(state):
    world = make_alliance()
    key = plan_round(world)
    if state == "cancelled":
        cancel_round(world.managers["Mill"], key, now=NOON)

    assert not close_round(key, now=LATER, rng=world.rng)
    assert Release.objects.count() == 0


def test_the_stored_figures_are_those_of_the_voices_and_carry_their_fingerprint():
    world = make_alliance(people=(12, 4))
    key = open_round(world)
    say(world, key, "Harbour", 12)

    close(world, key)

    kept = Release.objects.get(round=key)
    harbour, mill = kept.content["parties"]
    assert kept.digest == digest(kept.content)
    assert (harbour["n"], mill["n"]) == ("12", "")
    assert [one["figure"]["mean"] for one in harbour["answers"][:4]] == [5.0, 4.0, 6.0, 3.0]


def test_a_round_in_which_nobody_spoke_closes_too():
    world = make_alliance(people=(5, 3))
    key = open_round(world)

    close(world, key)

    parties = Release.objects.get(round=key).content["parties"]
    assert [one["n"] for one in parties] == ["", ""]


# ------------------------------------------------------------------ what a database keeps of order


def arrived(world, key, number):
    """Let so many answer one by one; return what they said, in the order of their arrival."""
    said = [
        (*pair, 1, 1, 1, 1) for pair in list(product(range(1, 8), repeat=2))[:number]
    ]  # each unlike all others
    links = links_of(key, world.parties["Harbour"])
    Random(3).shuffle(links)
    for place, (link, answers) in enumerate(zip(links, said, strict=False)):
        spoken = speak(world, link, answers, comment=f"remark {place:02}")
        assert spoken == Heard(again=False)
    return [bytes(one) for one in said]


def test_at_close_nothing_is_left_of_the_order_of_arrival():
    world = make_alliance(people=(40, 5))
    key = open_round(world)
    said = arrived(world, key, 40)
    remarks = [f"remark {place:02}" for place in range(40)]
    before = {*physical("key", "voice"), *physical("key", "comment")}
    assert physical("answers", "voice") == said
    assert physical("text", "comment") == remarks

    close(world, key)

    voices = [said.index(one) for one in physical("answers", "voice")]
    texts = [remarks.index(one) for one in physical("text", "comment")]
    by_key = [said.index(bytes(one.answers)) for one in Voice.objects.order_by("key")]
    # Five standard deviations of chance for forty; the order of arrival itself would give 1.
    assert [abs(likeness(order)) < 0.55 for order in (voices, texts, by_key)] == [True] * 3
    assert sorted(voices) == sorted(texts) == sorted(by_key) == list(range(40))
    assert not before & {*physical("key", "voice"), *physical("key", "comment")}
    # A voice and the remark of the same person stand at different places.
    assert voices != texts


def test_over_many_rounds_the_order_of_arrival_leaves_no_trace_on_average():
    world = make_alliance(people=(20, 5))
    key = open_round(world)
    said = arrived(world, key, 20)
    cohorts = list(Cohort.objects.filter(round=key))
    voices = {cohort.pk: list(Voice.objects.filter(cohort=cohort)) for cohort in cohorts}
    by_place, by_key = [], []

    for seed in range(200):
        release._rewrite(cohorts, voices, Random(seed))
        by_place.append(likeness([said.index(one) for one in physical("answers", "voice")]))
        ordered = Voice.objects.order_by("key").values_list("answers", flat=True)
        by_key.append(likeness([said.index(bytes(one)) for one in ordered]))

    # The mean of 200 draws of 20 strays by 0.012 from nought.
    assert abs(mean(by_place)) < 0.05
    assert abs(mean(by_key)) < 0.05
    assert max(map(abs, by_place + by_key)) < 0.9


def test_at_close_nothing_is_left_of_who_answered_and_in_which_order():
    world = make_alliance(people=(30, 5))
    key = open_round(world)
    links = links_of(key, world.parties["Harbour"])[:20]
    world.rng.shuffle(links)
    for link in links:
        speak(world, link, SIX)
    marks = [reach.hash_of(link) for link in links]

    close(world, key)

    rights = Participation.objects.filter(cohort__party=world.parties["Harbour"])
    assert set(rights.values_list("used", "submission")) == {(False, None)}
    order = [marks.index(one) for one in physical("link_hash", "participation") if one in marks]
    # Four standard deviations of chance for twenty; the order of arrival itself would give 1.
    assert abs(likeness(order)) < 0.65
    spoke = [one in marks for one in physical("link_hash", "participation")]
    places = [place for place, used in enumerate(spoke) if used]
    assert places != list(range(20))
    assert places != list(range(len(spoke) - 20, len(spoke)))


def test_a_pair_of_parties_with_too_few_raters_is_withheld_and_nothing_says_who_they_were():
    world = make_alliance("Harbour", "Mill", "Quay", "Loft", people=(7, 5, 5, 5))
    key = open_round(world, instrument="trust")
    raters = defaultdict(int)
    party = world.parties["Harbour"]
    partners = [str(one) for one in world.parties.values() if one != party]
    for link in links_of(key, party):
        card = voice.form_before(
            link,
            browser=voice.begin(link, browser="b" * 32, rng=world.rng, now=NOON),
            language="en",
            now=NOON,
        )
        for name in card.about:
            raters[str(world.parties[name])] += 1
        asked = {one.name for one in card.items}
        answers = tuple(2 if f"q{place}" in asked else 0 for place in range(card.places))
        (said,) = voice.speak([Utterance(link, "b" * 32, "c" * 32, answers)], now=NOON)
        assert said == Heard(again=False)

    close(world, key)

    (harbour,) = [
        one
        for one in from_plain(Release.objects.get(round=key).content).parties
        if one.party == str(party)
    ]
    ratings = {scale.code for scale in TRUST.scales if not scale.choice}
    rated = [item.code for item in TRUST.items if item.scale in ratings]
    for partner in partners:
        shown = {
            one.code
            for one in harbour.answers
            if one.about == partner and not isinstance(one.figure, Withheld)
        }
        assert shown == (set(rated) if raters[partner] >= 5 else set())
    assert sorted(raters.values()) == [4, 5, 5]
    assert not Participation.objects.filter(partners__isnull=False).exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no such mark")
def test_at_close_all_rows_were_written_by_one_transaction():
    world = make_alliance(people=(10, 5))
    key = open_round(world)
    arrived(world, key, 10)

    close(world, key)

    for table in ("voice", "comment", "participation"):
        assert len(set(physical("xmin::text", table))) == 1


def test_chance_alone_makes_the_new_order_and_the_new_keys():
    drawn = []
    for seed in (1, 1, 2):
        names = f"Harbour {len(drawn)}", f"Mill {len(drawn)}"
        world = make_alliance(*names, people=10, seed=len(drawn))
        key = open_round(world)
        for place, link in enumerate(links_of(key, world.parties[names[0]])):
            speak(world, link, (place % 7 + 1,) * 6)
        assert close_round(key, now=LATER, rng=Random(seed))
        kept = Voice.objects.filter(cohort__round=key).order_by("key")
        drawn.append([(one.key, bytes(one.answers)) for one in kept])
        kept.delete()

    assert drawn[0] == drawn[1] != drawn[2]


# ------------------------------------------------------------------ what closing brings about


def test_everybody_who_was_asked_and_every_manager_is_told(django_capture_on_commit_callbacks):
    world = make_alliance("Harbour", "Mill", people=(6, 3))
    party = world.parties["Harbour"]
    account = seat_person(
        world.alliance, party, "Anna Account", Role.SPONSOR, password="long-enough"
    )
    key = open_round(world)
    unasked = seat_person(world.alliance, party, "Late Comer", Role.PARTICIPANT)
    seats.end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=NOON)

    with django_capture_on_commit_callbacks(execute=True):
        close(world, key)

    told = {one.to[0]: one for one in mail.outbox}
    assert len(told) == len(mail.outbox)
    asked = {seat.name for name in world.people for seat in world.people[name]}
    names = (asked - {"Harbour 1"}) | {account.name}
    assert set(told) == {f"{name.lower().replace(' ', '.')}@example.org" for name in names}
    assert unasked.name not in names
    assert f"/rounds/{key}/mirror/" in told["anna.account@example.org"].body
    links = set(links_of(key, party))
    assert any(f"/r/{link}/" in told["harbour.2@example.org"].body for link in links)


def test_closing_plans_the_erasure_and_the_tidying():
    world = make_alliance()
    key = open_round(world)
    Due.objects.all().delete()

    close(world, key)

    planned = set(Due.objects.values_list("kind", "key", "at"))
    assert ("voices.erase", key, LATER + KEPT) in planned
    assert ("tidy", key, LATER) in planned
    # Three at night in the Netherlands, the night after the round closed.
    assert ("forget", key, datetime(2026, 11, 10, 2, 0, tzinfo=UTC)) in planned
    assert timedelta(days=30) == KEPT


def test_closing_is_in_the_journal_with_the_fingerprint():
    world = make_alliance()
    key = open_round(world)

    close(world, key)

    newest = journal_of(world.managers["Mill"], world.alliance).lines[0].sentence
    fingerprint = Release.objects.get(round=key).digest[:16]
    assert newest == f"The round “Autumn” closed. Fingerprint of what is shown: {fingerprint}."


def test_participation_is_told_as_closed_and_as_nothing_else():
    world = make_alliance(people=(8, 5))
    key = open_round(world)
    say(world, key, "Harbour", 8)

    close(world, key)

    card = round_before(world.managers["Harbour"], key)
    assert [one.participation for one in card.cohorts] == ["closed", ""]


# ------------------------------------------------------------------ comments nobody reads first


def comments_of(world, key, name="Harbour"):
    return mirror_before(world.managers[name], key, language="en").comments


def test_without_a_moderator_comments_open_at_close_inside_the_party_only():
    world = make_alliance(people=(8, 8))
    key = open_round(world)
    say(world, key, "Harbour", 8, TEXTS)
    say(world, key, "Mill", 8, TEXTS[:2])

    close(world, key)

    harbour, mill = comments_of(world, key), comments_of(world, key, "Mill")
    assert harbour.state == "open"
    assert sorted(harbour.comments) == sorted((text, True) for text in TEXTS)
    assert (harbour.paraphrased, harbour.withheld) == (0, 0)
    assert (mill.state, mill.comments) == ("few", ())
    opened = journal_of(world.managers["Harbour"], world.alliance).lines
    assert "Understream opened the comments of Harbour in “Autumn” to that party." in {
        line.sentence for line in opened
    }


@pytest.mark.parametrize(
    ("people", "texts", "opens"), [(8, 3, True), (7, 3, False), (8, 2, False)]
)
def test_comments_need_eight_people_and_three_texts(people, texts, opens):
    world = make_alliance(people=(9, 5))
    key = open_round(world)
    say(world, key, "Harbour", people, TEXTS[:texts])

    close(world, key)

    assert comments_of(world, key).state == ("open" if opens else "few")
    assert bool(comments_of(world, key).comments) == opens


def test_a_higher_k_asks_for_more_people_behind_comments():
    assert enough(8, 3, 5)
    assert not enough(9, 3, 10)
    assert enough(10, 3, 10)


def test_opened_comments_stand_in_an_order_of_their_own():
    world = make_alliance(people=(30, 5))
    key = open_round(world)
    arrived(world, key, 30)

    close(world, key)

    order = [int(text.split()[1]) for text, _as_written in comments_of(world, key).comments]
    assert sorted(order) == list(range(30))
    assert abs(likeness(order)) < 0.65  # chance: five standard deviations


def test_where_no_comment_was_asked_for_nothing_opens():
    world = make_alliance(people=(8, 5))
    key = open_round(world, asks_comment=False)

    said = speak(world, links_of(key, world.parties["Harbour"])[0], SIX, comment="Anyway")
    close(world, key)

    assert isinstance(said, Unfit)
    assert comments_of(world, key).state == "none"


# ------------------------------------------------------------------ answers to open questions

SHORT = reader.load("capability_short")
FIVES = (5,) * len(SHORT.items)
BONDING = SHORT.open_lines[0].text.en


def write(world, key, name, people, words):
    """Let so many people of a party answer; the first of them write to open questions."""
    for place, link in enumerate(links_of(key, world.parties[name])[:people]):
        said = words[place] if place < len(words) else {}
        assert speak(world, link, FIVES, words=said) == Heard(again=False)


def test_answers_to_an_open_question_open_where_three_people_wrote_to_that_one():
    world = make_alliance(people=(8, 8))
    key = open_round(world, instrument="capability_short")
    write(world, key, "Harbour", 8, [{"CBO": text, "CCO": "Late"} for text in TEXTS[:2]])
    write(world, key, "Mill", 8, [{"CBO": text} for text in TEXTS[:3]] + [{"CCO": "Late"}])

    close(world, key)

    # Four texts of two people are not four people's.
    harbour, mill = comments_of(world, key), comments_of(world, key, "Mill")
    assert (harbour.state, harbour.answers) == ("few", ())
    assert (mill.state, mill.comments) == ("open", ())
    (bonding,) = mill.answers
    assert bonding.asked == BONDING
    assert sorted(bonding.texts) == sorted((text, True) for text in TEXTS[:3])
    assert "Late" not in str(
        CommentRelease.objects.get(cohort__party=world.parties["Mill"]).content
    )


def test_nothing_joins_what_one_person_wrote_to_several_questions():
    world = make_alliance(people=(8, 8))
    key = open_round(world, instrument="capability_short")
    write(world, key, "Harbour", 8, [{"CBO": text, "CJO": text[::-1]} for text in TEXTS])

    close(world, key)

    rows = list(Comment.objects.order_by("key"))
    assert len({row.key for row in rows}) == 8
    assert {row.prompt for row in rows} == {"CBO", "CJO"}
    assert [
        [text for text, _ in one.texts] != list(TEXTS) for one in comments_of(world, key).answers
    ]


def test_the_facilitator_reads_answers_by_question_and_leaves_three_or_none_of_each():
    world = make_alliance(people=(8, 8))
    key = open_round(world, instrument="capability_short", moderator=world.facilitator.key)
    write(world, key, "Harbour", 8, [{"CBO": text, "CJO": f"{text}!"} for text in TEXTS[:3]])
    close(world, key)
    (harbour, _mill) = comments_to_moderate(world.facilitator, key, language="en")
    asked = [one.asked for one in harbour.comments]
    keys = {one.text: one.key for one in harbour.comments}

    assert asked == [BONDING] * 3 + [SHORT.open_lines[3].text.en] * 3
    with pytest.raises(Unfit):
        open_some(world, key, withheld=(keys[TEXTS[0]],))
    open_some(world, key, withheld=[keys[text] for text in TEXTS[:3]])

    opened = comments_of(world, key)
    assert [len(one.texts) for one in opened.answers] == [3]
    assert opened.withheld == 3


# ------------------------------------------------------------------ comments somebody reads first


@pytest.fixture
def moderated():
    """Return a world and a closed round in which the facilitator reads four comments first."""
    world = make_alliance(people=(8, 8))
    key = open_round(world, moderator=world.facilitator.key)
    say(world, key, "Harbour", 8, TEXTS, ("as written", "as written", "paraphrased", "as written"))
    say(world, key, "Mill", 8, TEXTS[:2])
    close(world, key)
    return world, key


def waiting(world, key):
    """Return the keys of the Harbour's waiting comments, by their text."""
    (harbour, *_) = comments_to_moderate(world.facilitator, key)
    return {one.text: one.key for one in harbour.comments}


def open_some(world, key, seat=None, party="Harbour", paraphrases=None, withheld=()):
    open_comments(
        seat or world.facilitator,
        key,
        party=world.parties[party],
        paraphrases=paraphrases or {},
        withheld=withheld,
        now=LATER,
        rng=world.rng,
    )


def test_the_facilitator_reads_what_may_be_opened_and_nothing_of_too_few(moderated):
    world, key = moderated

    harbour, mill = comments_to_moderate(world.facilitator, key)

    assert sorted(one.text for one in harbour.comments) == sorted(TEXTS)
    assert (harbour.enough, harbour.done) == (True, False)
    assert (mill.enough, mill.done, mill.comments) == (False, False, ())
    assert comments_of(world, key).state == "waiting"


def test_a_party_of_which_too_few_wrote_does_not_wait_for_the_facilitator(moderated):
    world, key = moderated

    assert comments_of(world, key, "Mill").state == "few"

    erase_voices(key, now=LATER + KEPT)
    assert comments_of(world, key, "Mill").state == "few"


def test_comments_that_nobody_opened_in_time_are_said_to_be_erased(moderated):
    world, key = moderated

    erase_voices(key, now=LATER + KEPT)

    assert comments_of(world, key).state == "erased"
    assert not any(
        one.comments or one.done for one in comments_to_moderate(world.facilitator, key)
    )
    with pytest.raises(Missing):
        open_some(world, key)


def test_comments_stay_closed_when_who_was_to_read_them_has_left(moderated):
    world, key = moderated
    address = Person.objects.get(pk=world.facilitator.person).email

    seats.end_seat(world.managers["Mill"], world.facilitator.key, now=LATER)

    assert comments_of(world, key).state == "left"
    secret = invite(world, "Harbour", role="facilitator", email=address)
    accept_invitation(
        secret,
        name="F",
        password="under-the-waterline",
        signed_in=world.facilitator.person,
        now=NOON,
    )
    assert comments_of(world, key).state == "waiting"


def test_comments_open_once_with_the_facilitators_words_where_they_were_wished_for(moderated):
    world, key = moderated
    keys = waiting(world, key)

    open_some(
        world,
        key,
        paraphrases={keys[TEXTS[2]]: " Some hear of changes late. "},
        withheld=[keys[TEXTS[3]]],
    )

    card = comments_of(world, key)
    assert sorted(card.comments) == [
        (TEXTS[0], True),
        ("Some hear of changes late.", False),
        (TEXTS[1], True),
    ]
    assert (card.paraphrased, card.withheld) == (1, 1)
    with pytest.raises(Over):
        open_some(world, key)
    (harbour, _) = comments_to_moderate(world.facilitator, key)
    assert (harbour.done, harbour.comments) == (True, ())


def test_an_author_who_wished_other_words_gets_them_or_is_held_back(moderated):
    world, key = moderated
    wished = waiting(world, key)[TEXTS[2]]

    with pytest.raises(Unfit) as refusal:
        open_some(world, key, paraphrases={wished: "   "})

    assert list(refusal.value.faults) == [str(wished)]
    open_some(world, key, withheld=[wished])
    assert len(comments_of(world, key).comments) == 3


def test_what_was_meant_for_the_facilitator_never_opens_whatever_is_typed():
    world = make_alliance(people=(8, 5))
    key = open_round(world, moderator=world.facilitator.key)
    say(world, key, "Harbour", 8, TEXTS, ("moderator only",))
    close(world, key)
    secret = waiting(world, key)[TEXTS[0]]

    open_some(world, key, paraphrases={secret: "In other words"})

    card = comments_of(world, key)
    assert sorted(text for text, _ in card.comments) == sorted(TEXTS[1:])
    assert card.withheld == 1


def test_fewer_than_three_remaining_comments_are_not_opened(moderated):
    world, key = moderated
    keys = waiting(world, key)

    with pytest.raises(Unfit) as refusal:
        open_some(world, key, withheld=[keys[TEXTS[2]], keys[TEXTS[3]]])

    assert list(refusal.value.faults) == [""]
    assert comments_of(world, key).state == "waiting"


def test_a_giant_paraphrase_is_refused_at_its_own_comment(moderated):
    world, key = moderated
    keys = waiting(world, key)

    with pytest.raises(Unfit) as refusal:
        open_some(world, key, paraphrases={keys[TEXTS[0]]: "x" * 2001, keys[TEXTS[2]]: "Fine"})

    assert list(refusal.value.faults) == [str(keys[TEXTS[0]])]


def test_comments_of_too_few_never_open(moderated):
    world, key = moderated

    with pytest.raises(Missing):
        open_some(world, key, party="Mill")

    assert comments_of(world, key, "Mill").comments == ()


@pytest.mark.parametrize("who", ["other facilitator", "manager", "participant"])
def test_only_the_facilitator_named_for_it_reads_comments(moderated, who):
    world, key = moderated
    seat = {
        "other facilitator": seat_person(world.alliance, None, "Second", Role.FACILITATOR),
        "manager": world.managers["Harbour"],
        "participant": world.people["Harbour"][1],
    }[who]

    with pytest.raises(Missing):
        comments_to_moderate(seat, key)
    with pytest.raises(Missing):
        open_some(world, key, seat=seat)


def test_before_the_close_the_named_facilitator_reads_nothing():
    world = make_alliance(people=(8, 5))
    key = open_round(world, moderator=world.facilitator.key)
    say(world, key, "Harbour", 8, TEXTS)

    with pytest.raises(Missing):
        comments_to_moderate(world.facilitator, key)


def test_another_alliances_facilitator_finds_nothing(moderated):
    _, key = moderated
    other = make_alliance("Quay", "Barge")

    with pytest.raises(Missing):
        comments_to_moderate(other.facilitator, key)


def test_comments_to_moderate_come_in_an_order_that_says_nothing():
    world = make_alliance(people=(30, 5))
    key = open_round(world, moderator=world.facilitator.key)
    arrived(world, key, 30)
    close(world, key)

    (harbour, *_) = comments_to_moderate(world.facilitator, key)

    order = [int(one.text.split()[1]) for one in harbour.comments]
    assert abs(likeness(order)) < 0.65  # chance: five standard deviations


@pytest.mark.parametrize("parties", [2, 4])
def test_moderating_asks_the_same_number_of_questions(parties, django_assert_num_queries):
    names = [f"Party {number}" for number in range(parties)]
    world = make_alliance(*names, people=5)
    key = open_round(world, moderator=world.facilitator.key)
    close(world, key)

    with django_assert_num_queries(5):
        waits = comments_to_moderate(world.facilitator, key)

    assert len(waits) == parties


# ------------------------------------------------------------------ cancelling


def test_cancelling_destroys_every_answer_and_the_round_never_shows_anything():
    world = make_alliance("Harbour", "Mill", "Quay", people=(8, 5, 3))
    key = plan_round(world)
    planner = world.managers["Harbour"]
    rounds.confirm_cohort(
        world.managers["Mill"],
        key,
        mode="named",
        seats=[seat.key for seat in world.people["Mill"]],
        now=NOON,
        rng=world.rng,
    )
    rounds.open_round(planner, key, now=NOON)
    say(world, key, "Harbour", 8, TEXTS)
    answer_all(world, key, {"Mill": [SIX] * 5})
    voice.fill_form(world.managers["Quay"], key, answers=SIX, now=NOON)
    assert (Voice.objects.count(), Comment.objects.count(), Statement.objects.count()) == (8, 4, 6)

    cancel_round(world.managers["Mill"], key, now=NOON)

    for table in (Voice, Comment, Statement, Release, CommentRelease):
        assert table.objects.count() == 0
    assert not Participation.objects.filter(used=True).exists()
    assert not Participation.objects.exclude(submission=None).exists()
    due.tick(now=LATER, rng=world.rng)
    assert Release.objects.count() == 0
    with pytest.raises(Missing):
        mirror_before(planner, key, language="en")


def test_cancelling_forgets_about_whom_people_were_asked():
    world = make_alliance("Harbour", "Mill", "Quay", "Loft")
    key = open_round(world, instrument="trust")
    assert not Participation.objects.filter(partners=None).exists()

    cancel_round(world.managers["Mill"], key, now=NOON)

    assert Participation.objects.filter(partners__isnull=True).count() == 20


def test_another_rounds_answers_outlive_a_cancelled_one():
    world = make_alliance(people=8)
    first, second = open_round(world), open_round(world)
    say(world, first, "Harbour", 8)
    say(world, second, "Harbour", 8)

    cancel_round(world.managers["Mill"], first, now=NOON)

    assert Voice.objects.filter(cohort__round=second).count() == Voice.objects.count() == 8


@pytest.mark.parametrize("who", ["facilitator", "participant", "stranger"])
def test_only_a_manager_of_the_alliance_cancels(who):
    world = make_alliance()
    key = open_round(world)
    seat = {
        "facilitator": world.facilitator,
        "participant": world.people["Harbour"][1],
        "stranger": make_alliance("Quay", "Barge").managers["Quay"],
    }[who]

    with pytest.raises(Missing):
        cancel_round(seat, key, now=NOON)

    assert Round.objects.get(pk=key).state == "open"


def test_a_closed_round_cannot_be_cancelled_any_more():
    world = make_alliance()
    key = open_round(world)
    close(world, key)

    with pytest.raises(Over):
        cancel_round(world.managers["Mill"], key, now=LATER)

    assert Release.objects.filter(round=key).exists()


# ------------------------------------------------------------------ erasing and forgetting


def test_raw_answers_live_thirty_days_and_what_is_shown_stays():
    world = make_alliance(people=(8, 5))
    key = open_round(world)
    say(world, key, "Harbour", 8, TEXTS)
    due.tick(now=LATER, rng=world.rng)
    before = mirror_before(world.managers["Harbour"], key, language="en")

    due.tick(now=LATER + KEPT - timedelta(seconds=1), rng=world.rng)
    kept = (Voice.objects.count(), Comment.objects.count())
    due.tick(now=LATER + KEPT, rng=world.rng)

    assert kept == (8, 4)
    assert (Voice.objects.count(), Comment.objects.count()) == (0, 0)
    assert mirror_before(world.managers["Harbour"], key, language="en") == before
    newest = journal_of(world.managers["Mill"], world.alliance).lines[0].sentence
    assert newest == "The answers behind “Autumn” were erased; what is shown stays."


def test_answers_of_an_open_round_are_never_erased():
    world = make_alliance(people=8)
    key = open_round(world)
    say(world, key, "Harbour", 8)

    erase_voices(key, now=LATER + KEPT)

    assert Voice.objects.count() == 8
    assert not Entry.objects.filter(act="voices.erase").exists()


def kept_bytes(table):
    """Return what lies on disk of a table: its own file, or SQLite's database with its log."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("CHECKPOINT")
            cursor.execute(
                "SELECT pg_read_binary_file(pg_relation_filepath(%s))", [f"records_{table}"]
            )
            return bytes(cursor.fetchone()[0])
    path = Path(connection.settings_dict["NAME"])
    log = path.with_name(path.name + "-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["cancel", "erase"])
def test_destroyed_words_are_on_no_page_of_the_disk(act, monkeypatch):
    # A neighbour's test may be one long transaction on the same server.
    monkeypatch.setattr(release, "LOOKS", 900)
    world = make_alliance(people=(9, 5))
    key, other = open_round(world), open_round(world, closes_at=NOON + 52 * WEEK)
    say(world, other, "Harbour", 1, ["stays-as-it-is"])
    say(world, key, "Harbour", 2, ["zebra-crossing-at-dawn", "second"])
    assert b"zebra-crossing-at-dawn" in kept_bytes("comment")

    if act == "cancel":
        cancel_round(world.managers["Mill"], key, now=NOON)
    else:
        due.tick(now=LATER, rng=world.rng)
    for _ in range(2):
        due.tick(now=LATER + KEPT, rng=world.rng)

    assert b"stays-as-it-is" in kept_bytes("comment")
    assert b"zebra-crossing-at-dawn" not in kept_bytes("comment")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["take back", "call off", "expire"])
def test_of_an_envelope_that_was_destroyed_nothing_is_left_on_the_disk(act, monkeypatch):
    # A neighbour's test may be one long transaction on the same server.
    monkeypatch.setattr(release, "LOOKS", 900)
    world = make_alliance(people=2)
    key = begin_evaluation(world, if_never="talk")
    seal_evaluation(world, key, "Harbour")
    salts = [bytes(one.salt) for one in Envelope.objects.all()]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = kept_bytes("envelope")
    assert all(salt in before for salt in salts)

    now = SEALING
    if act == "take back":
        take_back_seal(world.managers["Harbour"], key, now=now)
    elif act == "call off":
        evaluations.propose_end(world.managers["Harbour"], key, kind="cancel", now=now)
    else:
        now = NOON + 9 * WEEK
        evaluations.expire_evaluation(key, now=now)
    Due.objects.exclude(kind="forget").delete()
    due.tick(now=now, rng=world.rng)

    after = kept_bytes("envelope")
    assert not any(salt in after for salt in salts)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="another database has no such log")
def test_tidying_empties_the_log_in_which_deleted_words_could_be_read():
    world = make_alliance(people=8)
    key = open_round(world)
    say(world, key, "Harbour", 8, TEXTS)
    path = Path(connection.settings_dict["NAME"])
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size > 0

    tidy()

    assert log.stat().st_size == 0
