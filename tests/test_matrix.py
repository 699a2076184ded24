"""SEC-1 and SEC-2: every person x every address x every state x every method.

What is expected stands in this file, transcribed from section 5 of `decisions.md` (there called
"the table") and from the addresses; nothing of it is read from the product's own rules.
"""

import re
from collections import Counter
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path, reverse

from tests.factories import seat_person
from tests.wide import (
    HARBOUR,
    LESSER,
    MILL,
    MISSING_KEY,
    NOW,
    QUAY,
    Address,
    Persona,
    addresses,
    again,
    asked_by,
    make_wide,
    routes,
)
from understream.access.rules import RULES, Act
from understream.access.seat import Role
from understream.records.alliance import Party
from understream.records.organisation import Organisation
from understream.web import clock
from understream.web.policy import Of, Policy
from understream.web.urls import handler404, handler500
from understream.web.urls import urlpatterns as served

__all__ = ["handler404", "handler500"]  # this file is also a small house of addresses

pytestmark = pytest.mark.django_db

# ------------------------------------------------------------------ the table, transcribed

P, M, S, F, R, H = "participant", "manager", "sponsor", "facilitator", "researcher", "host"
SEATS = (P, M, S, F)
ANYONE, SIGNED_IN, LINK, NEVER = ("anyone",), ("signed in",), ("link",), ()

ALLIANCES = {"own": True, "elsewhere": False, "missing": False}
ROUNDS = (
    "planned", "open", "closed", "cancelled", "spoken", "signed",
    "open elsewhere", "closed elsewhere", "of running", "of gate", "of elsewhere", "missing",
)  # fmt: skip
CLOSED = ("closed", "signed", "closed elsewhere", "of running", "of gate", "of elsewhere")
PERSONAL = tuple(state for state in ROUNDS if state != "spoken")
"""With one voice nobody has an answer of their own that could be taken back."""
RUNNING = ("planned", "open", "spoken", "open elsewhere")
EVALUATIONS = ("preparing", "running", "gate", "agreed", "elsewhere")
"""Elsewhere one runs, as here: the second party has sealed and waits for the first."""
BEGUN = ("running", "gate", "agreed", "elsewhere")
REVEALED = ("gate", "agreed")
UNREVEALED = ("of running", "of elsewhere")
TEXTS = ("gate topic EV1", "gate block B1", "gate relevance relevance", "agreed topic EV12",
         "agreed relevance relevance")  # fmt: skip
SEALED_TEXTS = ("gate topic EV12",)
"""Is there, and waits for the gate: who may gets a sentence that says so."""


@dataclass(frozen=True)
class Row:
    """One line of the table: which methods, about what, who may, and when there is something.

    :ivar states: the rounds, evaluations or commitments about which there is something to be read.
    :ivar writes: who may with POST, if others than those who may read.
    :ivar after: who may besides, of an evaluation that is revealed.
    :ivar only: where an address has two keys, those that belong together.
    :ivar own: whether the second key must be of the own party.
    """

    methods: str
    about: str
    who: tuple[str, ...]
    states: tuple[str, ...] = (*ROUNDS, *EVALUATIONS)
    writes: tuple[str, ...] | None = None
    after: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    own: bool = False


