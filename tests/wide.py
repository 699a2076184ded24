"""A world wide enough to get lost in: two alliances, every kind of person, rounds in every state.

Every name, title, remark and signed answer holds a word that occurs nowhere else, so that a test
can tell from one word what somebody has been shown.
"""

import base64
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from tests.factories import (
    FIRST_PART,
    LATER,
    NOON,
    SEALING,
    TOPICS,
    WEEK,
    World,
    decide,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    pass_gate,
    seat_person,
    terms_of,
    words_on,
)
from tests.workshops import Meeting, draft, make_meeting
from understream.access import reach
from understream.access.seat import Role, Seat
from understream.domain import commitment as commitments
from understream.domain import evaluation as evaluations
from understream.domain import joint, reflection, reveal, voice
from understream.domain import round as rounds
from understream.domain import seat as seats
from understream.domain.alliance import found_alliance
from understream.domain.instrument import give_instrument
from understream.domain.invitation import accept_invitation, invite_person, withdraw_invitation
from understream.domain.release import cancel_round, close_round, comments_to_moderate
from understream.domain.release import open_comments as let_read
from understream.domain.voice import Heard, Utterance
from understream.instruments import reader
from understream.records.alliance import Party
from understream.records.evaluation import Evaluation
from understream.records.organisation import Membership, Organisation
from understream.records.participation import Participation
from understream.records.round import Round
from understream.records.seal import SealEntry
from understream.records.seat import SeatRow
from understream.web.urls import urlpatterns

HARBOUR, MILL, QUAY, DELTA = "Harboria", "Millonia", "Quayantum", "Deltazoid"
QUESTIONS = 6
MISSING_KEY = 10**9
LESSER = (
    "researcher elsewhere", "partner's researcher", "facilitator elsewhere",
    "partner's respondent",
)  # fmt: skip
"""Who is like somebody who asks anyway, but elsewhere; they ask in the long tests alone."""
MISSING_LINK = "A" * 22
PASSWORD = "a long and quiet river"
NOW = LATER + timedelta(hours=1)
"""When the pages of this world are read: one round has closed, another is open."""


@dataclass
class Persona:
    """Somebody who comes to the pages: a browser, and what is known of who sits behind it."""

    name: str
    client: Client
    role: str = ""
    party: str = ""
    signed_in: bool = True
    key: int = 0


@dataclass
class Wide:
    """The two alliances with everything in them that an address can name."""

    here: World
    there: World
    rounds: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, str] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    invitations: dict[str, int] = field(default_factory=dict)
    seats: dict[str, int] = field(default_factory=dict)
    personas: dict[str, Persona] = field(default_factory=dict)
    vectors: dict[str, tuple[int, ...]] = field(default_factory=dict)
    remarks: dict[str, set[str]] = field(default_factory=dict)
    evaluations: dict[str, int] = field(default_factory=dict)
    beside: int = 0
    proposals: dict[str, int] = field(default_factory=dict)
    dissents: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    commitments: dict[str, int] = field(default_factory=dict)
    meetings: dict[str, Meeting] = field(default_factory=dict)
    takeouts: dict[str, int] = field(default_factory=dict)


def make_wide() -> Wide:
    """Return the world, as it is at `NOW`."""
    here = make_alliance(HARBOUR, MILL, people=9)
    there = make_alliance(QUAY, DELTA, people=9, seed=8)
    wide = Wide(here, there)
    _make_personas(wide)
    _make_rounds(wide)
    _bring_questionnaires(wide)
    _make_invitations(wide)
    gone = here.people[HARBOUR][3]
    seats.end_seat(here.managers[HARBOUR], gone.key, now=NOON)
    _close(wide)
    _make_evaluations(wide)
    _hold_workshops(wide)
    return wide


def _hold_workshops(wide: Wide) -> None:
    """Let a workshop run in each alliance, with a takeout, and a step that has not been opened."""
    for name, world in (("running", wide.here), ("elsewhere", wide.there)):
        columns = [{"en": "home", "nl": "thuis"}, {"en": "do", "nl": "doen"}]
        meeting = make_meeting(
            world, draft("takeouts", columns=columns), draft("prompt"), people=1, now=NOW
        )
        meeting.open(now=NOW)
        meeting.say("a0", f"takeout {name}", slot=1, now=NOW)
        wide.meetings[name] = meeting
        wide.takeouts[name] = meeting.scene(now=NOW).answers[0].key


