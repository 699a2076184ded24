"""The evaluations of the demo world: one agreed, one at the gate, one waited for, one prepared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from understream.access import reach
from understream.access.refusal import Broken
from understream.console.world.commitment import (
    FIRST_PROMISES,
    SECOND_PROMISES,
    promise,
    seat_called,
)
from understream.console.world.people import (
    DAY,
    HARBOUR,
    JUST_AFTER,
    MILL,
    NEXT,
    QUAY,
    ZONE,
    Alliance,
    moment,
)
from understream.console.world.reflection import (
    FIRST,
    SECOND,
    TOPICS,
    TRIAL,
    Reflection,
    opinions_within,
)
from understream.console.world.round import (
    PULSE_FRESH,
    Opinion,
    Opinions,
    Remark,
    moderate,
    say,
)
from understream.domain import cycle, joint, reveal, voice
from understream.domain import evaluation as evaluations
from understream.domain import reflection as reflections
from understream.domain.due import tick
from understream.domain.evaluation import Terms
from understream.records.round import Round
from understream.records.seat import SeatRow

FIRST_SAID: dict[str, tuple[Remark, ...]] = {
    HARBOUR: (
        Remark("Wie beslist er nu eigenlijk, en mag die persoon dat weten?"),
        Remark("Dat wij het Mill niet hebben verteld, daar moeten we het eerst over hebben."),
        Remark("Let us ask the people on the quay before we write anything down."),
    ),
    MILL: (
        Remark("Why do we never say on the day itself that something bothers us?"),
        Remark("Wat kost een wagen die te laat is, en voor wie?"),
        Remark("Deciding. Everything else follows from it."),
    ),
}

SECOND_SAID: dict[str, tuple[Remark, ...]] = {
    HARBOUR: (
        Remark("Eerst uitzoeken wat we zeker weten over de plannen van Mill, en wat we gokken."),
        Remark("Waarom horen wij dit van een klant?"),
        Remark("The work on the quay goes well. Say that too."),
    ),
    MILL: (
        Remark("We should have told them. How do we say so without making it worse?"),
        Remark("Is this still our decision, or has the board taken it already?"),
        Remark("De planners hebben er het meeste last van; vraag hen eerst."),
    ),
}

Joint = Sequence[tuple[str, str, str, str, tuple[str, ...]]]
"""Who writes, about which topic, a reading and a decision, and which parties accept them."""

BOTH = (HARBOUR, MILL)

FIRST_NOTES = {
    "B1": "Harbour's reorganisation changed who decides, and nothing of what it wants. Mill wants "
    "fewer carriers, for longer. Both need the other for the inland ports.",
    "B2": "Possible only together: fresh goods at the inland ports within a day. Our goals rub "
    "where Harbour wants full trucks and Mill small loads.",
    "B3": "In: cooled goods to four inland ports. Out: frozen goods and the seaports. The "
    "steering group may move the border, with both signatures.",
    "B4": "The shop notices a day of freshness. What a late truck costs is not divided yet; we "
    "come back to it in the next evaluation.",
}

FIRST_JOINT: Joint = (
    (
        HARBOUR,
        "EV3",
        "Mill heard of the reorganisation from others, and took late answers for not caring.",
        "A change in who decides is told to the other before it begins.",
        BOTH,
    ),
    (
        MILL,
        "EV9",
        "Harbour knows that its decisions come late, and why. Mill knew only that they were late.",
        (
            "Until Harbour's steering group is complete, its planner decides alone on "
            "anything that can be turned back within a day."
        ),
        BOTH,
    ),
    (
        HARBOUR,
        "EV14",
        (
            "Harbour hears of differences when they have to be solved. Mill wants to hear of them "
            "while they are small."
        ),
        "Every Friday ten minutes: what rubbed this week? We take turns to begin.",
        BOTH,
    ),
    (
        MILL,
        "EV8",
        "Neither of us knows what the other gains.",
        "Both sums go on one page before the next evaluation.",
        BOTH,
    ),
    (
        MILL,
        "EV13",
        "Bad news travels with the truck.",
        "Who knows of a delay calls the other's office first, then the driver.",
        BOTH,
    ),
)

FIRST_CRITICS = {"EV9": "Ineke Postma", "EV14": "Owen Fairley", "EV8": "Ruth Castell"}

SECOND_NOTES = {
    "B1": "Mill's board chose a distribution centre of its own, and Harbour did not know. That is "
    "a change of course. It says nothing yet about how we deal with each other.",
    "B2": "Possible only together, still: cooled goods at the two far ports within a day. For the "
    "two near ports our goals no longer touch.",
    "B3": "Proposal: the far ports stay in, the near ports go out when the contract is renewed. "
    "Who may move that border later is still to be written down.",
}

SECOND_JOINT: Joint = (
    (
        HARBOUR,
        "EV9",
        (
            "We mean two things by deciding. Planning is fast now, which Harbour sees. Money is "
            "slow, which Mill sees."
        ),
        "Anything up to the price of one trip is decided by the two planners together.",
        BOTH,
    ),
    (
        MILL,
        "EV11",
        (
            "Mill knew early that its volumes would fall. There is a list of risks, and no place "
            "where somebody says: this is going to happen."
        ),
        "Volumes stand first on the agenda of the steering group, good news or bad.",
        (MILL,),
    ),
    (
        HARBOUR,
        "EV8",
        "Both of us think that we pay for the half empty truck.",
        "",
        (HARBOUR,),
    ),
)

SECOND_CRITICS = {"EV8": "Tom Verhoeven", "EV11": "Sanne Bakker"}


def first_evaluation(alliance: Alliance, now: datetime, rng: Random) -> None:
    """Let two parties evaluate for the first time, agree, promise, and keep some of it."""
    ago = partial(_ago, now)
    key = _begin(
        alliance,
        Terms(
            title="First evaluation",
            scope="Everything we do together on the inland ports, since the start.",
            depth="deep",
            scans=(),
            answer_until=ago(201),
            seal_until=ago(187),
            facilitator=alliance.facilitator.key,
        ),
        ago(218),
        rng,
    )
    people = opinions_within(FIRST, {MILL: {"EV9": Opinion(4.3)}})
    _answer(alliance, key, people, {HARBOUR: 11, MILL: 9}, FIRST_SAID, rng)
    _let_answers_end(alliance, key, ago(201), rng)
    moderate(alliance, _round_of(alliance, key, "evaluation"), FIRST_SAID, ago(200), rng)
    for party in (MILL, HARBOUR):
        _write(alliance, key, party, FIRST, ago(198))
    owen = reach.seat_from(SeatRow.objects.get(pk=seat_called(alliance, "Owen Fairley")))
    reflections.hold_dissent(
        owen,
        key,
        "EV14",
        text="I did say something last quarter, and it was picked up well.",
        shares=True,
        now=ago(197),
    )
    mill, harbour = alliance.managers[MILL], alliance.managers[HARBOUR]
    reveal.seal_reflection(mill, key, now=ago(196), rng=rng)
    reveal.take_back_seal(mill, key, now=ago(195))
    reveal.seal_reflection(mill, key, now=ago(194), rng=rng)
    reveal.seal_reflection(harbour, key, now=ago(193), rng=rng)
    for number, (code, note) in enumerate(FIRST_NOTES.items()):
        _agree(alliance, key, "block", (HARBOUR, code, note, "", BOTH), ago(189) + number * NEXT)
    _critics(alliance, key, FIRST_CRITICS, ago(188))
    for number, text in enumerate(FIRST_JOINT):
        _agree(alliance, key, "topic", text, ago(188) + number * NEXT)
    promise(alliance, key, FIRST_PROMISES, now, ago(187))
    version = joint.write_joint_text(
        alliance.facilitator,
        key,
        "relevance",
        "relevance",
        version=0,
        choice="ED1",
        reading="The alliance matters to both, for different reasons. We go on, decide sooner, "
        "and say sooner what rubs.",
        now=ago(186),
    )
    for manager in (harbour, mill):
        joint.accept_joint_text(
            manager, key, "relevance", "relevance", version=version, now=ago(185)
        )
    for manager, rating, sentence in (
        (harbour, 6, "Eindelijk begrepen we waarom zij zo op antwoord zaten te wachten."),
        (mill, 5, "We should have talked about the reorganisation half a year earlier."),
    ):
        joint.say_closing(manager, key, rating=rating, sentence=sentence, now=ago(184))


def keep_rhythm(alliance: Alliance, now: datetime) -> None:
    """Let two parties agree how often they look, and when the contract is renewed."""
    day = partial(_day, now)
    cycle.keep_cycle(
        alliance.managers[HARBOUR],
        pulse_months=3,
        evaluation_months=6,
        next_pulse_on=day(-97),
        next_evaluation_on=day(-45),
        renewal_on=day(200),
        now=moment(now - 184 * DAY),
    )


def second_evaluation(alliance: Alliance, now: datetime, rng: Random) -> int:
    """Let the same two begin to evaluate again; return the key once all answers are in."""
    ago = partial(_ago, now)
    key = _begin(
        alliance,
        Terms(
            title="Second evaluation",
            scope="What has changed since the first one, and what that asks of us.",
            depth="cycle",
            scans=(),
            answer_until=ago(27),
            seal_until=ago(2),
            facilitator=alliance.facilitator.key,
        ),
        ago(41),
        rng,
    )
    people = opinions_within(
        SECOND,
        {
            MILL: {"EV7": Opinion(5.7), "EV9": Opinion(5.0), "EV13": Opinion(3.6, apart=1.6)},
            HARBOUR: {"EV2": Opinion(0, shares=(0.7, 0.2, 0.1)), "EV16": Opinion(4.6, apart=1.8)},
        },
    )
    _answer(alliance, key, people, {HARBOUR: 12, MILL: 9}, SECOND_SAID, rng)
    _let_answers_end(alliance, key, ago(27), rng)
    moderate(alliance, _round_of(alliance, key, "evaluation"), SECOND_SAID, ago(26), rng)
    return key


def come_to_the_gate(alliance: Alliance, key: int, now: datetime, rng: Random) -> None:
    """Let the two conclude, seal and open; Mill's new course keeps the soft side closed."""
    ago = partial(_ago, now)
    harbour, mill = alliance.managers[HARBOUR], alliance.managers[MILL]
    _write(alliance, key, HARBOUR, SECOND, ago(8))
    tom = reach.seat_from(SeatRow.objects.get(pk=seat_called(alliance, "Tom Verhoeven")))
    reflections.hold_dissent(
        tom,
        key,
        "EV13",
        text="Ik zie het anders: wij hebben het nooit rechtstreeks gevraagd.",
        shares=True,
        now=ago(8),
    )
    _write(alliance, key, MILL, SECOND, ago(8))
    reveal.seal_reflection(harbour, key, now=ago(7), rng=rng)
    reveal.seal_reflection(mill, key, now=ago(6), rng=rng)
    for number, (code, note) in enumerate(SECOND_NOTES.items()):
        accepted = (MILL,) if code == "B3" else BOTH
        _agree(
            alliance, key, "block", ("", code, note, "", accepted), ago(6) + (9 + number) * NEXT
        )
    _critics(alliance, key, SECOND_CRITICS, ago(6) + 14 * NEXT)
    for number, text in enumerate(SECOND_JOINT):
        _agree(alliance, key, "topic", text, ago(6) + (15 + number) * NEXT)
    promise(alliance, key, SECOND_PROMISES, now, ago(6) + 20 * NEXT)