TABLE = {
    # what anybody may see
    "door:index": Row("GET", "", ANYONE),
    "door:language": Row("POST", "", ANYONE),
    "door:shown": Row("GET", "", ANYONE),
    "door:method": Row("GET", "", ANYONE),
    "door:health": Row("GET", "", ANYONE),
    "door:ready": Row("GET", "", ANYONE),
    "parts:index": Row("GET", "", ANYONE),
    "parts:swapped": Row("GET POST", "", ANYONE),
    "parts:phone": Row("GET", "", ANYONE),
    "parts:door": Row("GET", "", ANYONE),
    # what only a demo world on this machine has; this world is none
    "door:demo_enter": Row("POST", "", NEVER),
    "door:demo_mail": Row("GET", "", NEVER),
    "door:demo_letter": Row("GET", "letter", NEVER),
    "door:demo_clock": Row("POST", "round", NEVER),
    "door:demo_evaluation_clock": Row("POST", "evaluation", NEVER),
    # signing in, and one's own card
    "account_login": Row("GET POST", "", ANYONE),
    "account_logout": Row("POST", "", ANYONE),
    "account_reset_password": Row("GET POST", "", ANYONE),
    "account_reset_password_done": Row("GET", "", ANYONE),
    "account_reset_password_from_key": Row("GET POST", "reset", ANYONE),
    "account_reset_password_from_key_done": Row("GET", "", ANYONE),
    "account_change_password": Row("GET POST", "", SIGNED_IN),
    "account:card": Row("GET POST", "", SIGNED_IN),
    # what allauth has and this house has not
    "account_signup": Row("GET POST", "", NEVER),
    "account_email": Row("GET POST", "", NEVER),
    "account_inactive": Row("GET POST", "", NEVER),
    "account_set_password": Row("GET POST", "", NEVER),
    "account_reauthenticate": Row("GET POST", "", NEVER),
    "account_email_verification_sent": Row("GET POST", "", NEVER),
    "account_confirm_email": Row("GET POST", "key", NEVER),
    # an alliance
    "alliance:index": Row("GET", "", SIGNED_IN),
    "alliance:new": Row("GET POST", "", SIGNED_IN),
    "alliance:home": Row("GET", "alliance", SEATS),
    "alliance:keep": Row("GET POST", "alliance", (M,)),
    "alliance:people": Row("GET", "alliance", SEATS),
    "alliance:invite": Row("GET POST", "alliance", (M,)),
    "alliance:add": Row("GET POST", "alliance", (M,)),
    "alliance:end": Row("GET POST", "seat", (M,)),
    "alliance:withdraw": Row("POST", "invitation", (M,)),
    "alliance:rounds": Row("GET", "alliance", SEATS),
    "alliance:plan": Row("GET POST", "alliance", (M, F)),
    "alliance:instruments": Row("GET", "alliance", (M, F)),
    "alliance:give": Row("GET POST", "alliance", (M,)),
    "alliance:take_back": Row("POST", "alliance", (M,)),
    "alliance:file": Row("GET", "alliance", (M, F)),
    "alliance:journal": Row("GET", "alliance", (P, M, S)),
    # an invitation, a round
    "invitation:show": Row("GET POST", "letter of invitation", LINK),
    "round:show": Row("GET", "round", SEATS),
    "round:cohort": Row("GET POST", "round", (M,)),
    "round:open": Row("POST", "round", (M, F)),
    "round:late": Row("POST", "round", (M,)),
    "round:extend": Row("GET POST", "round", (M, F)),
    "round:cancel": Row("GET POST", "round", (M,), RUNNING),
    "round:form": Row("GET POST", "round", (M,), ("spoken",)),
    # own voice: whoever holds the link, participant, manager and sponsor alike
    "answer:show": Row("GET", "link", LINK),
    "answer:begin": Row("POST", "link", LINK),
    "answer:send": Row("POST", "link", LINK),
    "answer:withdraw": Row("POST", "link", LINK, PERSONAL),
    "answer:again": Row("POST", "link", LINK),
    "answer:mirror": Row("GET", "link", LINK, CLOSED),
    # the link stays good for reading: own reflection, then the joint page; views stay inside
    "answer:read": Row("POST", "link", LINK),
    "answer:evaluation": Row("GET", "link", LINK, ("of running", "of gate")),
    "answer:dissent": Row("POST", "link", LINK, ("of running", "of gate")),
    "answer:hold": Row("POST", "link", LINK, ("of running",)),
    # own party's mirror; the sponsor after the reveal, which is the close of a round
    "mirror:show": Row("GET", "round", (P, M, S), CLOSED),
    # two mirrors of one instrument beside each other: whoever may open both
    "change:show": Row("GET", "round", (P, M, S), ("signed", "of running", "of gate")),
    # signed answers: those who manage the people who signed
    "mirror:statements": Row("GET", "round", (M,), ("signed",)),
    "mirror:signed": Row("GET", "round", (M,), ("signed",)),
    # raw comments to moderate: if named in the agreement, after close
    "mirror:comments": Row("GET POST", "round", (F,), ("closed", "of running", "of gate")),
    # an evaluation: its agreement, its course, its proof
    "evaluation:index": Row("GET", "alliance", SEATS),
    "evaluation:cycle": Row("GET POST", "alliance", (M,)),
    "evaluation:new": Row("GET POST", "alliance", (M, F)),
    "evaluation:show": Row("GET", "evaluation", SEATS),
    "evaluation:accept": Row("GET POST", "evaluation", (M,)),
    "evaluation:change": Row("GET POST", "evaluation", (M, F)),
    "evaluation:open": Row("POST", "evaluation", (M, F)),
    "evaluation:call_off": Row("GET POST", "evaluation", (M,), ("preparing",)),
    "evaluation:propose": Row("GET POST", "evaluation", (M,)),
    "evaluation:consent": Row(
        "POST", "evaluation", (M,), only=("running own", "elsewhere theirs")
    ),
    "evaluation:withdraw": Row(
        "POST", "evaluation", (M,), only=("running own", "elsewhere theirs"), own=True
    ),
    "evaluation:log": Row("GET", "evaluation", SEATS),
    "evaluation:receipt": Row(
        "GET", "evaluation", SEATS, only=tuple(f"{state} kept" for state in BEGUN)
    ),
    "evaluation:verify": Row("GET", "evaluation", SEATS),
    "evaluation:bundle": Row("GET", "evaluation", (M, S), BEGUN),
    # within a party: participant reads, manager writes and seals, sponsor reads after the reveal
    "reflection:show": Row("GET", "evaluation", (P, M), BEGUN, after=(S,)),
    "reflection:topic": Row(
        "GET POST",
        "evaluation",
        (P, M),
        writes=(M,),
        only=("running EV1", "gate EV1", "gate EV12", "agreed EV12", "elsewhere EV1"),
    ),
    "reflection:history": Row(
        "GET",
        "evaluation",
        (P, M),
        only=("running EV1", "gate EV1", "gate EV12", "agreed EV12", "elsewhere EV1"),
    ),
    "reflection:dissent": Row(
        "POST",
        "evaluation",
        (P, M),
        only=(
            "running EV1",
            "gate EV1",
            "gate EV12",
            "agreed EV12",
            "elsewhere EV1",
        ),
    ),
    "reflection:hold": Row(
        "POST",
        "evaluation",
        (P, M),
        own=True,
        only=("running own", "running partner's", "elsewhere theirs"),
    ),
    "reflection:admit": Row(
        "POST", "evaluation", (M,), only=("running facilitator", "gate facilitator")
    ),
    "reflection:seal": Row("GET POST", "evaluation", (M,), BEGUN),
    "reflection:sealed": Row("GET", "evaluation", (P, M), BEGUN),
    "reflection:take_back": Row("GET POST", "evaluation", (M,), BEGUN),
    # after the reveal: all seats read, any but a sponsor writes, a manager accepts
    "joint:show": Row("GET", "evaluation", SEATS, REVEALED),
    "joint:closing": Row("POST", "evaluation", (M,), REVEALED),
    "joint:critic": Row(
        "POST", "evaluation", (M, F), only=("gate EV1", "gate EV12", "agreed EV12")
    ),
    "joint:write": Row("POST", "evaluation", (P, M, F), only=(*TEXTS, *SEALED_TEXTS)),
    "joint:accept": Row("POST", "evaluation", (M,), only=("gate block B1", *TEXTS[3:])),
    "joint:history": Row("GET", "evaluation", SEATS, only=(*TEXTS, *SEALED_TEXTS)),
    # commitments: all seats read; any but a sponsor proposes; who wrote it or a manager takes back
    "commitment:index": Row("GET", "alliance", SEATS),
    "commitment:new": Row("GET POST", "alliance", (P, M, F)),
    "commitment:show": Row("GET", "commitment", SEATS),
    "commitment:accept": Row("POST", "commitment", (M,)),
    "commitment:withdraw": Row("POST", "commitment", (P, M)),
    "commitment:judge": Row("GET POST", "commitment", (M,)),
    # releases as data: manager and sponsor, own party; researcher, own organisation
    "mirror:csv": Row("GET", "round", (M, S), CLOSED),
    "mirror:json": Row("GET", "round", (M, S), CLOSED),
    "mirror:xlsx": Row("GET", "round", (M, S), CLOSED),
    "mirror:syntax": Row("GET", "round", (M, S), CLOSED),
    "mirror:codebook": Row("GET", "round", (M, S), CLOSED),
    "research:releases": Row("GET", "organisation", (R,)),
    "research:quality": Row("GET", "organisation", (R,)),
    # a workshop: all seats read; manager and facilitator prepare, run and take out
    "workshop:index": Row("GET", "alliance", SEATS),
    "workshop:new": Row("GET POST", "alliance", (M, F)),
    "workshop:own": Row("GET", "", SIGNED_IN),
    "workshop:found": Row("GET POST", "", SIGNED_IN),
    "workshop:show": Row("GET", "workshop", SEATS),
    "workshop:join": Row("POST", "workshop", SEATS),
    "workshop:report": Row("GET", "workshop", SEATS),
    "workshop:keep": Row("GET POST", "workshop", (M, F)),
    "workshop:duplicate": Row("POST", "workshop", (M, F)),
    "workshop:begin": Row("POST", "workshop", (M, F)),
    "workshop:invite": Row("POST", "workshop", (M, F)),
    "workshop:qr": Row("GET", "workshop", (M, F)),
    "workshop:new_step": Row("GET POST", "workshop", (M, F)),
    "workshop:step": Row("GET POST", "workshop step", (M, F)),
    "workshop:remove": Row("POST", "workshop step", (M, F)),
    "workshop:move": Row("POST", "workshop step", (M, F)),
    "workshop:console": Row("GET", "workshop", (M, F)),
    "workshop:room": Row("GET", "workshop", (M, F)),
    "workshop:do": Row("POST", "workshop", (M, F)),
    "workshop:themes": Row("POST", "workshop", (M, F)),
    "workshop:log": Row("GET", "workshop", (M, F)),
    "workshop:csv": Row("GET", "workshop", (M, F)),
    "workshop:xlsx": Row("GET", "workshop", (M, F)),
    "workshop:takeout": Row("GET POST", "workshop answer", (P, M, F)),
    # coming in is for everybody with the code or the link; without a place one is shown the door
    "place:code": Row("GET POST", "", ANYONE),
    "place:lobby": Row("GET POST", "way in", LINK),
    "place:show": Row("GET", "workshop", ANYONE),
    "place:say": Row("POST", "workshop", NEVER),
    "place:claim": Row("POST", "workshop", NEVER),
    "wall:show": Row("GET", "wall", LINK),
    "wall:qr": Row("GET", "wall", LINK),
    # settings, backup: the host, no content
    "host:show": Row("GET", "", (H,)),
    "host:quality": Row("GET", "", (H,)),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
ASKING_TO_CANCEL = ("round:cancel", "evaluation:call_off")
"""Their POST tells those who may why it is too late; their GET has then nothing to ask."""
FIGURES = (
    "mirror:show", "mirror:csv", "mirror:json", "mirror:xlsx", "mirror:syntax",
    "mirror:codebook", "change:show",
)  # fmt: skip
"""Of an evaluation the sponsor reads them after the reveal."""

DOWNLOADS = (
    "mirror:csv", "mirror:json", "mirror:xlsx", "mirror:signed", "evaluation:bundle",
    "workshop:csv", "workshop:xlsx",
)  # fmt: skip
"""What leaves a line in the journal."""
DOORS = ("nobody", "manager", "facilitator", "respondent", "host")
"""Somebody of every kind, for what is refused before anybody looks who it is."""


def expected(who: Persona, at: Address, method: str) -> str:  # noqa: PLR0911 - one an answer
    """Return what the table says: ``served``, ``missing``, ``door`` or ``method``."""
    row = TABLE[at.route]
    if method not in served_methods(row):
        return "method"
    if row.who == ANYONE:
        return "served"
    if row.who == LINK:
        return "served" if is_open_to(who, row, at) else "missing"
    if row.who == NEVER and at.route != "place:claim" and row.about not in ("round", "evaluation"):
        return "missing"
    if not who.signed_in:
        return "door"
    if row.who == SIGNED_IN:
        return "served"
    may = who.role in who_may(row, at, method) and is_theirs(who, row, at)
    return "served" if may and is_there(row, at, method) else "missing"


def who_may(row: Row, at: Address, method: str) -> tuple[str, ...]:
    state = at.thing.partition(" ")[0]
    by_now = row.who + (row.after if state in REVEALED else ())
    if at.route in FIGURES and at.thing in UNREVEALED:
        by_now = tuple(role for role in by_now if role != S)
    return row.writes if method == "POST" and row.writes is not None else by_now


def served_methods(row: Row) -> set[str]:
    return set(row.methods.split()) | ({"HEAD"} if "GET" in row.methods else set())


def is_theirs(who: Persona, row: Row, at: Address) -> bool:  # noqa: C901, PLR0911 - one a kind of thing
    """Tell whether the thing lies in the reach of this person's role."""
    here = who.party in (HARBOUR, MILL, "here")
    match row.about:
        case "alliance":
            return at.thing == ("own" if here else "elsewhere")
        case "round":
            is_far = at.thing.endswith("elsewhere")
            named = who.name != "facilitator not named"
            if at.route == "mirror:comments" and not named:
                return False
            return at.thing != "missing" and is_far != here
        case "evaluation":
            state, _space, whose = at.thing.partition(" ")
            if state in ("missing", "too") or (state == "elsewhere") == here:
                return False
            return not row.own or whose == own_word(who)
        case "workshop" | "workshop step" | "workshop answer":
            if at.thing in ("missing", "too large", "mixed"):
                return False
            return (at.thing == "elsewhere") != here
        case "commitment":
            return at.thing not in ("missing", "too large") and (at.thing == "elsewhere") != here
        case "seat" | "invitation":
            # A manager of any party may end a facilitator's seat.
            return at.thing == own_word(who) or (at.thing == "facilitator" and here)
        case "organisation":
            return at.thing == who.party
        case _:
            return True


def own_word(who: Persona) -> str:
    return {HARBOUR: "own", MILL: "partner's", QUAY: "theirs"}.get(who.party, "")


def is_there(row: Row, at: Address, method: str) -> bool:
    if at.route in ASKING_TO_CANCEL and method == "POST":
        return True
    if row.about == "evaluation":
        return at.thing in row.only if row.only else at.thing in row.states
    return row.about != "round" or at.thing in row.states


def is_open_to(who: Persona, row: Row, at: Address) -> bool:
    """Tell whether the holder of a link finds something behind it."""
    if row.about in ("way in", "wall"):
        return at.thing in ("running", "elsewhere")
    if at.route == "invitation:show":
        return at.thing in ("own", "partner's", "elsewhere", "used")
    own = {"respondent": "own", "partner's respondent": "partner's"}.get(who.name, "")
    found = LINKS.fullmatch(at.thing)
    if not found or found["state"] not in row.states:
        return False
    if at.route == "answer:read":  # with a link of no browser that answering begins with
        return at.thing not in ("planned own", "open never begun")
    if at.route in READING:
        second = found["what"] in (None, " EV1", f" {own}")
        return found["whose"] in (own, "never begun") and second
    return True


WHOSE = r"(?P<whose>own|partner's|never begun)(?P<what> (EV\d+|own|partner's|t.*))?"
LINKS = re.compile(rf"(?P<state>(of )?\w+) {WHOSE}")
READING = ("answer:mirror", "answer:evaluation", "answer:dissent", "answer:hold")
"""What is read in the own browser only."""


# ------------------------------------------------------------------------- looking and asking


@pytest.fixture(scope="module")
def _made(lasting):
    return lasting(make_wide)


@pytest.fixture
def wide(_made, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return again(_made)


def outcome(response: HttpResponse) -> str:
    """Return which of the table's answers this is."""
    status = response.status_code
    if status == 404:
        return "missing"
    if status == 405:
        return "method"
    if status == 302 and response["Location"].startswith(reverse("account_login")):
        return "door"
    return "served" if status in (200, 302, 303, 400, 409, 410) else str(status)


def ask(who: Persona, at: Address, method: str, **said) -> HttpResponse:
    if method == "POST":
        return who.client.post(at.url, said)
    return who.client.generic(method, at.url)


def is_neutral(response: HttpResponse) -> bool:
    """Tell whether it says that the link works in another browser, as it says of every link."""
    return any(one.name == "answer/elsewhere.html" for one in response.templates)


def told(response: HttpResponse, url: str) -> tuple[bytes, tuple]:
    """Return body and headers without the page's mark and the address that was asked."""
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)
    body = re.sub(rb"/r/[\w-]{22}/", b"/r/LINK/", body.replace(url.encode(), b"ADDRESS"))
    passing = ("Content-Length", "Expires")
    headers = {name: value for name, value in response.items() if name not in passing}
    cookies = sorted(response.cookies)
    return body, (*sorted(headers.items()), *cookies)


def dump() -> dict[str, Counter]:
    """Return all rows of all tables."""
    rows = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
            rows[table] = Counter(map(repr, cursor.fetchall()))
    return rows


class Writes:
    """Notes every statement that would change something."""

    def __init__(self):
        self.said = []

    def __call__(self, execute, sql, params, many, context):
        if re.match(r"\s*(INSERT|UPDATE|DELETE)", sql):
            self.said.append(sql)
        return execute(sql, params, many, context)


def after(client: Client, before: dict) -> None:
    """Put a browser's cookies back, so that no request knows of the one before."""
    client.cookies.clear()
    client.cookies.update(before)


# ------------------------------------------------------------------------------------ SEC-1


def test_every_route_declares_its_policy_and_stands_in_the_table():
    found = dict(routes())

    assert set(found) == set(TABLE)
    for name, route in found.items():
        declared = getattr(route.callback, "policy", None)
        assert isinstance(declared, Policy), f"{name} declares no policy"
        assert declared.act in RULES, f"{name} performs an act without a rule"
        assert set(declared.methods) == set(TABLE[name].methods.split()), name


def test_a_route_asks_for_a_seat_where_its_rule_goes_by_roles():
    """A rule about roles is worth nothing on a route that looks for nobody."""
    of_seats = set(Of) - {Of.DOOR, Of.LINK}
    of_a_link = {Act.MIRROR_READ, Act.DISSENT_HOLD}
    for name, route in routes():
        declared = route.callback.policy
        by_link = declared.of is Of.LINK and declared.act in of_a_link
        assert by_link or not RULES[declared.act].roles or declared.of in of_seats, name


def test_the_resolver_serves_the_patterns_that_were_walked():
    assert settings.ROOT_URLCONF == "understream.web.urls"
    assert get_resolver().url_patterns is served


def planted(request):
    raise AssertionError(f"{request.path} was served without a policy")


urlpatterns = [*served, path("planted/", planted, name="planted")]


def test_a_route_without_a_policy_is_not_served(settings, client):
    settings.ROOT_URLCONF = __name__
    names = {name for name, route in routes(urlpatterns) if not hasattr(route.callback, "policy")}

    assert names == {"planted"}
    for method in METHODS:
        response = client.generic(method, "/planted/")
        assert response.status_code == 404
        body = b"" if method == "HEAD" else client.get("/nothing/").content
        assert strip(response.content, "/planted/") == strip(body, "/nothing/")


def strip(body: bytes, url: str) -> bytes:
    return re.sub(rb'value="\w{64}"', b"", body).replace(url.encode(), b"")


# ------------------------------------------------------------------------------------ SEC-2


@pytest.mark.parametrize("heads", ["one", pytest.param("every", marks=pytest.mark.soak)])
def test_reading_gives_everybody_what_the_table_says_and_changes_nothing(wide, heads):
    """With HEAD one of each kind asks each route for something that is there; at length all do."""
    before, wrong, downloads = dump(), [], 0
    missing: dict[tuple[str, str], set] = {}
    headed = set()
    asked = list(addresses(wide))
    people = [one for one in wide.personas.values() if heads == "every" or one.name not in LESSER]
    for who in people:
        cookies = dict(who.client.cookies)
        for at in asked_by(who, asked):
            for method in ("GET", "HEAD"):
                should = expected(who, at, method)
                if method == "HEAD" and should != "served" and at.thing != "missing":
                    continue  # GET has said it, and has the same way in
                if method == "HEAD" and should == "served" and heads == "one":
                    if (who.name, at.route) in headed or who.name not in DOORS:
                        continue
                    headed.add((who.name, at.route))
                response = ask(who, at, method)
                after(who.client, cookies)
                is_said = outcome(response)
                if is_said != should:
                    wrong.append(f"{who.name}: {method} {at.route} ({at.thing}): {is_said}")
                if is_said == "missing":
                    kind = "elsewhere" if is_neutral(response) else method
                    missing.setdefault((who.name, kind), set()).add(told(response, at.url))
                if is_said == "served" and at.route in DOWNLOADS:
                    downloads += 1
    assert wrong == [], "\n".join(wrong)
    assert {who for who, _method in missing} == {one.name for one in people}
    assert {who: len(kinds) for who, kinds in missing.items() if len(kinds) > 1} == {}
    now = dump()
    new = {table: rows - before[table] for table, rows in now.items() if rows != before[table]}
    assert not any(before[table] - rows for table, rows in now.items())
    assert list(new) == ["records_entry"]
    assert new["records_entry"].total() == downloads > 0
    exported = re.compile("'(release|statement|bundle|workshop).export'")
    assert all(exported.search(row) for row in new["records_entry"])


# Those of LESSER are like somebody who asks anyway: they ask at length, as in reading.
@pytest.mark.parametrize("whose", ["most", pytest.param("every", marks=pytest.mark.soak)])
def test_acting_is_refused_to_everybody_but_those_in_the_table_and_leaves_no_trace(wide, whose):
    wrong: list[str] = []
    people = [one for one in wide.personas.values() if whose == "every" or one.name not in LESSER]
    missing: dict[str, set] = {}
    asked = [at for at in addresses(wide) if "POST" in TABLE[at.route].methods]
    for who in people:
        cookies = dict(who.client.cookies)
        for at in asked_by(who, asked):
            writes = Writes()
            with transaction.atomic(), connection.execute_wrapper(writes):
                response = ask(who, at, "POST", party=wide.here.parties[MILL], do="keep")
                transaction.set_rollback(True)
            after(who.client, cookies)
            is_said, should = outcome(response), expected(who, at, "POST")
            if is_said != should:
                wrong.append(f"{who.name}: POST {at.route} ({at.thing}): {is_said}")
            if is_said != "served" and writes.said:
                wrong.append(f"{who.name}: POST {at.route} ({at.thing}) wrote {writes.said}")
            if is_said == "missing":
                missing.setdefault(who.name, set()).add(told(response, at.url))
    assert wrong == [], "\n".join(wrong)
    assert set(missing) == {one.name for one in people}
    assert {who: len(kinds) for who, kinds in missing.items() if len(kinds) > 1} == {}


def test_no_other_method_reaches_a_page_whoever_asks(wide):
    before, wrong = dump(), []
    first = {at.route: at for at in reversed(list(addresses(wide)))}
    for name in DOORS:
        who = wide.personas[name]
        for route, at in first.items():
            for method in set(METHODS) - served_methods(TABLE[route]):
                response = ask(who, at, method)
                if outcome(response) != "method" or response.content:
                    wrong.append(f"{name}: {method} {route}: {response.status_code}")
    assert wrong == []
    assert dump() == before


def test_without_the_pages_own_mark_nothing_is_done(wide):
    """A request that another site makes a browser send (CSRF)."""
    before, said = dump(), {}
    for name in DOORS:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies.update(wide.personas[name].client.cookies)
        for at in {at.route: at for at in addresses(wide)}.values():
            if "POST" in TABLE[at.route].methods:
                answer = strict.post(at.url, {"language": "nl"})
                said[name, at.route, at.thing] = answer.status_code

    assert set(said.values()) == {403}
    assert dump() == before


# ------------------------------------------- acting for another party, in what a form says


def test_a_manager_cannot_name_another_party_in_a_form(wide):
    manager, mill = wide.personas["manager"], wide.here.parties[MILL]
    theirs = Party.objects.get(alliance=wide.there.alliance, organisation__name=QUAY).pk
    home = {"args": [wide.here.alliance]}
    somebody = {"name": "Eve", "email": "eve@example.org", "tier": "team", "language": "en"}
    before = dump()

    for party in (mill, theirs, MISSING_KEY, 2**70, 0):
        for role in (P, M, S, F):
            asked = {**somebody, "role": role, "party": party}
            assert (
                manager.client.post(reverse("alliance:invite", **home), asked).status_code == 404
            )
        people = {"people": "Eve, eve@example.org", "party": party}
        assert manager.client.post(reverse("alliance:add", **home), people).status_code == 404

    assert dump() == before


def test_nobody_of_another_party_or_alliance_is_asked_by_a_manager(wide):
    manager, key = wide.personas["manager"], wide.rounds["planned"]
    before = dump()

    for name in ("partner's", "elsewhere", "facilitator", "ended"):
        chosen = {"mode": "one voice", "seats": [wide.seats["own"], wide.seats[name]]}
        page = manager.client.post(reverse("round:cohort", args=[key]), chosen)
        assert page.status_code == 400, name

    assert dump() == before


def test_a_facilitator_opens_comments_of_the_round_that_names_him_and_of_no_other(wide):
    named, other = wide.personas["facilitator"], wide.personas["facilitator not named"]
    asked = {"party": wide.here.parties[MILL]}
    before = dump()

    def status(who, state, asked):
        address = reverse("mirror:comments", args=[wide.rounds[state]])
        return who.client.post(address, asked).status_code

    assert status(other, "closed", asked) == 404
    assert status(wide.personas["manager"], "closed", asked) == 404
    for state in ("open", "planned", "cancelled", "signed", "closed elsewhere"):
        assert status(named, state, asked) == 404, state
    far = Party.objects.get(alliance=wide.there.alliance, organisation__name=QUAY).pk
    for party in (far, MISSING_KEY, "x", 2**70):
        assert status(named, "closed", {"party": party}) == 404, party

    assert dump() == before


def test_a_round_planned_elsewhere_names_no_facilitator_of_another_alliance(wide):
    manager = wide.personas["manager elsewhere"]
    page = manager.client.post(
        reverse("alliance:plan", args=[wide.there.alliance]),
        {
            "instrument": "pulse",
            "title": "Spring",
            "closes_at": "2027-01-01T10:00",
            "k": 5,
            "moderator": wide.seats["facilitator"],
        },
    )

    assert page.status_code == 400


# ----------------------------------------------------- who was let in, and who came too late


def test_a_facilitator_reads_along_with_the_party_that_lets_her_in_and_with_no_other(wide):
    """Nobody else reads another party's reflection by naming it in the address."""
    show = reverse("reflection:show", args=[wide.evaluations["running"]])
    parties = {name: f"{show}?party={key}" for name, key in wide.here.parties.items()}
    got = {
        name: {party: wide.personas[name].client.get(url) for party, url in parties.items()}
        for name in ("facilitator", "facilitator not named", "manager", "sponsor", "host")
    }

    status = {name: [page.status_code for page in some.values()] for name, some in got.items()}
    assert status == {
        "facilitator": [200, 404],
        "facilitator not named": [404, 404],
        "manager": [200, 200],
        "sponsor": [404, 404],
        "host": [404, 404],
    }
    own, asked = (
        re.sub(rb"\w{64}", b"", strip(page.content, parties[party]))
        for party, page in got["manager"].items()
    )
    assert own == asked
    assert b"WroterunningHarboria" in own
    seen = got["facilitator"][HARBOUR].content
    assert b"WroterunningHarboria" in seen
    assert b"InsiderunningHarboria" not in seen


def test_a_party_that_joined_later_finds_nothing_of_what_had_begun(wide):
    organisation = Organisation.objects.create(name="Latecomia")
    party = Party.objects.create(
        alliance_id=wide.here.alliance, organisation=organisation, position=2
    )
    asked = [
        at
        for at in addresses(wide)
        if at.thing.partition(" ")[0] in ("running", "gate", "agreed")
        and TABLE[at.route].about == "evaluation"
        and TABLE[at.route].who != NEVER
    ]
    for role in (Role.MANAGER, Role.PARTICIPANT, Role.SPONSOR):
        client = Client()
        seat = seat_person(wide.here.alliance, party.pk, f"Late {role}", role)
        client.force_login(get_user_model().objects.get(pk=seat.person))
        nothing = reverse("evaluation:show", args=[MISSING_KEY])
        pages = {told(client.get(nothing), nothing)}
        for at in asked:
            method = client.get if "GET" in TABLE[at.route].methods else client.post
            response = method(at.url)
            assert response.status_code == 404, at
            pages.add(told(response, at.url))
        assert len(pages) == 1, role
        listed = client.get(reverse("evaluation:index", args=[wide.here.alliance]))
        assert b"Title" not in listed.content.partition(b"<main")[2]
    assert len(asked) > 30