def again(wide: Wide) -> Wide:
    """Return the same world with browsers that know nothing of what others did with theirs."""
    fresh = {}
    for who in wide.personas.values():
        fresh[id(who.client)] = client = Client()
        client.handler = who.client.handler  # which keeps nothing but what it was built of
        client.cookies.update(deepcopy(who.client.cookies))
    return deepcopy(wide, fresh)


def _bring_questionnaires(wide: Wide) -> None:
    """Let one party of each alliance bring a questionnaire whose title is a word of its own."""
    for world, name in ((wide.here, HARBOUR), (wide.there, QUAY)):
        text = reader.source_of("pulse").decode().replace('"pulse"', '"own"', 1)
        for title in ("Pulse", "Polsslag"):
            text = text.replace(f'"{title}"', f'"Broughtby{name}"', 1)
        given = give_instrument(
            world.managers[name], text.encode(), "own.toml", language="en", now=NOON
        )
        assert given.faults == ()


def _make_personas(wide: Wide) -> None:
    here, there = wide.here, wide.there
    sponsor = seat_person(here.alliance, here.parties[HARBOUR], "Sponsorella", Role.SPONSOR)
    second = seat_person(here.alliance, None, "Unnamedora", Role.FACILITATOR)
    researchers = {}
    for name, word in ((HARBOUR, "Studiosa"), (MILL, "Lectoria"), (QUAY, "Farreach")):
        researchers[name] = make_person(word)
        organisation = Organisation.objects.get(name=name)
        Membership.objects.create(
            person=researchers[name], organisation=organisation, role=Membership.Role.RESEARCHER
        )
    harbour, mill = here.people[HARBOUR], here.people[MILL]
    for name, person, role, party, key in (
        ("outsider", make_person("Outsiderix").pk, "", "", 0),
        ("manager", harbour[0].person, "manager", HARBOUR, harbour[0].key),
        ("partner's manager", mill[0].person, "manager", MILL, mill[0].key),
        ("sponsor", sponsor.person, "sponsor", HARBOUR, sponsor.key),
        ("participant", harbour[1].person, "participant", HARBOUR, harbour[1].key),
        ("facilitator", here.facilitator.person, "facilitator", "here", here.facilitator.key),
        ("facilitator not named", second.person, "facilitator", "here", second.key),
        ("facilitator elsewhere", there.facilitator.person, "facilitator", "there", 0),
        ("manager elsewhere", there.managers[QUAY].person, "manager", QUAY, 0),
        ("researcher", researchers[HARBOUR].pk, "researcher", HARBOUR, 0),
        ("partner's researcher", researchers[MILL].pk, "researcher", MILL, 0),
        ("researcher elsewhere", researchers[QUAY].pk, "researcher", QUAY, 0),
        ("host", make_person("Hostilius", host=True).pk, "host", "", 0),
        ("ex-member", harbour[3].person, "", "", 0),
    ):
        client = Client()
        client.force_login(get_user_model().objects.get(pk=person))
        wide.personas[name] = Persona(name, client, role, party, key=key)
    for name, party in (("respondent", HARBOUR), ("partner's respondent", MILL)):
        wide.personas[name] = Persona(name, Client(), "respondent", party, signed_in=False)
    wide.personas["nobody"] = Persona("nobody", Client(), signed_in=False)
    wide.seats |= {
        "own": harbour[4].key,
        "partner's": mill[4].key,
        "elsewhere": there.people[QUAY][4].key,
        "facilitator": here.facilitator.key,
        "ended": harbour[3].key,
    }


