"""Prepare a workshop, keep its agenda, begin and end it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import Max, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.journal import record
from understream.domain.version import grow
from understream.domain.word import WORDS, legible
from understream.instruments import agenda as agendas
from understream.instruments.agenda import AgendaStep
from understream.instruments.reader import LANGUAGES
from understream.records.alliance import Party
from understream.records.attendee import Attendee
from understream.records.workshop import Step, Workshop, WorkshopParty

ALPHABET = "23456789ABCDEFGHJKMNPQRTUVWXYZ"
"""Thirty signs without 0, 1, I, L, O and S, which are read as others."""
CODE_LENGTH = 8
CODE_LASTS = timedelta(hours=12)
LONGEST_TITLE = 120
LONGEST_TEXT = 1000
MOST_STEPS = 60
MOST_ORGANISATIONS = 12
MOST_ANSWERS = 20
MOST_COLUMNS = 4
MOST_CHOICES = 20
POINTS = range(3, 11)
IDENTITIES: dict[str, tuple[str, ...]] = {
    "prompt": ("party-labelled", "named", "confidential"),
    "pairs": ("party-labelled", "named"),
    "themes": ("party-labelled",),
    "vote": ("party-labelled",),
    "scale": ("confidential", "named"),
    "spotlight": ("named",),
    "rehearsal": ("named",),
    "takeouts": ("named", "party-labelled"),
}
"""How answers of each kind of step can be signed; the first is proposed.

Of a vote only sums are shown, so that it is signed by nobody. A scale is shown by party under the
rules of disclosure, or with names, never with the party beside each answer.
"""
SOURCES: dict[str, tuple[str, ...]] = {
    "themes": ("prompt", "pairs", "takeouts"),
    "vote": ("themes",),
    "spotlight": ("prompt", "pairs"),
}
"""What the earlier step must be whose answers or themes a kind works with."""


class Frozen(Refused):
    """What has opened is not changed under people's hands."""

    reason = _("This step has been opened, so its question and who sees the answers stay as is.")


class NotRunning(Refused):
    """Steps open in a workshop that has begun and not ended."""

    reason = _("This workshop is not under way.")


class Ended(Refused):
    """What has ended stays as it is."""

    reason = _("This workshop has ended. Duplicate it to hold it again.")


