"""Plain functions that make what a test needs, through the acts wherever an act exists."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from understream.access import reach
from understream.access.seat import Role, Seat
from understream.domain import evaluation as evaluations
from understream.domain import joint, reveal, voice
from understream.domain import reflection as reflections
from understream.domain import round as rounds
from understream.domain.alliance import found_alliance
from understream.domain.evaluation import Terms
from understream.domain.instrument import instrument_of
from understream.domain.invitation import invite_person
from understream.domain.reflection import Words
from understream.domain.release import close_round
from understream.domain.voice import Heard, Utterance
from understream.records.alliance import Party
from understream.records.joint import JointText
from understream.records.participation import Participation
from understream.records.person import Person
from understream.records.round import Cohort, Round
from understream.records.seat import SeatRow

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
LATER = NOON + WEEK + timedelta(minutes=1)


def make_person(name: str, *, language: str = "en", password: str = "", host: bool = False):
    """Return a stored person whose mail address is made from the name."""
    person = Person(
        email=f"{name.lower().replace(' ', '.')}@example.org",
        name=name,
        language=language,
        is_host=host,
    )
    if password:
        person.set_password(password)
    else:
        person.set_unusable_password()
    person.save()
    return person


@dataclass
class World:
    """An alliance with its parties' seats at hand."""

    alliance: int
    parties: dict[str, int]
    managers: dict[str, Seat]
    people: dict[str, list[Seat]]
    facilitator: Seat
    rng: Random


def make_alliance(*names: str, people: int | Sequence[int] = 5, seed: int = 7) -> World:
    """Found an alliance of these organisations, each with a manager and so many participants.

    The manager counts as one of the people. A facilitator has a seat for no party.
    """
    names = names or ("Harbour", "Mill")
    sizes = [people] * len(names) if isinstance(people, int) else list(people)
    founder = make_person(f"Manager {names[0]}")
    alliance = found_alliance(
        reach.seat_of_person(founder.pk),
        name=" and ".join(names),
        organisations=names,
        time_zone="Europe/Amsterdam",
        now=NOON,
    )
    parties = {
        row.organisation.name: row.pk
        for row in Party.objects.filter(alliance=alliance).select_related("organisation")
    }
    managers = {names[0]: reach.seat_in_alliance(founder.pk, alliance)}
    for name in names[1:]:
        managers[name] = seat_person(alliance, parties[name], f"Manager {name}", Role.MANAGER)
    everybody = {}
    for name, size in zip(names, sizes, strict=True):
        everybody[name] = [managers[name]] + [
            seat_person(alliance, parties[name], f"{name} {number}", Role.PARTICIPANT)
            for number in range(1, size)
        ]
    facilitator = seat_person(alliance, None, f"Facilitator of {names[0]}", Role.FACILITATOR)
    return World(alliance, parties, managers, everybody, facilitator, Random(seed))


def seat_person(alliance: int, party: int | None, name: str, role: Role, **keys) -> Seat:
    """Return the seat of a new person."""
    row = SeatRow.objects.create(
        alliance_id=alliance, party_id=party, person=make_person(name, **keys), role=role
    )
    return reach.seat_from(row)


def invite(world: World, party: str = "Harbour", *, seed: int = 11, **keys) -> str:
    """Let a party's manager invite somebody, Nora unless told; return the link in the letter."""
    invite_person(
        keys.pop("seat", world.managers[party]),
        **{
            "party": world.parties[party],
            "name": "Nora",
            "email": "nora@example.org",
            "role": "participant",
            "now": NOON,
            "rng": Random(seed),
            **keys,
        },
    )
    return base64.urlsafe_b64encode(Random(seed).randbytes(16)).rstrip(b"=").decode()


def plan_round(world: World, *, instrument: str = "pulse", mode: str = "", **keys) -> int:
    """Plan a round to which every party has said yes; the modes are those proposed, or `mode`."""
    planner = next(iter(world.managers.values()))
    key = rounds.plan_round(
        planner,
        instrument=instrument,
        title="Autumn",
        closes_at=keys.pop("closes_at", NOON + WEEK),
        now=NOON,
        **keys,
    )
    proposed = dict(Cohort.objects.filter(round=key).values_list("party", "mode"))
    for name, manager in world.managers.items():
        rounds.confirm_cohort(
            manager,
            key,
            mode=mode or proposed[world.parties[name]],
            seats=[seat.key for seat in world.people[name]],
            now=NOON,
            rng=world.rng,
        )
    return key


def open_round(world: World, **keys) -> int:
    """Return the key of an open round."""
    key = plan_round(world, **keys)
    rounds.open_round(next(iter(world.managers.values())), key, now=NOON, rng=world.rng)
    return key


def links_of(round_key: int, party: int) -> list[str]:
    """Return the personal links of a party's people, by seat."""
    rights = Participation.objects.filter(cohort__round=round_key, cohort__party=party)
    return [reach.link_of(right.nonce) for right in rights.order_by("seat")]


def of_drawn(link: str, answers: Sequence[int]) -> tuple[int, ...]:
    """Return answers without those about partners that the lot gave to others."""
    right = Participation.objects.filter(link_hash=reach.hash_of(link)).first()
    if right is None or right.partners is None:
        return tuple(answers)
    others = Party.objects.filter(alliance=right.cohort.round.alliance_id).exclude(
        pk=right.cohort.party_id
    )
    keys = list(others.order_by("position").values_list("pk", flat=True))
    asked = instrument_of(right.cohort.round.instrument).asked_of(keys)
    return tuple(
        one if about is None or about in right.partners else 0
        for one, (about, _) in zip(answers, asked, strict=False)
    )