def _make_rounds(wide: Wide) -> None:
    here, there = wide.here, wide.there
    moderator = here.facilitator.key
    wide.rounds |= {
        "planned": _plan(here, "Titleplanned", moderator=moderator),
        "open": _plan(here, "Titleopen", weeks=3, moderator=moderator),
        "closed": _plan(here, "Titleclosed", moderator=moderator),
        "cancelled": _plan(here, "Titlecancelled", weeks=3),
        "spoken": _plan(here, "Titlespoken", weeks=3, mode="one voice"),
        "signed": _plan(here, "Titlesigned", mode="named"),
        "open elsewhere": _plan(there, "Titlefaropen", weeks=3),
        "closed elsewhere": _plan(there, "Titlefarclosed"),
    }
    for name, key in wide.rounds.items():
        world = there if "elsewhere" in name else here
        if name == "planned":
            _note_links(wide, name, key)
            continue
        rounds.open_round(next(iter(world.managers.values())), key, now=NOON)
        if name != "spoken":
            _answer(wide, world, name, key)
        if world is here:
            _note_links(wide, name, key)
    cancel_round(here.managers[HARBOUR], wide.rounds["cancelled"], now=NOON)
    for name, manager in here.managers.items():
        voice.fill_form(
            manager,
            wide.rounds["spoken"],
            answers=(3,) * QUESTIONS,
            comment=f"Formword{name}",
            now=NOON,
        )


def _plan(world: World, title: str, *, weeks: int = 1, mode: str = "confidential", moderator=0):
    planner = next(iter(world.managers.values()))
    key = rounds.plan_round(
        planner,
        instrument="pulse",
        title=title,
        closes_at=NOON + weeks * WEEK,
        moderator=moderator,
        now=NOON,
    )
    for name, manager in world.managers.items():
        people = [seat.key for seat in world.people[name]]
        rounds.confirm_cohort(manager, key, mode=mode, seats=people, now=NOON, rng=world.rng)
    return key


def _answer(wide: Wide, world: World, name: str, key: int) -> None:
    """Let everybody but the last of each party answer, each with a remark and a vector of one."""
    for party, people in world.people.items():
        links = links_of(key, world.parties[party])
        for place, (seat, link) in enumerate(zip(people[:-1], links, strict=False)):
            kept = wide.browsers.get(seat.name, "")
            browser = voice.begin(link, browser=kept, rng=world.rng, now=NOON)
            wide.browsers[seat.name] = browser
            word = f"Remark{name.title().replace(' ', '')}{party}{place}z"
            wish = ("paraphrased", "moderator only")[place - 1] if place in (1, 2) else ""
            moderated = name in ("open", "closed")
            wide.remarks.setdefault(f"{name} {party}", set()).add(word)
            vector = tuple(world.rng.randint(1, 4) for _ in range(QUESTIONS))
            wide.vectors[f"{name} {seat.name}"] = vector
            (said,) = voice.speak(
                [
                    Utterance(
                        link,
                        browser,
                        submission_of(seat),
                        vector,
                        comment=f"{word} and more",
                        wish=wish if wish and moderated else "as written",
                    )
                ],
                now=NOON,
            )
            assert said == Heard(again=False), said


def submission_of(seat: Seat) -> str:
    """Return the submission with which somebody of this world sends everything."""
    return f"{seat.key:032x}"


def _note_links(wide: Wide, name: str, key: int) -> None:
    here = wide.here
    harbour, mill = (links_of(key, here.parties[party]) for party in (HARBOUR, MILL))
    wide.links[f"{name} own"] = harbour[2]
    if name in ("open", "closed"):
        wide.links |= {
            f"{name} partner's": mill[2],
            f"{name} never begun": harbour[8],
            f"{name} left": harbour[3],
        }
    for persona, seat in (
        ("respondent", here.people[HARBOUR][2]),
        ("partner's respondent", here.people[MILL][2]),
        ("ex-member", here.people[HARBOUR][3]),
    ):
        cookies = wide.personas[persona].client.cookies
        cookies["browser"] = wide.browsers.get(seat.name, "")
        cookies["kept"] = submission_of(seat)