class NoSteps(Refused):
    """Nothing can begin without an agenda."""

    reason = _("The agenda is empty. Add a step first.")


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step as its pages show it. Texts are by language: ``{"en": ..., "nl": ...}``.

    :ivar number: its place in the agenda, from 1.
    :ivar clock: seconds left when the clock stands still, ``None`` if it runs or was never set.
    """

    key: int
    number: int
    kind: str
    identity: str
    state: str
    minutes: int
    title: Mapping[str, str]
    prompt: Mapping[str, str]
    hint: Mapping[str, str]
    note: Mapping[str, str]
    card: Mapping[str, str]
    columns: tuple[Mapping[str, str], ...]
    choices: tuple[Mapping[str, str], ...]
    most: int
    points: int
    ranking: bool
    asks_context: bool
    promises: bool
    moderated: bool
    reveals: bool
    source: int
    revealed: bool
    card_shown: bool
    released: bool
    opened_at: datetime | None
    closes_at: datetime | None
    clock_until: datetime | None
    clock: int | None
    changed: int

    @property
    def word(self) -> str:
        """What people do, in the language in force."""
        return str(WORDS[self.kind])


@dataclass(frozen=True, slots=True)
class WorkshopLine:
    """A workshop in a list."""

    key: int
    title: str
    state: str
    asynchronous: bool
    minutes: int
    steps: int
    people: int
    made_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkshopCard:
    """A workshop as its own page shows it.

    :ivar code: eight signs while people can come in with it, else "".
    :ivar join: secret part of the link into it; ``wall`` of the link to its wall. Only for who
        runs it, else "".
    :ivar current: key of the step the room is at, 0 before the first.
    """

    key: int
    alliance: int
    alliance_name: str
    time_zone: str
    title: str
    state: str
    asynchronous: bool
    language: str
    names: str
    walk_in: bool
    shows_count: bool
    code: str
    code_until: datetime | None
    join: str
    wall: str
    parties: tuple[PartyCard, ...]
    steps: tuple[StepCard, ...]
    current: int
    people: int
    version: int
    made_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    may_run: bool


@dataclass(frozen=True, slots=True)
class StepDraft:
    """A step as a facilitator writes it; a text in one language alone stands for both."""

    kind: str
    title: Mapping[str, str]
    prompt: Mapping[str, str]
    identity: str = ""
    minutes: int = 10
    hint: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, str] = field(default_factory=dict)
    card: Mapping[str, str] = field(default_factory=dict)
    columns: Sequence[Mapping[str, str]] = ()
    choices: Sequence[Mapping[str, str]] = ()
    most: int = 1
    points: int = 7
    ranking: bool = False
    asks_context: bool = False
    promises: bool = False
    moderated: bool = False
    reveals: bool = False
    source: int = 0


def where_of(row: Workshop) -> Where:
    """Return what the rules must know of a workshop."""
    return Where(alliance=row.alliance_id or 0, workshop=row.pk)


def card_of_step(row: Step) -> StepCard:
    """Return a step as pages show it."""
    return StepCard(
        key=row.pk,
        number=row.position + 1,
        kind=row.kind,
        identity=row.identity,
        state=row.state,
        minutes=row.minutes,
        title=row.title,
        prompt=row.prompt,
        hint=row.hint,
        note=row.note,
        card=row.card,
        columns=tuple(row.columns),
        choices=tuple(row.choices),
        most=row.most,
        points=row.points,
        ranking=row.ranking,
        asks_context=row.asks_context,
        promises=row.promises,
        moderated=row.moderated,
        reveals=row.reveals,
        source=row.source_id or 0,
        revealed=row.revealed,
        card_shown=row.card_shown,
        released=row.released,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        clock_until=row.clock_until,
        clock=row.clock_left,
        changed=row.changed,
    )


def workshops_of(seat: Seat) -> tuple[WorkshopLine, ...]:
    """Return the workshops of the seat's alliance, the newest first.

    A person outside alliances gets the workshops they run there.
    """
    if seat.alliance:
        require(seat, Act.WORKSHOPS_LIST, Where(alliance=seat.alliance))
        rows = reach.workshops_within(seat)
    else:
        require(seat, Act.WORKSHOP_FOUND)
        rows = reach.workshops_of_person(seat.person)
    kept = list(rows.order_by("-made_at", "-pk").prefetch_related("steps"))
    people: dict[int, int] = {}
    for key in Attendee.objects.filter(workshop__in=kept, left_at=None).values_list(
        "workshop", flat=True
    ):
        people[key] = people.get(key, 0) + 1
    return tuple(
        WorkshopLine(
            key=row.pk,
            title=row.title,
            state=row.state,
            asynchronous=row.asynchronous,
            minutes=sum(step.minutes for step in row.steps.all()),
            steps=len(row.steps.all()),
            people=people.get(row.pk, 0),
            made_at=row.made_at,
            began_at=row.began_at,
            ended_at=row.ended_at,
        )
        for row in kept
    )


def workshop_before(seat: Seat, key: int, *, now: datetime) -> WorkshopCard:
    """Return a workshop as its page shows it.

    :raises Missing: for one out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=key).select_related("alliance").first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_READ, where_of(row))
    runs = may(seat, Act.WORKSHOP_RUN, where_of(row))
    valid = row.code_until is not None and now < row.code_until
    return WorkshopCard(
        key=row.pk,
        alliance=row.alliance_id or 0,
        alliance_name=row.alliance.name if row.alliance else "",
        time_zone=zone_of(row),
        title=row.title,
        state=row.state,
        asynchronous=row.asynchronous,
        language=row.language,
        names=row.names,
        walk_in=row.walk_in,
        shows_count=row.shows_count,
        code=row.code if runs and valid else "",
        code_until=row.code_until if valid else None,
        join=reach.join_link_of(row.nonce) if runs else "",
        wall=reach.wall_link_of(row.nonce) if runs else "",
        parties=tuple(PartyCard(one.pk, one.name, one.position) for one in row.parties.all()),
        steps=tuple(card_of_step(one) for one in row.steps.all()),
        current=row.current_id or 0,
        people=Attendee.objects.filter(workshop=row, left_at=None).count(),
        version=row.version,
        made_at=row.made_at,
        began_at=row.began_at,
        ended_at=row.ended_at,
        may_run=runs,
    )


@dataclass(frozen=True, slots=True)
class WallCard:
    """What the page of a wall knows before its stream begins."""

    key: int
    title: str
    language: str


def wall_before(link: str) -> WallCard:
    """Return the wall that a link shows.

    :raises Missing: for a link nobody was given.
    """
    row = reach.workshop_by_wall(link)
    return WallCard(row.pk, row.title, row.language)