def begin_trial_evaluation(alliance: Alliance, now: datetime, rng: Random) -> None:
    """Let three evaluate: two have sealed, Harbour is half way and asks for a later deadline."""
    ago = partial(_ago, now)
    key = _begin(
        alliance,
        Terms(
            title="First look at the trial",
            scope="The trial with sensors in the trucks: what it yields, and how we work on it.",
            depth="cycle",
            scans=("pulse",),
            answer_until=ago(7),
            seal_until=ago(-3),
            asks_comment=False,
            if_never="talk",
        ),
        ago(19),
        rng,
        modes={QUAY: "one voice"},
    )
    people = opinions_within(TRIAL, {HARBOUR: {"EV7": Opinion(5.7), "EV12": Opinion(5.6)}})
    speakers = {HARBOUR: 11, MILL: 8}
    _answer(alliance, key, people, speakers, {}, rng)
    pulse = _round_of(alliance, key, "pulse")
    say(alliance, pulse, "pulse", PULSE_FRESH, speakers, {}, rng)
    voice.fill_form(
        alliance.managers[QUAY], pulse, answers=(6, 5, 4, 5, 6, 6), comment="", now=ago(9)
    )
    _let_answers_end(alliance, key, ago(7), rng)
    _write(alliance, key, QUAY, TRIAL, ago(6))
    reveal.seal_reflection(alliance.managers[QUAY], key, now=ago(5), rng=rng)
    _write(alliance, key, MILL, TRIAL, ago(5))
    reveal.seal_reflection(alliance.managers[MILL], key, now=ago(4), rng=rng)
    _write(alliance, key, HARBOUR, TRIAL, ago(3))
    harbour = alliance.managers[HARBOUR]
    again = replace(
        TRIAL[HARBOUR][0],
        sentence="Wij deden mee om te leren; nu willen we er de koeling van alle wagens mee "
        "instellen, en dat is een ander doel.",
        version=1,
    )
    reflections.write_conclusion(harbour, key, TOPICS[0], words=again, now=ago(2))
    tom = reach.seat_from(SeatRow.objects.get(pk=seat_called(alliance, "Tom Verhoeven")))
    reflections.hold_dissent(
        tom,
        key,
        "EV7",
        text="Ik zie het anders: op de werkvloer gebruiken we de cijfers al elke week.",
        now=ago(2),
    )
    reflections.admit_facilitator(harbour, key, alliance.facilitator.key, now=ago(2))
    evaluations.propose_end(harbour, key, kind="extend", until=ago(-10), now=ago(2))
    card = evaluations.evaluation_before(alliance.managers[QUAY], key, now=ago(1))
    if card.proposal is None:
        raise Broken("a proposal waits for those who have sealed")
    evaluations.consent_to_proposal(alliance.managers[QUAY], key, card.proposal.key, now=ago(1))