def _make_invitations(wide: Wide) -> None:
    here = wide.here
    for name, manager in (
        ("own", here.managers[HARBOUR]),
        ("partner's", here.managers[MILL]),
        ("elsewhere", wide.there.managers[QUAY]),
        ("used", here.managers[HARBOUR]),
        ("withdrawn", here.managers[HARBOUR]),
    ):
        world = wide.there if name == "elsewhere" else here
        state = world.rng.getstate()
        key = invite_person(
            manager,
            party=manager.party,
            name=f"Invited{name.replace(chr(39), '')}",
            email=f"invited.{name.replace(chr(39), '')}@example.org",
            role=Role.SPONSOR,
            now=NOON,
            rng=world.rng,
        )
        wide.invitations[name] = key
        wide.letters[name] = _link_again(state)
    accept_invitation(wide.letters["used"], name="Invitedused", password=PASSWORD, now=NOON)
    withdraw_invitation(here.managers[HARBOUR], wide.invitations["withdrawn"], now=NOON)


def _link_again(state: tuple) -> str:
    """Return the link that was just mailed: drawn once more from the same chance."""
    chance = Random()
    chance.setstate(state)
    return base64.urlsafe_b64encode(chance.randbytes(16)).rstrip(b"=").decode()


def _close(wide: Wide) -> None:
    here = wide.here
    for name in ("closed", "signed", "closed elsewhere"):
        assert close_round(wide.rounds[name], now=LATER, rng=here.rng)
    (harbour, _mill) = comments_to_moderate(here.facilitator, wide.rounds["closed"])
    assert harbour.party == here.parties[HARBOUR]
    asked = [one.key for one in harbour.comments if one.wish == "paraphrased"]
    plain = [one.key for one in harbour.comments if one.wish == "as written"]
    opened = {one.text.split()[0] for one in harbour.comments if one.key in plain[1:]}
    wide.remarks["opened"] = opened
    let_read(
        here.facilitator,
        wide.rounds["closed"],
        party=harbour.party,
        paraphrases=dict.fromkeys(asked, "Paraphrasia"),
        withheld=plain[:1],
        now=LATER,
        rng=here.rng,
    )


# ---------------------------------------------------------------------------- evaluations


def _make_evaluations(wide: Wide) -> None:
    """Let the alliance evaluate: agreed, at the gate, waited for, prepared; and one elsewhere.

    In each a party's words on the first eleven topics, on the last five, what it wrote before,
    and its views that stay inside hold words of their own.
    """
    here, there = wide.here, wide.there
    _evaluate(wide, here, "agreed", now=NOON - 4 * WEEK)
    pass_gate(here, wide.evaluations["agreed"])
    _agree(wide)
    _evaluate(wide, here, "gate", now=NOON - WEEK)
    note = {"version": 0, "reading": "Blockword", "now": SEALING}
    joint.write_joint_text(here.managers[HARBOUR], wide.evaluations["gate"], "block", "B1", **note)
    _evaluate(wide, here, "running", now=NOON)
    reflection.admit_facilitator(
        here.managers[HARBOUR], wide.evaluations["running"], here.facilitator.key, now=SEALING
    )
    _evaluate(wide, there, "elsewhere", now=NOON)
    for name, world in (("running own", here), ("elsewhere theirs", there)):
        key = wide.evaluations[name.split()[0]]
        asked = {"kind": "extend", "until": NOON + 3 * WEEK, "now": SEALING}
        evaluations.propose_end(next(iter(world.managers.values())), key, **asked)
        wide.proposals[name] = Evaluation.objects.get(pk=key).proposals.get().pk
    _prepare(wide, _beside(wide), "preparing", now=NOON)
    for name, key in wide.evaluations.items():
        kept = SealEntry.objects.filter(evaluation=key).exclude(receipt="").first()
        if kept is not None:
            wide.receipts[name] = kept.index


def _beside(wide: Wide) -> World:
    """Return a second alliance of the same people: there is one running evaluation in each."""
    here = wide.here
    founder = reach.seat_of_person(here.managers[HARBOUR].person)
    names = {"name": "Besideria", "organisations": (HARBOUR, MILL), "time_zone": "UTC"}
    wide.beside = alliance = found_alliance(founder, **names, now=NOON)
    parties = {row.organisation.name: row.pk for row in Party.objects.filter(alliance=alliance)}
    for name in ("partner's manager", "sponsor", "participant", FACILITATOR, UNNAMED):
        kept = SeatRow.objects.get(pk=wide.personas[name].key)
        party = parties[kept.party.organisation.name] if kept.party else None
        SeatRow.objects.create(
            alliance_id=alliance, party_id=party, person=kept.person, role=kept.role
        )
    manager = reach.seat_in_alliance(founder.person, alliance)
    facilitator = reach.seat_in_alliance(here.facilitator.person, alliance)
    return World(alliance, parties, {HARBOUR: manager}, {}, facilitator, here.rng)