def way_in(seat: Seat, key: int) -> str:
    """Return the secret part of the link into a workshop, for somebody with a seat there.

    :raises NotRunning: before it begins and after it ends.
    :raises Missing: for one out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=key).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_READ, where_of(row))
    if row.state != Workshop.State.RUNNING:
        raise NotRunning
    return reach.join_link_of(row.nonce)


def console_ticket(seat: Seat, key: int, *, now: datetime) -> str:
    """Return what opens the stream of a console for twelve hours.

    :raises Missing: for one out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=key).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    return reach.ticket_of(seat, key, now=now)


def zone_of(row: Workshop) -> str:
    """Return the time zone in which a workshop tells its moments."""
    return row.alliance.time_zone if row.alliance else "Europe/Amsterdam"


@transaction.atomic
def prepare_workshop(
    seat: Seat,
    *,
    title: str,
    agenda: str = "",
    short: bool = False,
    language: str = "en",
    organisations: Sequence[str] = (),
    asynchronous: bool = False,
    names: str = Workshop.Names.OPTIONAL,
    walk_in: bool = True,
    now: datetime,
    rng: Random,
) -> int:
    """Prepare a workshop in the seat's alliance, or outside alliances for the person alone.

    :param agenda: code of an agenda that comes with the product, "" to begin with an empty one.
    :param short: without the steps that only the long form has.
    :param organisations: whose people will come, outside an alliance; within one its parties.
    :returns: the key of the workshop.
    :raises Unfit: by field.
    """
    if seat.alliance:
        require(seat, Act.WORKSHOP_PREPARE, Where(alliance=seat.alliance))
    else:
        require(seat, Act.WORKSHOP_FOUND)
    given = tuple(dict.fromkeys(" ".join(legible(one).split()) for one in organisations))
    named = [one for one in given if one]
    faults = _faults_of(title, language, names)
    if agenda and agenda not in agendas.builtin():
        faults["agenda"] = _("Choose one of the agendas.")
    if len(named) > MOST_ORGANISATIONS:
        faults["organisations"] = _("Name at most %(most)s organisations.") % {
            "most": MOST_ORGANISATIONS
        }
    if any(len(one) > LONGEST_TITLE for one in named):
        faults["organisations"] = _("A name has at most %(most)s characters.") % {
            "most": LONGEST_TITLE
        }
    if faults:
        raise Unfit(faults)
    row = _made(seat, title, rng, now)
    row.language, row.names = language, names
    row.asynchronous, row.walk_in = asynchronous, walk_in
    row.save()
    _name_parties(row, named)
    if agenda:
        told = agendas.load(agenda)
        _write_agenda(row, (told.short() if short else told).steps)
    elif row.alliance_id:
        _write_agenda(row, ())
    record_of(seat, row, "workshop.prepare", now)
    return row.pk


@transaction.atomic
def duplicate_workshop(
    seat: Seat, key: int, *, title: str = "", now: datetime, rng: Random
) -> int:
    """Prepare a workshop with the agenda of another; people and answers stay behind.

    :param title: of the new one, "" for the same.
    :returns: the key of the new workshop.
    :raises Missing: for one out of reach.
    """
    old = reach.workshops_within(seat).filter(pk=key).first()
    if old is None:
        raise Missing
    require(seat, Act.WORKSHOP_RUN, where_of(old))
    row = _made(seat, title or old.title, rng, now)
    row.language, row.names = old.language, old.names
    row.asynchronous, row.walk_in, row.shows_count = old.asynchronous, old.walk_in, old.shows_count
    row.save()
    _name_parties(row, [one.name for one in old.parties.all()])
    made: dict[int, Step] = {}
    for one in old.steps.all():
        made[one.pk] = Step.objects.create(
            workshop=row,
            source=made.get(one.source_id or 0),
            **{name: getattr(one, name) for name in _COPIED},
            choices=[] if one.kind == Step.Kind.VOTE and one.source_id else one.choices,
        )
    record_of(seat, row, "workshop.prepare", now)
    return row.pk


_COPIED = (
    "position", "kind", "identity", "minutes", "title", "prompt", "hint", "note", "card",
    "columns", "most", "points", "ranking", "asks_context", "promises", "moderated", "reveals",
)  # fmt: skip


