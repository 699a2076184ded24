"""A world wide enough to get lost in: two alliances, every kind of person, rounds in every state.

Every name, title, remark and signed answer holds a word that occurs nowhere else, so that a test
can tell from one word what somebody has been shown.
"""

import base64
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from tests.factories import (
    LATER,
    NOON,
    WEEK,
    World,
    links_of,
    make_alliance,
    make_person,
    seat_person,
)
from understream.access.seat import Role, Seat
from understream.domain import round as rounds
from understream.domain import seat as seats
from understream.domain import voice
from understream.domain.invitation import accept_invitation, invite_person, withdraw_invitation
from understream.domain.release import cancel_round, close_round, comments_to_moderate
from understream.domain.release import open_comments as let_read
from understream.domain.voice import Heard, Utterance
from understream.records.organisation import Membership, Organisation
from understream.web.urls import urlpatterns

HARBOUR, MILL, QUAY, DELTA = "Harboria", "Millonia", "Quayantum", "Deltazoid"
QUESTIONS = 6
MISSING_KEY = 10**9
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


def make_wide() -> Wide:
    """Return the world, as it is at `NOW`."""
    here = make_alliance(HARBOUR, MILL, people=9)
    there = make_alliance(QUAY, DELTA, people=9, seed=8)
    wide = Wide(here, there)
    _make_personas(wide)
    _make_rounds(wide)
    _make_invitations(wide)
    gone = here.people[HARBOUR][3]
    seats.end_seat(here.managers[HARBOUR], gone.key, now=NOON)
    _close(wide)
    return wide


def again(wide: Wide) -> Wide:
    """Return the same world with browsers that know nothing of what others did with theirs."""
    fresh = {}
    for who in wide.personas.values():
        fresh[id(who.client)] = client = Client()
        client.handler = who.client.handler  # which keeps nothing but what it was built of
        client.cookies.update(deepcopy(who.client.cookies))
    return deepcopy(wide, fresh)


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


def addresses(wide: Wide) -> Iterator[Address]:
    """Return every route with every thing it can be about."""
    kinds = _things(wide)
    for route, pattern in routes():
        asked = " ".join(pattern.pattern.converters)
        kind = "letter of invitation" if route == "invitation:show" else asked
        for thing, keys in kinds[kind].items():
            yield Address(route, reverse(route, args=keys), thing)


def _things(wide: Wide) -> dict[str, dict[str, tuple]]:
    """Return the things by what stands in their address, each with just that."""
    here, there = wide.here.alliance, wide.there.alliance
    in_here = {"missing": (here, MISSING_KEY), "too large": (here, 2**70)}
    organisations = Organisation.objects.values_list("name", "pk")
    return {
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
        "letter": {"missing": ("20261102T120000000000-000001",)},
        "uidb36 key": {"missing": ("1", "set-password")},
        "key": {"missing": ("x",)},
    }
