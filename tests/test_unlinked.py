"""PI-11 to PI-15, PI-17: nothing stored joins a person to a voice, and each speaks once.

These tests read the database itself, as somebody who holds a copy of it would.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations
from random import Random

import pytest
from django.db import DatabaseError, connection, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import (
    LATER,
    NOON,
    SEALING,
    World,
    begin_evaluation,
    close,
    let_answers_end,
    links_of,
    make_alliance,
    open_round,
    reflect,
    speak,
)
from understream.access import reach
from understream.access.refusal import Refused
from understream.domain import reflection, release, voice
from understream.domain.release import close_round, erase_voices
from understream.domain.voice import Heard, Utterance
from understream.instruments import reader
from understream.measurement.release import digest
from understream.records import guard
from understream.records.journal import Entry
from understream.records.participation import Participation
from understream.records.reflection import Dissent, Holder
from understream.records.release import CommentRelease, Release
from understream.records.round import Cohort, Round
from understream.records.voice import Comment, Voice

pytestmark = pytest.mark.django_db
HARBOUR = "Harbour"
SAID = {"records_voice", "records_comment"}


@contextmanager
def undone(world: World) -> Iterator[None]:
    """Let something happen, and then not have happened."""
    chance = world.rng.getstate()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    world.rng.setstate(chance)


def begun(world: World, key: int) -> list[tuple[str, str]]:
    """Return link and browser of Harbour's people, each of whom has begun."""
    links = links_of(key, world.parties[HARBOUR])
    return [(link, voice.begin(link, browser="", rng=world.rng, now=NOON)) for link in links]


def say(link: str, browser: str, answers, *, submission: str = "a" * 32, **keys):
    (said,) = voice.speak([Utterance(link, browser, submission, tuple(answers), **keys)], now=NOON)
    return said