def speak(world: World, link: str, answers: Sequence[int], *, now: datetime = NOON, **keys):
    """Begin with a personal link and send answers, about drawn partners only; return the reply."""
    answers = of_drawn(link, answers)
    browser = voice.begin(link, browser="", rng=world.rng, now=now)
    submission = world.rng.randbytes(16).hex()
    (said,) = voice.speak([Utterance(link, browser, submission, answers, **keys)], now=now)
    return said


def answer_all(world: World, round_key: int, answers: dict[str, Sequence[Sequence[int]]]) -> None:
    """Let the people of each party answer, in the order of their seats."""
    for name, said in answers.items():
        for link, one in zip(links_of(round_key, world.parties[name]), said, strict=False):
            assert speak(world, link, one) == Heard(again=False)


def close(world: World, round_key: int) -> None:
    """Let the end of the round come."""
    assert close_round(round_key, now=LATER, rng=world.rng)


TOPICS = tuple(f"EV{number}" for number in range(1, 17))
FIRST_PART, SOFT_PART = TOPICS[:11], TOPICS[11:]
BLOCKS = ("B1", "B2", "B3", "B4")
SEALING = NOON + WEEK + timedelta(hours=1)
"""A moment after the answers are in and before the deadline."""


def terms_of(**keys) -> Terms:
    """Return terms for an evaluation: answers within a week, sealed within two."""
    return Terms(
        **{
            "title": "Autumn evaluation",
            "scope": "",
            "depth": "cycle",
            "scans": (),
            "answer_until": NOON + WEEK,
            "seal_until": NOON + 2 * WEEK,
            **keys,
        }
    )


def prepare_evaluation(world: World, **keys) -> int:
    """Return the key of an evaluation whose agreement nobody has accepted."""
    planner = next(iter(world.managers.values()))
    return evaluations.prepare_evaluation(planner, terms=terms_of(**keys), now=NOON, rng=world.rng)


def begin_evaluation(world: World, *, modes: dict[str, str] | None = None, **keys) -> int:
    """Return the key of an evaluation that every party has accepted and that has begun.

    A party of five or more speaks in confidence, a smaller one with one voice, unless told.
    """
    key = prepare_evaluation(world, **keys)
    for name, manager in world.managers.items():
        people = [seat.key for seat in world.people[name]]
        proposed = "confidential" if len(people) >= 5 else "one voice"
        evaluations.accept_agreement(
            manager,
            key,
            version=1,
            mode=(modes or {}).get(name, proposed),
            seats=people,
            now=NOON,
            rng=world.rng,
        )
    planner = next(iter(world.managers.values()))
    evaluations.open_evaluation(planner, key, now=NOON, rng=world.rng)
    return key


def words_on(topic: str, **keys) -> Words:
    """Return a finished conclusion: a little changed, or 5 of 7."""
    if topic in TOPICS[:6]:
        said = {"change": "little", "effect": "helps"}
    else:
        said = {"rating": 5, "direction": "same"}
    return Words(**{**said, "sentence": f"What we see in {topic}.", "sure": "high", **keys})


def reflect(world: World, key: int, name: str, *, now: datetime = SEALING, **topics) -> None:
    """Let a party's manager conclude on every topic; `topics` say what is otherwise, by code."""
    for topic in TOPICS:
        words = words_on(topic, **topics.get(topic, {}))
        reflections.write_conclusion(world.managers[name], key, topic, words=words, now=now)


def let_answers_end(world: World, key: int, *, now: datetime = SEALING) -> None:
    """Let the rounds of an evaluation close."""
    for one in Round.objects.filter(evaluation=key):
        close_round(one.pk, now=now, rng=world.rng)


def seal_evaluation(
    world: World, key: int, *names: str, now: datetime = SEALING, **topics
) -> None:
    """Let parties conclude and seal, all of them unless told; the last seal opens everything.

    :param topics: by party's name, what it concludes otherwise, by topic.
    """
    let_answers_end(world, key, now=now)
    for name in names or tuple(world.managers):
        reflect(world, key, name, now=now, **topics.get(name, {}))
        reveal.seal_reflection(world.managers[name], key, now=now, rng=world.rng)


def pass_gate(world: World, key: int, *, now: datetime = SEALING) -> None:
    """Let all parties accept a note on each of the four blocks."""
    planner = next(iter(world.managers.values()))
    for block in BLOCKS:
        joint.write_joint_text(
            planner, key, "block", block, version=0, reading=f"Looked at {block}.", now=now
        )
        for manager in world.managers.values():
            joint.accept_joint_text(manager, key, "block", block, version=1, now=now)


def decide(
    world: World, key: int, *, choice: str = "ED1", now: datetime = SEALING, **keys
) -> None:
    """Let all parties accept one closing decision, instead of the one that stands."""
    planner = next(iter(world.managers.values()))
    about = (planner, key, "relevance", "relevance")
    before = JointText.objects.filter(evaluation=key, kind="relevance").first()
    version = joint.write_joint_text(
        *about, version=before.version if before else 0, choice=choice, now=now, **keys
    )
    for manager in world.managers.values():
        joint.accept_joint_text(manager, key, "relevance", "relevance", version=version, now=now)
