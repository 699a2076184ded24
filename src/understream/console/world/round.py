"""The rounds of the demo world: what its people think, and how they come to say it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from understream.access import reach
from understream.access.refusal import Broken, Refused
from understream.console.world.people import DAY, HARBOUR, JUST_AFTER, MILL, Alliance, moment
from understream.domain import round as rounds
from understream.domain import voice
from understream.domain.due import tick
from understream.domain.instrument import questions_about
from understream.domain.release import comments_to_moderate, open_comments
from understream.domain.voice import CANNOT_JUDGE, NOT_ANSWERED, Utterance
from understream.instruments import reader
from understream.instruments.reader import Instrument
from understream.measurement.release import Question
from understream.records.participation import Participation


@dataclass(frozen=True, slots=True)
class Opinion:
    """How a party's people tend to answer a question.

    :ivar mean: where on seven points; for a choice the share, 0 to 1, that takes the first option.
    :ivar blind: the share who cannot judge it.
    :ivar apart: how far from the mean its two camps stand, each to its side; 0 for no camps.
    :ivar shares: for a choice, how often each option is taken; then `mean` says nothing.
    """

    mean: float
    blind: float = 0.0
    apart: float = 0.0
    shares: tuple[float, ...] = ()


SPREAD = 0.9
"""How far people stand apart within a party or a camp, as a standard deviation."""

SKIPPED = 0.02
"""The share of questions that are passed over."""

CHANGED = (2, 3)
"""A little, a lot: what is followed by a second question."""

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

PULSE_LATER: dict[str, Opinions] = {
    HARBOUR: {**PULSE_FRESH[HARBOUR], "PU3": Opinion(5.4), "PU4": Opinion(4.3)},
    MILL: {**PULSE_FRESH[MILL], "PU3": Opinion(4.0), "PU5": Opinion(5.2)},
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

SCANS: dict[str, dict[str, Opinions]] = {
    "drivers": {
        HARBOUR: {
            **{code: Opinion(5.2) for code in ("experience", "fit", "value")},
            **{f"{code}-matters": Opinion(2.4) for code in ("experience", "value", "win-win")},
            "maturity": Opinion(3.8),
            "maturity-matters": Opinion(2.9),
            "maturity-influence": Opinion(2.8),
            "partner": Opinion(5.6),
            "partner-matters": Opinion(2.9),
            "win-win": Opinion(4.9),
            "adjusting": Opinion(3.4),
            "adjusting-matters": Opinion(2.7),
            "adjusting-influence": Opinion(1.2),
            "fit-matters": Opinion(1.1),
        },
        MILL: {
            **{code: Opinion(4.8) for code in ("experience", "maturity", "value")},
            **{f"{code}-matters": Opinion(2.0) for code in ("experience", "maturity", "value")},
            "fit": Opinion(4.2),
            "fit-matters": Opinion(2.9),
            "fit-influence": Opinion(2.7),
            "partner": Opinion(5.1),
            "partner-matters": Opinion(2.1),
            "win-win": Opinion(3.3),
            "win-win-matters": Opinion(2.9),
            "win-win-influence": Opinion(2.2),
            "adjusting": Opinion(3.9),
            "adjusting-matters": Opinion(2.1),
        },
    },
    "capability": {
        HARBOUR: {
            "bonding": Opinion(4.0),
            "coordination": Opinion(6.0),
            "communication": Opinion(5.0),
            "joint-action": Opinion(4.8),
        },
        MILL: {
            "bonding": Opinion(4.6),
            "coordination": Opinion(5.2),
            "communication": Opinion(3.9),
            "joint-action": Opinion(5.1),
        },
    },
    "responsibility": {
        HARBOUR: {
            "we-content": Opinion(5.9),
            "they-content": Opinion(5.4),
            "we-procedure": Opinion(5.2),
            "they-procedure": Opinion(3.2),
            "we-interaction": Opinion(2.9),
            "they-interaction": Opinion(3.1),
            "we-person": Opinion(3.0),
            "they-person": Opinion(4.0),
            "we-context": Opinion(5.3),
            "they-context": Opinion(4.8),
        },
        MILL: {
            "we-content": Opinion(5.8),
            "they-content": Opinion(5.6),
            "we-procedure": Opinion(5.4),
            "they-procedure": Opinion(3.0),
            "we-interaction": Opinion(2.8),
            "they-interaction": Opinion(3.4),
            "we-person": Opinion(4.9),
            "they-person": Opinion(4.6),
            "we-context": Opinion(3.1),
            "they-context": Opinion(3.2),
        },
    },
    "conflict": {
        HARBOUR: {
            "voice": Opinion(3.0),
            "understanding": Opinion(4.6),
            "closing": Opinion(4.9),
            "leak": Opinion(2.9),
            "learning": Opinion(4.1),
            "safety": Opinion(4.4),
        },
        MILL: {
            "voice": Opinion(4.9),
            "understanding": Opinion(3.8),
            "closing": Opinion(3.6),
            "leak": Opinion(4.8),
            "learning": Opinion(3.9),
            "safety": Opinion(4.0),
        },
    },
    "harmony": {
        HARBOUR: {"built": Opinion(5.5), "avoided": Opinion(5.3)},
        MILL: {"built": Opinion(4.2), "avoided": Opinion(3.6)},
    },
    "paradigm": {
        HARBOUR: {"partnership": Opinion(4.9), "differences": Opinion(3.0)},
        MILL: {"partnership": Opinion(3.0), "differences": Opinion(3.1)},
    },
    "risk": {
        HARBOUR: {
            "culture": Opinion(3.0),
            "communication": Opinion(4.2),
            "interests": Opinion(3.1),
            "key-person": Opinion(5.8),
            "overload": Opinion(5.1),
            "fairness": Opinion(2.7),
        },
        MILL: {
            "culture": Opinion(3.4),
            "communication": Opinion(4.9),
            "interests": Opinion(5.0),
            "key-person": Opinion(5.2),
            "overload": Opinion(4.8),
            "fairness": Opinion(5.2),
        },
    },
}
"""What people think in each scan that was done once, by facet."""

TITLES = {
    "drivers": "What drives us",
    "capability": "How we work together",
    "responsibility": "Who takes what",
    "conflict": "How we disagree",
    "harmony": "Our peace",
    "paradigm": "Serving, or doing it together",
    "risk": "What can go wrong",
}

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


def plan(alliance: Alliance, instrument: str, title: str, day: datetime, until: datetime) -> int:
    """Plan a round; nobody has said yes yet."""
    return rounds.plan_round(
        alliance.planner,
        instrument=instrument,
        title=title,
        closes_at=moment(until),
        moderator=alliance.facilitator.key if alliance.moderated else 0,
        now=moment(day),
    )


def confirm(alliance: Alliance, party: str, key: int, day: datetime, rng: Random) -> None:
    """Say yes for a party: everybody, in the mode that was proposed for so many."""
    manager = alliance.managers[party]
    card = rounds.round_before(manager, key).mine
    if card is None:
        raise Broken("a manager of the demo world has a party")
    everybody = [one.key for one in rounds.candidates(manager, key)]
    rounds.confirm_cohort(manager, key, mode=card.mode, seats=everybody, now=moment(day), rng=rng)


def open_round(
    alliance: Alliance,
    instrument: str,
    title: str,
    day: datetime,
    until: datetime,
    rng: Random,
) -> int:
    """Plan a round three days before, let every party say yes, and open it."""
    key = plan(alliance, instrument, title, day - 3 * DAY, until)
    for party in alliance.managers:
        confirm(alliance, party, key, day - DAY, rng)
    rounds.open_round(alliance.planner, key, now=moment(day), rng=rng)
    return key


def close(alliance: Alliance, key: int, until: datetime, rng: Random) -> None:
    """Let the end of a round come, as the ticking house would."""
    tick(now=moment(until) + JUST_AFTER, rng=rng)
    if rounds.round_before(alliance.planner, key).closed_at is None:
        raise Broken("a round closes when its end has come; the log says why it did not")


def say(
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
                    _answers(asked, questions, opinions[party], camp, rng),
                    comment=remark.text,
                    wish=remark.wish,
                )
            )
    for said in voice.speak(batch, now=at):
        if isinstance(said, Refused):
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


def _answers(
    instrument: Instrument,
    questions: Sequence[Question],
    opinions: Opinions,
    camp: int,
    rng: Random,
) -> tuple[int, ...]:
    """Draw one person's answers; what a change does is answered where something changed."""
    seconds = {item.code for item in instrument.items if item.after}
    answers: list[int] = []
    for one in questions:
        drawn = _answer(one, opinions, camp, rng)
        unasked = one.code in seconds and answers[-1] not in CHANGED
        answers.append(NOT_ANSWERED if unasked else drawn)
    return tuple(answers)


def _answer(question: Question, opinions: Opinions, camp: int, rng: Random) -> int:
    """Draw one answer: seldom none, sometimes "can't judge", else around the party's opinion."""
    opinion = opinions.get(question.code) or opinions.get(question.facet) or MIDDLING
    skips, blind = rng.random() < SKIPPED, rng.random() < opinion.blind
    if opinion.shares:
        (point,) = rng.choices(range(1, question.points + 1), weights=opinion.shares)
    elif question.kind == "choice":
        first = rng.random() < opinion.mean
        point = 1 if first else rng.randint(2, question.points)
    else:
        point = round(rng.gauss(opinion.mean + camp * opinion.apart, SPREAD))
    if blind:
        return CANNOT_JUDGE
    return NOT_ANSWERED if skips else min(max(point, 1), question.points)


def moderate(
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
            now=moment(day),
            rng=rng,
        )
