"""The demo world: two alliances, their people and rounds, built by the acts and nothing else.

Moments are reckoned back from `now`, chance comes from the seed: equal arguments give equal
worlds.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.db import transaction

from understream.access import reach
from understream.access.refusal import Broken, Missing
from understream.access.seat import Role, Seat
from understream.domain import round as rounds
from understream.domain import voice, world
from understream.domain.alliance import alliance_before, found_alliance
from understream.domain.due import tick
from understream.domain.instrument import questions_about
from understream.domain.invitation import accept_invitation, invite_person
from understream.domain.person import add_person
from understream.domain.release import comments_to_moderate, open_comments
from understream.domain.seat import Newcomer, add_participants
from understream.domain.voice import CANNOT_JUDGE, NOT_ANSWERED, Heard, Utterance
from understream.instruments import reader
from understream.measurement.release import Question
from understream.records import guard
from understream.records.participation import Participation
from understream.records.person import Person

PASSWORD = "under-the-waterline"  # noqa: S105 - everybody may know it: a demo world's
"""What everybody with an account in a demo world signs in with."""

ZONE = "Europe/Amsterdam"
HARBOUR, MILL, QUAY = "Harbour Logistics", "Mill Foods", "Quay University"
COLD_CHAIN = "Cold chain to the inland ports"
LONGER_FRESH = "Fresh for longer"
DAY = timedelta(days=1)
JUST_AFTER = timedelta(minutes=1)
LAST_HOUR = 17


@dataclass(frozen=True, slots=True)
class One:
    """Somebody of the demo world; with a role other than participant there is an account."""

    name: str
    mail: str
    language: str = "nl"
    role: Role = Role.PARTICIPANT
    account: bool = False


FACILITATOR = One("Saskia de Graaf", "facilitator", "nl", Role.FACILITATOR, account=True)

PEOPLE: dict[str, tuple[One, ...]] = {
    HARBOUR: (
        One("Marieke van Dijk", "manager.a", "nl", Role.MANAGER, account=True),
        One("Robert Haverkamp", "sponsor", "nl", Role.SPONSOR, account=True),
        One("Tom Verhoeven", "participant", "nl", Role.PARTICIPANT, account=True),
        One("Ineke Postma", "ineke.postma"),
        One("Daniel Okafor", "daniel.okafor", "en"),
        One("Joost Brandsma", "joost.brandsma"),
        One("Fatima El Amrani", "fatima.el.amrani"),
        One("Hugh Pemberton", "hugh.pemberton", "en"),
        One("Wim Terpstra", "wim.terpstra"),
        One("Lotte Kuipers", "lotte.kuipers"),
        One("Priya Raman", "priya.raman", "en"),
        One("Gerrit Mulder", "gerrit.mulder"),
    ),
    MILL: (
        One("James Whitlock", "manager.b", "en", Role.MANAGER, account=True),
        One("Eleanor Marsh", "eleanor.marsh", "en", Role.SPONSOR, account=True),
        One("Anouk Jansen", "anouk.jansen"),
        One("Peter Grainger", "peter.grainger", "en"),
        One("Sanne Bakker", "sanne.bakker"),
        One("Owen Fairley", "owen.fairley", "en"),
        One("Ruth Castell", "ruth.castell", "en"),
        One("Kees Molenaar", "kees.molenaar"),
        One("Nadia Haddad", "nadia.haddad", "en"),
    ),
    QUAY: (
        One("Annelies Vermeer", "manager.c", "nl", Role.MANAGER, account=True),
        One("Bram Oosterhuis", "bram.oosterhuis"),
        One("Grace Lindqvist", "grace.lindqvist", "en"),
        One("Youssef Benali", "youssef.benali"),
    ),
}
"""Who there is; an alliance takes the first so many of each organisation."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """How a party's people tend to answer a question.

    :ivar mean: where on seven points; for a choice the share, 0 to 1, that takes the first option.
    :ivar blind: the share who cannot judge it.
    :ivar apart: how far from the mean its two camps stand, each to its side; 0 for no camps.
    """

    mean: float
    blind: float = 0.0
    apart: float = 0.0


SPREAD = 0.9
"""How far people stand apart within a party or a camp, as a standard deviation."""

SKIPPED = 0.02
"""The share of questions that are passed over."""

Opinions = Mapping[str, Opinion]

PULSE: dict[str, Opinions] = {
    HARBOUR: {
        "PU1": Opinion(5.6),
        "PU2": Opinion(5.4),
        "PU3": Opinion(5.1),
        "PU4": Opinion(4.9),
        "PU5": Opinion(5.3),
        "PU6": Opinion(5.7),
    },
    MILL: {
        "PU1": Opinion(5.2),
        "PU2": Opinion(3.4),
        "PU3": Opinion(3.1),
        "PU4": Opinion(4.0, apart=2.4),
        "PU5": Opinion(3.3),
        "PU6": Opinion(4.8),
    },
}

PULSE_NOW: dict[str, Opinions] = {
    HARBOUR: {**PULSE[HARBOUR], "PU3": Opinion(4.4), "PU4": Opinion(5.2)},
    MILL: {**PULSE[MILL], "PU2": Opinion(4.3), "PU5": Opinion(4.2)},
}

PULSE_FRESH: dict[str, Opinions] = {
    HARBOUR: {code: Opinion(5.2) for code in PULSE[HARBOUR]} | {"PU3": Opinion(3.6)},
    MILL: {code: Opinion(4.9) for code in PULSE[MILL]} | {"PU3": Opinion(5.5)},
}

TRUST: dict[str, Opinions] = {
    HARBOUR: {
        "ability": Opinion(5.6),
        "integrity": Opinion(5.0, blind=0.1),
        "benevolence": Opinion(4.7, blind=0.1),
        "reliability": Opinion(5.2),
        "willing": Opinion(4.8),
        "dared": Opinion(0.6),
        "stake": Opinion(5.1),
        "people": Opinion(5.8),
        "watch": Opinion(0.3),
    },
    MILL: {
        "ability": Opinion(5.7),
        "integrity": Opinion(3.6, blind=0.1),
        "benevolence": Opinion(3.2, blind=0.1),
        "reliability": Opinion(3.5),
        "willing": Opinion(3.4),
        "dared": Opinion(0.3),
        "stake": Opinion(5.9),
        "people": Opinion(5.6),
        "watch": Opinion(0.7),
    },
}
"""By facet; a question without an opinion of its own is answered around `MIDDLING`."""

MIDDLING = Opinion(4.4)


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody wrote, what they wished for it, and the facilitator's words for it, if any."""

    text: str
    wish: str = "as written"
    words: str = ""