@transaction.atomic
def keep_workshop(
    seat: Seat,
    key: int,
    *,
    title: str,
    language: str,
    names: str,
    walk_in: bool,
    asynchronous: bool,
    now: datetime,
) -> None:
    """Change what a workshop is called and how people come in, until it ends.

    :raises Unfit: by field.
    :raises Ended: once it has ended.
    :raises Missing: for one out of reach.
    """
    row = _changeable(seat, key)
    faults = _faults_of(title, language, names)
    if faults:
        raise Unfit(faults)
    if row.state != Workshop.State.PREPARING:
        asynchronous = row.asynchronous
    row.title, row.language, row.names = _line(title), language, names
    row.walk_in, row.asynchronous = walk_in, asynchronous
    row.save()
    grow(row)
    record_of(seat, row, "workshop.keep", now)


@transaction.atomic
def write_step(seat: Seat, workshop: int, draft: StepDraft, *, key: int = 0) -> int:
    """Add a step at the end of the agenda, or write one anew that has never been opened.

    :param key: of the step to write anew, 0 to add one.
    :returns: the key of the step.
    :raises Unfit: by field.
    :raises Frozen: for one that has been opened.
    :raises Missing: for a workshop or step out of reach.
    """
    row = _changeable(seat, workshop)
    if key:
        step = reach.step_within(row, key)
        if step.opened_at is not None:
            raise Frozen
    else:
        last = Step.objects.filter(workshop=row).aggregate(last=Max("position"))["last"]
        step = Step(workshop=row, position=0 if last is None else last + 1)
        if step.position >= MOST_STEPS:
            raise Unfit({"": _("An agenda has at most %(most)s steps.") % {"most": MOST_STEPS}})
    _fill(step, row, draft)
    step.changed = grow(row)
    step.save()
    return step.pk


@transaction.atomic
def remove_step(seat: Seat, workshop: int, key: int) -> None:
    """Take a step off the agenda that has never been opened.

    :raises Frozen: for one that has been opened: skip it instead.
    :raises Missing: for a workshop or step out of reach.
    """
    row = _changeable(seat, workshop)
    step = reach.step_within(row, key)
    if step.opened_at is not None:
        raise Frozen
    step.delete()
    _number(row)
    grow(row)


@transaction.atomic
def move_step(seat: Seat, workshop: int, key: int, *, by: int) -> None:
    """Move a step up or down the agenda; it stays behind the step it works with.

    :param by: places to go, negative towards the beginning; beyond an end means to that end.
    :raises Missing: for a workshop or step out of reach.
    :raises Unfit: if it would come before its source, or behind a step that works with it.
    """
    row = _changeable(seat, workshop)
    step = reach.step_within(row, key)
    order = list(Step.objects.filter(workshop=row))
    order.remove(step)
    order.insert(min(max(step.position + by, 0), len(order)), step)
    place = {one.pk: at for at, one in enumerate(order)}
    if any(one.source_id and place[one.pk] < place[one.source_id] for one in order):
        raise Unfit({"": _("A step stays behind the step whose answers it works with.")})
    for at, one in enumerate(order):
        one.position = at
    Step.objects.bulk_update(order, ["position"])
    grow(row)


@transaction.atomic
def begin_workshop(seat: Seat, key: int, *, now: datetime, rng: Random) -> None:
    """Let people in: the workshop gets its code, and its first steps can open.

    :raises NoSteps: without an agenda.
    :raises Ended: once it has ended.
    :raises Missing: for one out of reach.
    """
    row = _changeable(seat, key)
    if row.state == Workshop.State.RUNNING:
        return
    if not Step.objects.filter(workshop=row).exists():
        raise NoSteps
    _join_newer_parties(row)
    row.state, row.began_at = Workshop.State.RUNNING, now
    _give_code(row, now, rng)
    grow(row)
    record_of(seat, row, "workshop.begin", now)


@transaction.atomic
def renew_code(seat: Seat, key: int, *, now: datetime, rng: Random) -> str:
    """Give a workshop that is under way a new code; the old one opens nothing any more.

    :returns: the code.
    :raises NotRunning: before it begins and after it ends.
    """
    row = _changeable(seat, key)
    if row.state != Workshop.State.RUNNING:
        raise NotRunning
    _give_code(row, now, rng)
    grow(row)
    return row.code


@transaction.atomic
def show_count(seat: Seat, key: int, *, shown: bool) -> None:
    """Show everybody how many are done, or only those who run the workshop.

    :raises Missing: for a workshop out of reach.
    """
    row = _changeable(seat, key)
    row.shows_count = shown
    row.save(update_fields=["shows_count"])
    grow(row)