def _prepare(wide: Wide, world: World, name: str, *, now: datetime) -> int:
    terms = terms_of(
        title=f"Title{name}",
        scope=f"Scopeword{name}",
        facilitator=0 if world is wide.there else world.facilitator.key,
        answer_until=LATER,
    )
    planner = next(iter(world.managers.values()))
    key = evaluations.prepare_evaluation(planner, terms=terms, now=now, rng=world.rng)
    wide.evaluations[name] = key
    return key


def _evaluate(wide: Wide, world: World, name: str, *, now: datetime) -> None:
    """Let an evaluation begin, be answered and written; the second party seals, perhaps both."""
    key = _prepare(wide, world, name, now=now)
    mode = "one voice" if name == "agreed" else "confidential"
    for party, manager in world.managers.items():
        rows = [seat.key for seat in world.people[party] if seat.key != wide.seats["ended"]]
        asked = {"version": 1, "mode": mode, "seats": rows, "now": now, "rng": world.rng}
        evaluations.accept_agreement(manager, key, **asked)
    planner = next(iter(world.managers.values()))
    evaluations.open_evaluation(planner, key, now=now, rng=world.rng)
    round_key = Round.objects.get(evaluation=key).pk
    if mode != "one voice":
        wide.rounds[f"of {name}"] = round_key
        _speak_of(wide, world, name, round_key, now)
    let_answers_end(world, key)
    for party in reversed(world.managers):
        _conclude(wide, world, name, key, party)
        if name in ("agreed", "gate") or party in (MILL, DELTA):
            reveal.seal_reflection(world.managers[party], key, now=SEALING, rng=world.rng)


def _speak_of(wide: Wide, world: World, name: str, key: int, now: datetime) -> None:
    """Let everybody answer, with a remark."""
    questions = len(Round.objects.get(pk=key).instrument.content["items"])
    for party, people in world.people.items():
        rights = {
            one.seat_id: reach.link_of(one.nonce)
            for one in Participation.objects.filter(cohort__round=key)
        }
        for place, seat in enumerate(people):
            if seat.key not in rights:
                continue
            link = rights[seat.key]
            kept = wide.browsers.get(seat.name, "")
            browser = voice.begin(link, browser=kept, rng=world.rng, now=now)
            wide.browsers[seat.name] = browser
            word = f"Remarkof{name}{party}{place}z"
            wide.remarks.setdefault(f"of {name} {party}", set()).add(word)
            one = Utterance(link, browser, submission_of(seat), (3,) * questions, comment=word)
            (said,) = voice.speak([one], now=now)
            assert said == Heard(again=False), said
        if world is wide.here and (name, party) != ("gate", MILL):
            wide.links[f"of {name} {'own' if party == HARBOUR else PARTNERS}"] = rights[
                people[2].key
            ]


def _conclude(wide: Wide, world: World, name: str, key: int, party: str) -> None:
    """Write a party's reflection, with words that tell where they come from."""
    manager, (_manager, holder, other, *_others) = world.managers[party], world.people[party]
    write = reflection.write_conclusion
    said = {part: f"Wrote{name}{party}{part}z" for part in ("hard", "soft")}
    before = f"Before{name}{party}z"
    write(manager, key, "EV1", words=words_on("EV1", sentence=before), now=SEALING)
    for place, topic in enumerate(TOPICS):
        said_on = {"sentence": said["hard" if topic in FIRST_PART else "soft"]}
        if topic == "EV1":
            said_on |= {"change": "lot", "version": 1}
        if name == "gate" and place > 5:
            said_on |= {"rating": 255}  # "Millonia 5" is somebody's name
        if party == HARBOUR and name == "running" and place in (5, 15):
            continue  # half finished
        write(manager, key, topic, words=words_on(topic, **said_on), now=SEALING)
    inside, shared = f"Inside{name}{party}z", f"Shared{name}{party}z"
    hold = reflection.hold_dissent
    kept = hold(holder, key, "EV1", text=inside, now=SEALING)
    reflection.join_dissent(other, key, kept, shares=True, now=SEALING)
    hold(other, key, "EV2", text=shared, shares=True, now=SEALING)
    hold(holder, key, "EV16", text=f"{shared[:-1]}softz", shares=True, now=SEALING)
    whose = {HARBOUR: "own", MILL: PARTNERS}.get(party, "theirs")
    wide.dissents[f"{name} {whose}"] = kept
    wide.remarks |= {
        f"{name} {party} hard": {said["hard"], shared},
        f"{name} {party} soft": {said["soft"], f"{shared[:-1]}softz"},
        f"{name} {party} inside": {inside},
        f"{name} {party} before": {before},
    }