def prepare_renewal(alliance: Alliance, now: datetime, rng: Random) -> None:
    """Let Mill write down what would be agreed, and say yes; Harbour has not answered yet."""
    ago = partial(_ago, now)
    key = evaluations.prepare_evaluation(
        alliance.planner,
        terms=Terms(
            title="Before we renew",
            scope="Whether the shared trips back are worth another two years, and to whom.",
            depth="deep",
            scans=("trust", "pulse"),
            answer_until=ago(-14),
            seal_until=ago(-28),
            facilitator=alliance.facilitator.key,
            extra_days=10,
        ),
        now=ago(3),
        rng=rng,
    )
    _accept(alliance, key, MILL, ago(2), rng)


# ------------------------------------------------------------------ steps


def _ago(now: datetime, days: int) -> datetime:
    """Return five in the afternoon, so many days before now; after it for a negative number."""
    return moment(now - days * DAY)


def _day(now: datetime, days: int) -> date:
    """Return the day, so many days after now; before it for a negative number."""
    return (now + days * DAY).astimezone(ZoneInfo(ZONE)).date()


def _begin(
    alliance: Alliance,
    terms: Terms,
    day: datetime,
    rng: Random,
    modes: Mapping[str, str] | None = None,
) -> int:
    """Prepare an evaluation, let all accept the next day and begin the day after."""
    key = evaluations.prepare_evaluation(alliance.planner, terms=terms, now=day, rng=rng)
    for party in alliance.managers:
        _accept(alliance, key, party, day + DAY, rng, mode=(modes or {}).get(party, ""))
    evaluations.open_evaluation(alliance.planner, key, now=day + 2 * DAY, rng=rng)
    return key