def seconds_of(card: StepCard, now: datetime) -> int | None:
    """Return what the clock of a step shows, in whole seconds; ``None`` without a clock."""
    if card.clock is not None:
        return card.clock
    return None if card.clock_until is None else int((card.clock_until - now).total_seconds())


def seconds_left(step: Step, now: datetime) -> int | None:
    """Return what the clock of a step shows, in whole seconds; ``None`` without a clock."""
    if step.clock_left is not None:
        return step.clock_left
    if step.clock_until is None:
        return None
    return int((step.clock_until - now).total_seconds())


def record_of(seat: Seat, row: Workshop, act: str, now: datetime) -> None:
    """Note in the journal of the alliance, if the workshop belongs to one."""
    if row.alliance_id:
        record(seat, act, now=now, alliance=row.alliance_id, words={"workshop": row.title})


def texts_of(told: Mapping[str, str], *, longest: int = LONGEST_TEXT) -> dict[str, str]:
    """Return a text in both languages; one that stands alone is used for both.

    :raises ValueError: if it is longer than may be.
    """
    en, nl = legible(told.get("en", "")), legible(told.get("nl", ""))
    if max(len(en), len(nl)) > longest:
        raise ValueError
    return {"en": en or nl, "nl": nl or en} if en or nl else {}


def _fill(step: Step, workshop: Workshop, draft: StepDraft) -> None:
    """Write a draft into a step.

    :raises Unfit: by field.
    """
    if draft.kind not in IDENTITIES:
        raise Unfit({"kind": _("Choose what people will do.")})
    step.kind = draft.kind
    step.identity = draft.identity or IDENTITIES[draft.kind][0]
    faults = _fill_texts(step, draft) | _faults_in_numbers(step, draft)
    step.source = _source(step, workshop, draft.kind, draft.source, faults)
    if draft.kind == Step.Kind.VOTE and step.source is None and len(step.choices) < 2:  # noqa: PLR2004 - a choice is between two
        faults["choices"] = _("Name two things or more to choose from, or a themes step.")
    if draft.kind == Step.Kind.THEMES and step.source is None and "source" not in faults:
        faults["source"] = _("Choose the earlier step whose answers are gathered.")
    if faults:
        raise Unfit(faults)
    step.minutes, step.most, step.points = draft.minutes, draft.most, draft.points
    step.ranking, step.asks_context = draft.ranking, draft.asks_context
    step.promises = draft.promises and workshop.alliance_id is not None
    step.moderated, step.reveals = draft.moderated, draft.reveals


def _fill_texts(step: Step, draft: StepDraft) -> dict[str, str | Promise]:
    """Write the texts of a draft into a step; return what does not fit, by field."""
    faults: dict[str, str | Promise] = {}
    too_long = _("Write at most %(most)s characters.")
    for name in ("title", "prompt", "hint", "note", "card"):
        longest = LONGEST_TITLE if name == "title" else LONGEST_TEXT
        try:
            setattr(step, name, texts_of(getattr(draft, name), longest=longest))
        except ValueError:
            faults[name] = too_long % {"most": longest}
    for name, most in (("columns", MOST_COLUMNS), ("choices", MOST_CHOICES)):
        try:
            told = [texts_of(one, longest=LONGEST_TITLE) for one in getattr(draft, name)]
        except ValueError:
            faults[name] = too_long % {"most": LONGEST_TITLE}
            continue
        setattr(step, name, [one for one in told if one])
        if len(told) > most:
            faults[name] = _("Name at most %(most)s.") % {"most": most}
    if not step.title and "title" not in faults:
        faults["title"] = _("Say what the step is called.")
    if not step.prompt and "prompt" not in faults:
        faults["prompt"] = _("Write what people are asked.")
    return faults


def _faults_in_numbers(step: Step, draft: StepDraft) -> dict[str, str | Promise]:
    faults: dict[str, str | Promise] = {}
    if step.identity not in IDENTITIES[draft.kind]:
        faults["identity"] = _("In this kind of step answers cannot be signed so.")
    if not 1 <= draft.most <= MOST_ANSWERS:
        faults["most"] = _("Choose a number from 1 to %(most)s.") % {"most": MOST_ANSWERS}
    if draft.points not in POINTS:
        faults["points"] = _("A scale has 3 to 10 points.")
    if not 0 <= draft.minutes <= agendas.LONGEST:
        faults["minutes"] = _("Choose a number from 0 to %(most)s.") % {"most": agendas.LONGEST}
    if step.identity == Step.Identity.CONFIDENTIAL and (draft.most > 1 or step.columns):
        faults["most"] = _("In a confidential step everybody gives one answer.")
    return faults