PULSE_REMARKS: dict[str, tuple[Remark, ...]] = {
    HARBOUR: (
        Remark("De planning van de koelwagens: wij horen wijzigingen te laat."),
        Remark("We get on well, but every decision still goes up two levels."),
        Remark("Wie beslist er als een lading moet wachten? Dat is nu elke keer anders."),
        Remark(
            "At the last meeting I held my tongue about the claims. It was not the moment.",
            "paraphrased",
            "Some things are not said in the meeting, for instance about claims.",
        ),
    ),
    MILL: (
        Remark("Agreements about delivery windows are treated as wishes."),
        Remark("Wij leveren cijfers, en we horen nooit wat ermee gebeurt."),
        Remark("Let us talk about who carries the cost of a late truck."),
    ),
}

FRESH_REMARKS: dict[str, tuple[Remark, ...]] = {
    HARBOUR: (
        Remark("Besluiten wachten op onze directie. Dat ligt aan ons."),
        Remark("The trial has made us look at our own figures. That is worth something."),
        Remark("Wie is de eigenaar van de meetgegevens als de proef voorbij is?"),
    ),
    MILL: (
        Remark("Good people. We should meet more often than once a month."),
        Remark("De universiteit vraagt veel en legt het goed uit."),
    ),
}

TRUST_REMARKS: dict[str, tuple[Remark, ...]] = {
    HARBOUR: (
        Remark("Hun mensen op de werkvloer zijn goud waard."),
        Remark("I would like to know what they tell their other carriers."),
        Remark("Laten we een keer samen een hele rit meelopen.", "paraphrased"),
    ),
    MILL: (
        Remark("They are good at what they do. I am less sure that they think of us."),
        Remark("Als er iets misgaat horen we het van de chauffeur, niet van kantoor."),
        Remark("I wrote this for the facilitator: please ask about the new terminal.",
               "moderator only"),
        Remark("We have never told them about our own mistakes either."),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alliance:
    """An alliance being built, with the seats at hand that act in it; by name of the party.

    :ivar moderated: whether the facilitator reads comments before they open.
    """

    key: int
    managers: dict[str, Seat]
    parties: dict[str, int]
    facilitator: Seat
    moderated: bool

    @property
    def planner(self) -> Seat:
        """Return the first party's manager."""
        return next(iter(self.managers.values()))


def build(*, seed: int, now: datetime) -> None:
    """Build the whole demo world, or nothing of it.

    :param seed: where all its chance comes from.
    :param now: the moment from which it is reckoned; one round stays open for seven days after.
    :raises NotEmpty: if the database holds anybody.
    """
    rng = Random(seed)  # noqa: S311 - a demo world is to be the same again; its links are mailed to nobody
    try:
        with transaction.atomic():
            world.make_demo(seed=seed)
            _build(now, rng)
    finally:
        world.forget()


def clear() -> None:
    """Empty the database of a demo world, so that another one can be built.

    :raises Missing: in a real world, of which nothing is ever emptied.
    """
    if not world.is_demo():
        raise Missing
    guard.lift()
    try:
        call_command("flush", interactive=False, verbosity=0)
    finally:
        guard.set_up()
        world.forget()


def _build(now: datetime, rng: Random) -> None:
    cold_chain = _found(COLD_CHAIN, {HARBOUR: 12, MILL: 9}, now - 84 * DAY, rng, moderated=True)
    three = {HARBOUR: 11, MILL: 8, QUAY: 4}
    fresh = _found(LONGER_FRESH, three, now - 49 * DAY, rng, moderated=False)

    first = _open(cold_chain, "pulse", "First pulse", now - 63 * DAY, now - 49 * DAY, rng)
    _say(cold_chain, first, "pulse", PULSE, {HARBOUR: 11, MILL: 9}, PULSE_REMARKS, rng)
    _close(cold_chain, first, now - 49 * DAY, rng)
    _moderate(cold_chain, first, PULSE_REMARKS, now - 46 * DAY, rng)

    joint = _open(fresh, "pulse", "Before the trial", now - 35 * DAY, now - 21 * DAY, rng)
    _say(fresh, joint, "pulse", PULSE_FRESH, {HARBOUR: 10, MILL: 8}, FRESH_REMARKS, rng)
    voice.fill_form(
        fresh.managers[QUAY],
        joint,
        answers=(6, 5, 4, 6, 5, 6),
        comment="Wij meten, en missen wat er in de wagens gebeurt.",
        now=_moment(now - 22 * DAY),
    )
    _close(fresh, joint, now - 21 * DAY, rng)

    trust = _open(cold_chain, "trust", "Trust between us", now - 24 * DAY, now - 10 * DAY, rng)
    _say(cold_chain, trust, "trust", TRUST, {HARBOUR: 12, MILL: 9}, TRUST_REMARKS, rng)
    _close(cold_chain, trust, now - 10 * DAY, rng)

    pulse = _open(cold_chain, "pulse", "Second pulse", now - 4 * DAY, now + 7 * DAY, rng)
    _say(cold_chain, pulse, "pulse", PULSE_NOW, {HARBOUR: 6, MILL: 4}, {}, rng)

    waiting = _plan(fresh, "trust", "Trust among three", now - 2 * DAY, now + 14 * DAY)
    _confirm(fresh, HARBOUR, waiting, now - 2 * DAY, rng)
    tick(now=now, rng=rng)


def _moment(day: datetime) -> datetime:
    """Return five in the afternoon, local time, on that day."""
    local = day.astimezone(ZoneInfo(ZONE))
    return local.replace(hour=LAST_HOUR, minute=0, second=0, microsecond=0)


# ------------------------------------------------------------------ people


def _found(
    name: str, sizes: Mapping[str, int], day: datetime, rng: Random, *, moderated: bool
) -> Alliance:
    """Found an alliance, let managers, sponsors and facilitator take seats, add the others."""
    at = _moment(day)
    home, *others = sizes
    founder = PEOPLE[home][0]
    person = _known(founder) or add_person(
        email=_address(founder), name=founder.name, password=PASSWORD, language=founder.language
    )
    key = found_alliance(
        reach.seat_of_person(person), name=name, organisations=tuple(sizes), time_zone=ZONE, now=at
    )
    planner = reach.seat_in_alliance(person, key)
    parties = {party.name: party.key for party in alliance_before(planner).parties}
    managers = {home: planner}
    for party in others:
        managers[party] = _seat(planner, parties[party], PEOPLE[party][0], at, rng)
    facilitator = _seat(planner, parties[home], FACILITATOR, at, rng)
    alliance = Alliance(key, managers, parties, facilitator, moderated)
    for party, size in sizes.items():
        people = PEOPLE[party][1:size]
        for one in people:
            if one.account:
                _seat(managers[party], parties[party], one, at, rng)
        add_participants(
            managers[party],
            party=parties[party],
            people=[
                Newcomer(one.name, _address(one), one.language)
                for one in people
                if not one.account
            ],
            now=at,
        )
    return alliance


def _seat(inviter: Seat, party: int, one: One, at: datetime, rng: Random) -> Seat:
    """Invite somebody who has or gets an account, and let them take the seat the next day."""
    secret = rng.getrandbits(64)
    invite_person(
        inviter,
        party=party,
        name=one.name,
        email=_address(one),
        role=one.role,
        language=one.language,
        now=at,
        rng=Random(secret),  # noqa: S311 - so that the link in the letter can be drawn here again
    )
    link = base64.urlsafe_b64encode(Random(secret).randbytes(16)).rstrip(b"=").decode()  # noqa: S311 - see above
    return accept_invitation(
        link, name=one.name, password=PASSWORD, signed_in=_known(one), now=at + DAY
    )


def _address(one: One) -> str:
    return f"{one.mail}@demo.example"


def _known(one: One) -> int:
    """Return the key of somebody who is there already, else 0."""
    return Person.objects.filter(email=_address(one)).values_list("pk", flat=True).first() or 0


# ------------------------------------------------------------------ rounds


def _plan(alliance: Alliance, instrument: str, title: str, day: datetime, until: datetime) -> int:
    return rounds.plan_round(
        alliance.planner,
        instrument=instrument,
        title=title,
        closes_at=_moment(until),
        moderator=alliance.facilitator.key if alliance.moderated else 0,
        now=_moment(day),
    )


def _confirm(alliance: Alliance, party: str, key: int, day: datetime, rng: Random) -> None:
    """Say yes for a party: everybody, in the mode that was proposed for so many."""
    manager = alliance.managers[party]
    card = rounds.round_before(manager, key).mine
    if card is None:
        raise Broken("a manager of the demo world has a party")
    everybody = [one.key for one in rounds.candidates(manager, key)]
    rounds.confirm_cohort(manager, key, mode=card.mode, seats=everybody, now=_moment(day), rng=rng)


def _open(
    alliance: Alliance,
    instrument: str,
    title: str,
    day: datetime,
    until: datetime,
    rng: Random,
) -> int:
    key = _plan(alliance, instrument, title, day - 3 * DAY, until)
    for party in alliance.managers:
        _confirm(alliance, party, key, day - DAY, rng)
    rounds.open_round(alliance.planner, key, now=_moment(day), rng=rng)
    return key


def _close(alliance: Alliance, key: int, until: datetime, rng: Random) -> None:
    """Let the end of a round come, as the ticking house would."""
    tick(now=_moment(until) + JUST_AFTER, rng=rng)
    if rounds.round_before(alliance.planner, key).closed_at is None:
        raise Broken("a round closes when its end has come; the log says why it did not")


def _say(
    alliance: Alliance,
    key: int,
    instrument: str,
    opinions: Mapping[str, Opinions],
    speakers: Mapping[str, int],
    remarks: Mapping[str, Sequence[Remark]],
    rng: Random,
) -> None:
    """Let so many of each party answer the next morning, all in one batch."""
    opened_at = rounds.round_before(alliance.planner, key).opened_at
    if opened_at is None:
        raise Broken("nobody answers before a round has opened")
    at = opened_at + timedelta(hours=16)
    asked = reader.load(instrument)
    batch = []
    for party, number in speakers.items():
        partners = [one for name, one in alliance.parties.items() if name != party]
        questions = questions_about(asked, partners)
        written = [*remarks.get(party, ())]
        written += [Remark("")] * (number - len(written))
        rng.shuffle(written)
        links = _links(key, alliance.parties[party])[:number]
        for place, (link, remark) in enumerate(zip(links, written, strict=True)):
            camp = 1 if place % 2 else -1
            batch.append(
                Utterance(
                    link,
                    voice.begin(link, browser="", rng=rng, now=at),
                    rng.randbytes(16).hex(),
                    tuple(_answer(one, opinions[party], camp, rng) for one in questions),
                    comment=remark.text,
                    wish=remark.wish,
                )
            )
    for said in voice.speak(batch, now=at):
        if not isinstance(said, Heard):
            raise said


def _links(key: int, party: int) -> list[str]:
    """Return a party's personal links; those of people with an account last.

    So there is somebody left to try an open round as.
    """
    rights = Participation.objects.filter(cohort__round=key, cohort__party=party)
    ordered = sorted(
        rights.select_related("seat__person"),
        key=lambda right: (right.seat.person.has_usable_password(), right.seat_id),
    )
    return [reach.link_of(bytes(right.nonce)) for right in ordered]


def _answer(question: Question, opinions: Opinions, camp: int, rng: Random) -> int:
    """Draw one answer: seldom none, sometimes "can't judge", else around the party's opinion."""
    opinion = opinions.get(question.code) or opinions.get(question.facet) or MIDDLING
    skips, blind = rng.random() < SKIPPED, rng.random() < opinion.blind
    if question.kind == "choice":
        first = rng.random() < opinion.mean
        point = 1 if first else rng.randint(2, question.points)
    else:
        point = round(rng.gauss(opinion.mean + camp * opinion.apart, SPREAD))
    if blind:
        return CANNOT_JUDGE
    return NOT_ANSWERED if skips else min(max(point, 1), question.points)


def _moderate(
    alliance: Alliance,
    key: int,
    remarks: Mapping[str, Sequence[Remark]],
    day: datetime,
    rng: Random,
) -> None:
    """Let the facilitator read the comments of each party, and open them to it."""
    words = {one.text: one.words for some in remarks.values() for one in some if one.words}
    for party in comments_to_moderate(alliance.facilitator, key):
        open_comments(
            alliance.facilitator,
            key,
            party=party.party,
            paraphrases={one.key: words[one.text] for one in party.comments if one.text in words},
            withheld=(),
            now=_moment(day),
            rng=rng,
        )