PARTNERS = "partner's"
FACILITATOR, UNNAMED = "facilitator", "facilitator not named"


def _agree(wide: Wide) -> None:
    """Let the parties of the alliance write together, promise, and say what it did."""
    here, key = wide.here, wide.evaluations["agreed"]
    harbour, mill = here.managers[HARBOUR], here.managers[MILL]
    writer, owner = here.people[HARBOUR][1], here.people[HARBOUR][4]
    for code, version in (("EV1", 0), ("EV1", 1), ("EV12", 0)):
        words = {"reading": f"Readword{version}", "decision": f"Decideword{version}"}
        joint.write_joint_text(writer, key, "topic", code, version=version, **words, now=SEALING)
    joint.assign_critic(here.facilitator, key, "EV12", critic=owner.key, now=SEALING)
    joint.say_closing(mill, key, rating=6, sentence=f"Closing{MILL}z", now=SEALING)
    promise = {"receiver": here.parties[MILL], "owner": owner.key, "now": SEALING}
    for name in ("standing", "proposed"):
        asked = {"action": f"Promise{name}", "due_on": SEALING.date(), "topic": "EV1"}
        wide.commitments[name] = commitments.propose_commitment(
            writer, evaluation=key, **asked, **promise
        )
    for manager in (harbour, mill):
        commitments.accept_commitment(manager, wide.commitments["standing"], now=SEALING)
    note = {"outcome": "broken", "note": f"Judged{MILL}z", "now": SEALING}
    commitments.judge_commitment(mill, wide.commitments["standing"], **note)
    decide(here, key)
    wide.remarks |= {
        f"closing {MILL}": {f"Closing{MILL}z"},
        f"judged {MILL}": {f"Judged{MILL}z"},
        "together": {"Readword1", "Decideword1", "Promisestanding", "Promiseproposed"},
        "gate together": {"Blockword"},
    }
    there = wide.there
    quay, delta = there.people[QUAY][0], there.parties[DELTA]
    wide.commitments["elsewhere"] = commitments.propose_commitment(
        quay,
        receiver=delta,
        action="Promiseelsewhere",
        owner=quay.key,
        due_on=SEALING.date(),
        now=SEALING,
    )
    wide.remarks["promised elsewhere"] = {"Promiseelsewhere"}


# ------------------------------------------------------------------------------ addresses


@dataclass(frozen=True)
class Address:
    """An address with what it is about: whose, and in which state."""

    route: str
    url: str
    thing: str = ""