def _source(
    step: Step, workshop: Workshop, kind: str, key: int, faults: dict[str, str | Promise]
) -> Step | None:
    if not key or kind not in SOURCES:
        return None
    found = Step.objects.filter(workshop=workshop, pk=key, kind__in=SOURCES[kind]).first()
    if found is None or found.position >= step.position:
        faults["source"] = _("Choose an earlier step whose answers this step can work with.")
        return None
    return found


def _faults_of(title: str, language: str, names: str) -> dict[str, str | Promise]:
    faults: dict[str, str | Promise] = {}
    if not 0 < len(_line(title)) <= LONGEST_TITLE:
        faults["title"] = _("Give the workshop a title of at most %(most)s characters.") % {
            "most": LONGEST_TITLE
        }
    if language not in LANGUAGES:
        faults["language"] = _("Choose English or Dutch.")
    if names not in Workshop.Names.values:
        faults["names"] = _("Choose one of the three.")
    return faults


def _line(text: str) -> str:
    return " ".join(legible(text).split())


def _made(seat: Seat, title: str, rng: Random, now: datetime) -> Workshop:
    nonce = rng.randbytes(16)
    return Workshop(
        alliance_id=seat.alliance or None,
        facilitator_id=seat.person,
        title=_line(title)[:LONGEST_TITLE],
        nonce=nonce,
        join_hash=reach.hash_of(reach.join_link_of(nonce)),
        wall_hash=reach.hash_of(reach.wall_link_of(nonce)),
        made_at=now,
    )


def _name_parties(row: Workshop, named: Sequence[str]) -> None:
    if row.alliance_id is None:
        WorkshopParty.objects.bulk_create(
            WorkshopParty(workshop=row, name=name, position=at) for at, name in enumerate(named)
        )
        return
    _join_newer_parties(row)


def _join_newer_parties(row: Workshop) -> None:
    """Take over the parties of the alliance that the workshop does not know yet."""
    if row.alliance_id is None:
        return
    known = set(WorkshopParty.objects.filter(workshop=row).values_list("party", flat=True))
    parties = Party.objects.filter(alliance=row.alliance_id).select_related("organisation")
    WorkshopParty.objects.bulk_create(
        WorkshopParty(workshop=row, party=one, name=one.organisation.name, position=one.position)
        for one in parties
        if one.pk not in known
    )


def _write_agenda(row: Workshop, told: Sequence[AgendaStep]) -> None:
    steps = list(told)
    if row.alliance_id and not any(step.promises for step in steps):
        opening = next(s for s in agendas.load("building_trust").steps if s.promises)
        steps.insert(0, opening)
    made: dict[str, Step] = {}
    for at, one in enumerate(steps):
        made[one.code] = Step.objects.create(
            workshop=row,
            position=at,
            kind=one.kind,
            identity=one.identity
            if one.identity in IDENTITIES[one.kind]
            else IDENTITIES[one.kind][0],
            minutes=one.minutes,
            **{name: _plain(one, name) for name in ("title", "prompt", "hint", "note", "card")},
            columns=[{"en": text.en, "nl": text.nl} for text in one.columns],
            choices=[{"en": text.en, "nl": text.nl} for text in one.choices],
            most=one.most,
            points=one.points,
            ranking=one.ranking,
            asks_context=one.asks_context,
            promises=one.promises and row.alliance_id is not None,
            reveals=one.reveals,
            moderated=one.moderated,
            source=made.get(one.source),
        )


def _plain(step: AgendaStep, name: str) -> dict[str, str]:
    text = getattr(step, name)
    return {"en": text.en, "nl": text.nl} if text.en else {}


def _number(row: Workshop) -> None:
    order = list(Step.objects.filter(workshop=row))
    for at, one in enumerate(order):
        one.position = at
    Step.objects.bulk_update(order, ["position"])


def _changeable(seat: Seat, key: int) -> Workshop:
    row = reach.locked_workshop(seat, key)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    if row.state == Workshop.State.ENDED:
        raise Ended
    return row


def _give_code(row: Workshop, now: datetime, rng: Random) -> None:
    """Give a code nobody else has; one that is over is free again."""
    Workshop.objects.filter(Q(code_until__lte=now) & ~Q(code="")).update(code="")
    while True:
        code = "".join(rng.choice(ALPHABET) for _sign in range(CODE_LENGTH))
        if not Workshop.objects.filter(code=code).exists():
            break
    row.code, row.code_until = code, now + CODE_LASTS
    row.save()