def vector(place: int) -> tuple[int, ...]:
    """Return answers that nobody else gives."""
    return (1 + place % 7, 1 + place // 7, 1, 2, 3, 4)


def rows_of(sql: str) -> list[tuple]:
    """Return what a question to the database itself gives; it is written in this file alone."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


# ----------------------------------------------------------------------------------- PI-13


def orders(table: str, mark: str) -> dict[str, list]:
    """Return what stands in a table in every order its database can give it in."""
    if connection.vendor == "postgresql":
        physical = {"place": "ctid", "writer": "xmin::text::bigint", "dump": ""}
    else:
        physical = {"place": "rowid", "dump": ""}
    by = physical | ({"key": "key"} if table in SAID else {})
    return {
        name: [row[0] for row in rows_of(f"SELECT {mark} FROM {table} {_ordered(one)}")]  # noqa: S608 - tables of our own
        for name, one in by.items()
    }


def _ordered(by: str) -> str:
    return f"ORDER BY {by}" if by else ""


def tau(order: list[int]) -> float:
    """Return Kendall's rank correlation of an order with the order of arrival, 0, 1, 2 ..."""
    pairs = [1 if one < other else -1 for one, other in combinations(order, 2)]
    return sum(pairs) / len(pairs)


PEOPLE, SEEDS = 24, 40
CHANCE = (2 * (2 * PEOPLE + 5) / (9 * PEOPLE * (PEOPLE - 1))) ** 0.5
"""How far tau strays by chance alone (Kendall 1938)."""


def strayed(world: World, key: int, seeds: range) -> dict[str, float]:
    """Let people answer in a drawn order, close, and return how tau strays, in its own chance."""
    people = begun(world, key)
    sums: dict[str, float] = {}
    for seed in seeds:
        arrival = Random(seed).sample(range(PEOPLE), PEOPLE)
        with undone(world):
            world.rng.seed(1000 + seed)
            for place in arrival:
                link, browser = people[place]
                said = say(link, browser, vector(place), comment=f"remark {place}")
                assert said == Heard(again=False)
            assert close_round(key, now=LATER, rng=world.rng)
            for name, order in _orders_of_arrival(arrival).items():
                sums[name] = sums.get(name, 0.0) + tau(order)
            if connection.vendor == "postgresql":
                for table in (*SAID, "records_participation"):
                    assert len(rows_of(f"SELECT DISTINCT xmin::text FROM {table}")) == 1, table  # noqa: S608 - tables of our own
    return {
        name: total / len(seeds) / (CHANCE / len(seeds) ** 0.5) for name, total in sums.items()
    }


def _orders_of_arrival(arrival: list[int]) -> dict[str, list[int]]:
    place_of = {bytes(vector(place)): when for when, place in enumerate(arrival)}
    found = {
        f"voices by {name}": [place_of[bytes(one)] for one in order]
        for name, order in orders("records_voice", "answers").items()
    }
    found |= {
        f"comments by {name}": [arrival.index(int(one.split()[1])) for one in order]
        for name, order in orders("records_comment", "text").items()
    }
    if connection.vendor == "postgresql":  # elsewhere a row stays where it was first written
        seats = [one for (one,) in rows_of("SELECT seat_id FROM records_participation ORDER BY 1")]
        harbour = seats[:PEOPLE]
        found["rights by place"] = [
            arrival.index(harbour.index(one))
            for one in orders("records_participation", "seat_id")["place"]
            if one in harbour
        ]
    return found


def test_after_the_close_no_order_in_the_database_is_that_of_arrival():
    world = make_alliance(HARBOUR, "Mill", people=(PEOPLE, 5))
    key = open_round(world)

    found = strayed(world, key, range(SEEDS))

    assert len(found) >= 6
    assert {name: far for name, far in found.items() if abs(far) > 4} == {}


def test_without_the_rewrite_the_order_of_arrival_would_stand_there(monkeypatch):
    """The test above tests itself."""
    world = make_alliance(HARBOUR, "Mill", people=(PEOPLE, 5))
    key = open_round(world)
    monkeypatch.setattr(release, "_rewrite", lambda *_: None)
    assertion = "records_" if connection.vendor == "postgresql" else ""

    if assertion:
        with pytest.raises(AssertionError, match=assertion):
            strayed(world, key, range(1))
        return
    found = strayed(world, key, range(4))
    assert {name for name, far in found.items() if far > 4} >= {
        "voices by place",
        "comments by place",
    }


# -------------------------------------------------------------------------- PI-11 and PI-14


def test_voices_and_comments_have_no_moment_and_no_column_beyond_their_own():
    assert {one.column for one in Voice._meta.fields} == {"key", "cohort_id", "hint", "answers"}
    assert {one.column for one in Comment._meta.fields} == {
        "key", "cohort_id", "hint", "prompt", "text", "wish",
    }  # fmt: skip
    for model in (Voice, Comment, Participation):
        moments = (models.DateField, models.TimeField, models.AutoField)
        timed = [one for one in model._meta.fields if isinstance(one, moments)]
        assert [one.name for one in timed] in ([], ["id"]), model
        assert not model._meta.related_objects or model is Participation
    with connection.cursor() as cursor:
        for table in SAID:
            stored = connection.introspection.get_table_description(cursor, table)
            assert len(stored) == len({one.name for one in stored}) in (4, 6)


def traces(value: object) -> set[object]:
    """Return what a stored value could be known by: itself, and what is easily made from it."""
    if isinstance(value, memoryview | bytes):
        raw = bytes(value)
    elif isinstance(value, str):
        raw = value.encode()
    elif isinstance(value, int) and not isinstance(value, bool):
        raw = value.to_bytes(16, "big", signed=True)
    else:
        return {value} if value is not None else set()
    numbers = {int.from_bytes(part) for part in (raw[:8], raw[-8:])}
    hashed = sha256(raw).digest()
    numbers |= {int.from_bytes(hashed[:8]), int.from_bytes(hashed[-8:])}
    shifted = {one >> 1 for one in numbers}
    return {value if not isinstance(value, memoryview) else raw, raw.hex(), *numbers, *shifted}


def joins(cohort: int) -> list[str]:
    """Return every pair of columns by whose values a row of a person singles out a voice.

    Two columns that are equal for all voices of a cohort, or for none, join everybody to
    everything and say nothing; what singles out must differ from voice to voice.
    """
    found = []
    with connection.cursor() as cursor:
        names = set(connection.introspection.table_names(cursor)) - SAID
        tables = {name: _table(cursor, name) for name in sorted(names)}
        said = {name: _table(cursor, name) for name in sorted(SAID)}
    for voices, (columns, rows) in said.items():
        place = columns.index("cohort_id")
        mine = [row for row in rows if row[place] == cohort]
        for column in columns:
            values = [traces(row[columns.index(column)]) for row in mine]
            for table, (theirs, people) in tables.items():
                for other in theirs:
                    held = [traces(row[theirs.index(other)]) for row in people]
                    joined = {
                        frozenset(n for n, one in enumerate(held) if one & value)
                        for value in values
                    }
                    if len(joined) > 1:
                        found.append(f"{voices}.{column} = {table}.{other}")
    return found


def _table(cursor, name: str) -> tuple[list[str], list[tuple]]:
    cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - tables of our own
    return [one[0] for one in cursor.description], cursor.fetchall()


def spoken() -> tuple[World, int, int]:
    """Return a world, a round and Harbour's cohort: all but one of Harbour have spoken."""
    world = make_alliance(HARBOUR, "Mill", people=(10, 5))
    key = open_round(world)
    for place, (link, browser) in enumerate(begun(world, key)[:-1]):
        submission = world.rng.randbytes(16).hex()
        comment = f"Wordofnobody{place}z"
        said = say(link, browser, vector(place), submission=submission, comment=comment)
        assert said == Heard(again=False)
    return world, key, Voice.objects.first().cohort_id


def everything_but_what_was_said() -> str:
    with connection.cursor() as cursor:
        names = (
            set(connection.introspection.table_names(cursor))
            - SAID
            - {CommentRelease._meta.db_table}
        )
        return repr([_table(cursor, name)[1] for name in sorted(names)])


def test_no_columns_join_a_person_to_a_voice_before_the_close_or_after():
    world, key, cohort = spoken()
    before = joins(cohort)
    keys = set(Voice.objects.values_list("pk", flat=True))

    close(world, key)

    assert before == joins(cohort) == []
    assert Voice.objects.filter(cohort=cohort).count() == 9
    assert keys.isdisjoint(Voice.objects.values_list("pk", flat=True))


def test_what_somebody_said_stands_in_no_other_table():
    world, key, _cohort = spoken()
    for _time in ("before", "after"):
        told = everything_but_what_was_said()
        assert "Wordofnobody" not in told
        for place in range(9):
            assert bytes(vector(place)).hex() not in told
            assert repr(bytes(vector(place))) not in told
        if _time == "before":
            close(world, key)


def joined_by_keys(cohorts) -> list[str]:
    """Return what joins voices of these, but for answers that are small numbers by themselves."""
    found = [one for cohort in cohorts for one in joins(cohort.pk)]
    return [one for one in found if not one.startswith("records_voice.answers")]


def test_views_history_and_the_lot_of_an_evaluation_join_nobody_to_a_voice():
    """Who was asked about which partners would narrow it down: that is forgotten at the close."""
    world = make_alliance(HARBOUR, "Mill", "Quay", "Elm", people=(8, 5, 5, 5))
    key = begin_evaluation(world, scans=("trust",))
    asked = {one.instrument.code: one for one in Round.objects.filter(evaluation=key)}
    for code, one in asked.items():
        items = len(reader.load(code).items) * (3 if code == "trust" else 1)
        for place, link in enumerate(links_of(one.pk, world.parties[HARBOUR])[:-1]):
            answers = (1 + place % 3, 1 + place // 3, *(2,) * (items - 2))
            assert speak(world, link, answers) == Heard(again=False)
    mine = Cohort.objects.filter(round__evaluation=key, party=world.parties[HARBOUR])
    lots = Participation.objects.filter(cohort__in=mine, cohort__round=asked["trust"])
    assert {len(one.partners) for one in lots} == {2}
    before = joined_by_keys(mine)

    let_answers_end(world, key)
    reflect(world, key, HARBOUR)
    holders = world.people[HARBOUR][1:4]
    held = [
        reflection.hold_dissent(seat, key, "EV1", text=f"Other {seat.key}.", now=SEALING)
        for seat in holders
    ]
    reflection.join_dissent(holders[2], key, held[0], shares=True, now=SEALING)

    assert before == joined_by_keys(mine) == []
    assert Voice.objects.filter(cohort__in=mine).count() == 14
    assert not Participation.objects.exclude(partners=None).exists()
    told = {model: {one.column for one in model._meta.fields} for model in (Dissent, Holder)}
    assert told == {
        Dissent: {"id", "reflection_id", "topic", "text"},
        Holder: {"id", "dissent_id", "seat_id", "shares"},
    }
    assert not any("Other" in repr(one.words) for one in Entry.objects.all())
    assert not Entry.objects.filter(who__in=[seat.name for seat in holders]).exists()


def the_same_key(_kind: str, link: str, submission: str) -> int:
    """One number in both tables."""
    return int.from_bytes(voice._mark("right", link, submission)[:8]) >> 1


def a_hash_of_the_mark(_kind: str, link: str, submission: str) -> int:
    mark = voice._mark("right", link, submission)
    return int.from_bytes(sha256(mark).digest()[:8]) >> 1


def the_hash_of_the_link(_kind: str, link: str, _submission: str) -> int:
    return int.from_bytes(reach.hash_of(link)[:8]) >> 1


@pytest.mark.parametrize("made", [the_same_key, a_hash_of_the_mark, the_hash_of_the_link])
def test_a_column_that_did_join_would_be_found(monkeypatch, made):
    monkeypatch.setattr(voice, "_key", made)

    _world, _key, cohort = spoken()

    assert any("records_participation" in one for one in joins(cohort))


# ----------------------------------------------------------------------------------- PI-15


@dataclass
class Truth:
    """What should be stored, by person: the submission and the answers that stand."""

    stand: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    closed: bool = False


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(("send", "change", "withdraw")),
            st.integers(0, 2),
            st.integers(0, 3),
        ),
        st.tuples(st.just("close"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def interleave(world: World, key: int, people, steps) -> None:
    """Do these steps in this order, and compare what is stored with what should be."""
    truth = Truth()
    with undone(world):
        for verb, person, number in steps:
            link, browser = people[person]
            if verb == "close":
                close_round(key, now=LATER, rng=world.rng)
                truth.closed = True
            elif verb == "withdraw":
                _withdraw(truth, person, number, link, browser)
            else:
                _send(truth, verb, person, number, link, browser)
            _compare(truth, key)


def _send(truth: Truth, verb: str, person: int, number: int, link: str, browser: str) -> None:
    submission, answers = f"{number:032x}", (1 + person, 1 + number, 1, 1, 1, 1)
    before = truth.stand.get(person)
    replaces = before[0] if before and verb == "change" else ""
    when = LATER if truth.closed else NOON
    one = Utterance(link, browser, submission, answers, replaces=replaces)
    (said,) = voice.speak([one], now=when)
    if truth.closed:
        assert isinstance(said, voice.Closed)
    elif before and before[0] == submission:
        assert said == Heard(again=True)
    elif before and verb == "send":
        assert isinstance(said, voice.AlreadyAnswered)
    else:
        assert said == Heard(again=False)
        truth.stand[person] = (submission, answers)


def _withdraw(truth: Truth, person: int, number: int, link: str, browser: str) -> None:
    submission = f"{number:032x}"
    before = truth.stand.get(person)
    try:
        when = LATER if truth.closed else NOON
        voice.withdraw(link, browser=browser, submission=submission, now=when)
    except Refused:
        assert truth.closed or before is None or before[0] != submission
    else:
        assert not truth.closed
        assert before[0] == submission
        del truth.stand[person]


def _compare(truth: Truth, key: int) -> None:
    voices = sorted(bytes(one) for one in Voice.objects.values_list("answers", flat=True))
    assert voices == sorted(bytes(answers) for _submission, answers in truth.stand.values())
    if not truth.closed:
        assert Participation.objects.filter(used=True).count() == len(truth.stand)
        assert not Participation.objects.filter(used=True, submission=None).exists()
    else:
        assert Release.objects.filter(round=key).count() == 1


def test_whatever_is_sent_changed_and_taken_back_in_any_order_each_speaks_at_most_once():
    world = make_alliance(people=5)
    key = open_round(world)

    interleave(world, key, begun(world, key)[:3])


# ----------------------------------------------------------------------------------- PI-17


@pytest.fixture
def released():
    world, key, _cohort = spoken()
    close(world, key)
    return world, key


def test_a_release_is_what_its_fingerprint_says_and_what_its_voices_give(released):
    _world, key = released
    kept = Release.objects.select_related("round__instrument").get(round=key)
    cohorts = list(kept.round.cohorts.order_by("party__position"))
    voices = {one.pk: list(Voice.objects.filter(cohort=one)) for one in cohorts}

    assert digest(kept.content) == kept.digest
    assert release._figures(kept.round, cohorts, voices) == kept.content
    opened = CommentRelease.objects.all()
    assert opened
    assert all(digest(one.content) == one.digest for one in opened)


def test_a_changed_figure_no_longer_fits_its_fingerprint(released):
    _world, key = released
    kept = Release.objects.get(round=key)

    kept.content["parties"][0]["n"] = "10"

    assert digest(kept.content) != kept.digest


@pytest.mark.parametrize(
    ("model", "column"), [(Release, "digest"), (CommentRelease, "digest"), (Entry, "act")]
)
@pytest.mark.usefixtures("released")
def test_what_is_written_once_is_never_changed_by_anybody(model, column):
    table = model._meta.db_table
    before = _rows(table)
    assert before

    for change in (
        lambda: model.objects.all().delete(),
        lambda: model.objects.update(**{column: "changed"}),
        lambda: rows_of(f"DELETE FROM {table}"),  # noqa: S608 - tables of our own
        lambda: rows_of(f"UPDATE {table} SET id = id"),  # noqa: S608 - tables of our own
        lambda: model.objects.first().save(),
        lambda: model.objects.first().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    assert _rows(table) == before
    assert table in guard.GUARDED


def _rows(table: str) -> list[tuple]:
    return rows_of(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - tables of our own


def test_what_is_shown_outlives_its_voices(released):
    _world, key = released
    before = _rows("records_release")

    erase_voices(key, now=LATER)

    assert not Voice.objects.exists()
    assert not Comment.objects.exists()
    assert _rows("records_release") == before