def _accept(
    alliance: Alliance, key: int, party: str, at: datetime, rng: Random, *, mode: str = ""
) -> None:
    """Say yes for a party, with all its people."""
    manager = alliance.managers[party]
    everybody = [one.key for one in evaluations.people_to_ask(manager, key)]
    evaluations.accept_agreement(
        manager,
        key,
        version=1,
        mode=mode or "confidential",
        seats=everybody,
        now=at,
        rng=rng,
    )


def _round_of(alliance: Alliance, key: int, instrument: str) -> int:
    rounds = Round.objects.filter(evaluation=key, evaluation__alliance=alliance.key)
    return rounds.values_list("pk", flat=True).get(instrument__code=instrument)


def _answer(
    alliance: Alliance,
    key: int,
    people: Mapping[str, Opinions],
    speakers: Mapping[str, int],
    remarks: Mapping[str, Sequence[Remark]],
    rng: Random,
) -> None:
    asked = _round_of(alliance, key, "evaluation")
    say(alliance, asked, "evaluation", people, speakers, remarks, rng)


def _let_answers_end(alliance: Alliance, key: int, until: datetime, rng: Random) -> None:
    tick(now=until + JUST_AFTER, rng=rng)
    card = evaluations.evaluation_before(alliance.planner, key, now=until)
    if any(one.state != "closed" for one in card.rounds):
        raise Broken("the rounds of an evaluation close together; the log says why they did not")


def _write(
    alliance: Alliance, key: int, party: str, said: Mapping[str, Reflection], at: datetime
) -> None:
    for number, (topic, words) in enumerate(zip(TOPICS, said[party], strict=False)):
        reflections.write_conclusion(
            alliance.managers[party], key, topic, words=words, now=at + number * NEXT
        )


def _critics(alliance: Alliance, key: int, critics: Mapping[str, str], at: datetime) -> None:
    for topic, name in critics.items():
        joint.assign_critic(
            alliance.facilitator, key, topic, critic=seat_called(alliance, name), now=at
        )


def _agree(
    alliance: Alliance,
    key: int,
    kind: str,
    text: tuple[str, str, str, str, tuple[str, ...]],
    at: datetime,
) -> None:
    """Let a party's manager, or the facilitator, write a text, and some parties accept it."""
    writer, code, reading, decision, accepted = text
    seat = alliance.managers.get(writer, alliance.facilitator)
    version = joint.write_joint_text(
        seat, key, kind, code, version=0, reading=reading, decision=decision, now=at
    )
    for party in accepted:
        joint.accept_joint_text(alliance.managers[party], key, kind, code, version=version, now=at)