def routes(
    patterns: Sequence[URLPattern | URLResolver] = urlpatterns, room: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Walk the resolver: the name and the pattern of every route."""
    for one in patterns:
        if isinstance(one, URLResolver):
            inside = f"{room}{one.namespace}:" if one.namespace else room
            yield from routes(one.url_patterns, inside)
        else:
            yield f"{room}{one.name}", one


NAMED = {
    "invitation:show": "letter of invitation",
    "place:lobby": "way in",
    "wall:show": "wall",
    "wall:qr": "wall",
}
"""What a link in an address is, where it is no personal one."""


def addresses(wide: Wide) -> Iterator[Address]:
    """Return every route with every thing it can be about."""
    kinds = _things(wide)
    for route, pattern in routes():
        asked = " ".join(pattern.pattern.converters)
        kind = NAMED.get(route, asked)
        for thing, keys in kinds[kind].items():
            yield Address(route, reverse(route, args=keys), thing)


def asked_by(who: Persona, asked: Sequence[Address]) -> list[Address]:
    """Return what somebody asks for: who has no seat here, of evaluations one thing a route.

    Who has a seat as another has, but for the party, asks about the evaluation that runs.
    """
    if who.name in SEATED:
        return list(asked)
    chosen: dict[str, Address] = {}
    for at in asked:
        if is_of_evaluation(at) and (at.route not in chosen or at.thing.startswith("gate")):
            chosen[at.route] = at
    second = who.name in SECOND
    return [
        at
        for at in asked
        if not is_of_evaluation(at)
        or chosen[at.route] is at
        or (second and at.thing.startswith(("running", "of running")))
    ]


def is_of_evaluation(at: Address) -> bool:
    rooms = ("evaluation:", "reflection:", "joint:", "commitment:", "workshop:")
    own = at.route.startswith(rooms)
    return own or at.thing.startswith("of ")


SECOND = ("partner's manager", "facilitator not named")
SEATED = (
    "manager",
    "sponsor",
    "participant",
    "facilitator",
    "manager elsewhere",
    "respondent",
    "partner's respondent",
)
"""Who reaches some evaluation."""


def _things(wide: Wide) -> dict[str, dict[str, tuple]]:
    """Return the things by what stands in their address, each with just that."""
    here, there = wide.here.alliance, wide.there.alliance
    in_here = {"missing": (here, MISSING_KEY), "too large": (here, 2**70)}
    organisations = Organisation.objects.values_list("name", "pk")
    return _evaluated(wide) | {
        "": {"": ()},
        "alliance": {"own": (here,), "elsewhere": (there,), "missing": (MISSING_KEY,)},
        "round": {name: (key,) for name, key in (*wide.rounds.items(), ("missing", MISSING_KEY))},
        "alliance seat": in_here
        | {name: (here, key) for name, key in wide.seats.items()}
        | {"theirs": (there, wide.seats["elsewhere"])},
        "alliance invitation": in_here
        | {name: (here, key) for name, key in wide.invitations.items()}
        | {"theirs": (there, wide.invitations["elsewhere"])},
        "organisation": {"missing": (MISSING_KEY,)} | {name: (pk,) for name, pk in organisations},
        "link": {name: (link,) for name, link in wide.links.items()}
        | {"a letter of invitation": (wide.letters["own"],), "missing": (MISSING_LINK,)},
        "letter of invitation": {name: (link,) for name, link in wide.letters.items()}
        | {"a personal link": (wide.links["open own"],), "missing": (MISSING_LINK,)},
        "workshop": {name: (one.key,) for name, one in wide.meetings.items()}
        | {"missing": (MISSING_KEY,), "too large": (2**70,)},
        "workshop step": {name: (one.key, one.steps[1]) for name, one in wide.meetings.items()}
        | {"mixed": (wide.meetings["running"].key, wide.meetings["elsewhere"].steps[1])},
        "workshop answer": {
            name: (one.key, wide.takeouts[name]) for name, one in wide.meetings.items()
        }
        | {"mixed": (wide.meetings["running"].key, wide.takeouts["elsewhere"])},
        "way in": {name: (one.link,) for name, one in wide.meetings.items()}
        | {"missing": (MISSING_LINK,), "a wall": (wide.meetings["running"].wall,)},
        "wall": {name: (one.wall,) for name, one in wide.meetings.items()}
        | {"missing": (MISSING_LINK,), "a way in": (wide.meetings["running"].link,)},
        "letter": {"missing": ("20261102T120000000000-000001",)},
        "uidb36 key": {"missing": ("1", "set-password")},
        "key": {"missing": ("x",)},
    }


def _evaluated(wide: Wide) -> dict[str, dict[str, tuple]]:
    """Return what evaluations add; where there are two keys, each also with those of others.

    The first word of a thing is the state of its evaluation, the last says whose it is.
    """
    keys = {**wide.evaluations, "missing": MISSING_KEY}
    running, gate, far = (keys[name] for name in ("running", "gate", "elsewhere"))
    mixed = {"own": "running own", PARTNERS: f"running {PARTNERS}", "theirs": "elsewhere theirs"}
    dissents = {f"running {whose}": wide.dissents[name] for whose, name in mixed.items()}
    seats = {"facilitator": wide.here.facilitator.key, "partner's": wide.seats["partner's"]}
    own, partners = (wide.links[f"of running {whose}"] for whose in ("own", PARTNERS))
    return {
        # Who may reach what was agreed can reach what is at the gate; its texts are asked for.
        "evaluation": {name: (key,) for name, key in keys.items() if name != "agreed"},
        "evaluation topic": {
            f"{name} {topic}": (keys[name], topic)
            for name, topics in {
                "preparing": ("EV1",),
                "running": ("EV1", "EV99", "B1"),
                "gate": ("EV1", "EV12", "EV99", "relevance"),
                "agreed": ("EV12",),
                "elsewhere": ("EV1",),
                "missing": ("EV1",),
            }.items()
            for topic in topics
        },
        "evaluation kind code": {
            f"{name} {kind} {code}": (keys[name], kind, code)
            for name, kind, code in (
                ("preparing", "topic", "EV1"),
                ("running", "topic", "EV1"),
                ("running", "block", "B1"),
                ("gate", "topic", "EV1"),
                ("gate", "topic", "EV12"),
                ("gate", "topic", "EV99"),
                ("gate", "block", "B1"),
                ("gate", "block", "B9"),
                ("gate", "other", "EV1"),
                ("gate", "relevance", "relevance"),
                ("agreed", "topic", "EV12"),
                ("agreed", "relevance", "relevance"),
                ("elsewhere", "topic", "EV1"),
                ("missing", "topic", "EV1"),
            )
        },
        "evaluation dissent": {name: (running, key) for name, key in dissents.items()}
        | {
            "gate of another": (gate, wide.dissents["running own"]),
            "running of gate": (running, wide.dissents["gate own"]),
            "elsewhere theirs": (far, wide.dissents["elsewhere theirs"]),
            "running missing": (running, MISSING_KEY),
            "running too large": (running, 2**70),
        },
        "evaluation proposal": {
            "running own": (running, wide.proposals["running own"]),
            "gate of another": (gate, wide.proposals["running own"]),
            "running of elsewhere": (running, wide.proposals["elsewhere theirs"]),
            "elsewhere theirs": (far, wide.proposals["elsewhere theirs"]),
            "running missing": (running, MISSING_KEY),
            "running too large": (running, 2**70),
        },
        "evaluation facilitator": {
            f"running {name}": (running, key) for name, key in seats.items()
        }
        | {"gate facilitator": (gate, seats["facilitator"])}
        | {"preparing facilitator": (keys["preparing"], seats["facilitator"])}
        | {"elsewhere facilitator": (far, seats["facilitator"])}
        | {"running too large": (running, 2**70)},
        "evaluation index": {
            f"{name} kept": (keys[name], index) for name, index in wide.receipts.items()
        }
        | {
            "running of agreed": (running, wide.receipts["agreed"]),
            "running none": (running, wide.receipts["running"] - 1),
            "running missing": (running, MISSING_KEY),
            "running too large": (running, 2**70),
        },
        "commitment": {name: (key,) for name, key in wide.commitments.items()}
        | {"missing": (MISSING_KEY,), "too large": (2**70,)},
        "link topic": {
            "of running own EV1": (own, "EV1"),
            "of running partner's EV1": (partners, "EV1"),
            "of running own EV99": (own, "EV99"),
            "of gate own EV1": (wide.links["of gate own"], "EV1"),
            "open own EV1": (wide.links["open own"], "EV1"),
            "missing EV1": (MISSING_LINK, "EV1"),
        },
        "link dissent": {
            "of running own own": (own, wide.dissents["running own"]),
            "of running partner's partner's": (partners, wide.dissents["running partner's"]),
            "of running own partner's": (own, wide.dissents["running partner's"]),
            "of running own theirs": (own, wide.dissents["elsewhere theirs"]),
            "of running own too large": (own, 2**70),
            "open own own": (wide.links["open own"], wide.dissents["running own"]),
        },
    }
