"""What a workshop shows at a version: to phones, to the wall, and what concerns one person.

A scene is read whole, or only what changed since a version that its reader has already seen. The
parts that are small come whole each time; answers come one by one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain import pair, rehearsal, spotlight
from understream.domain.alliance import PartyCard
from understream.domain.answer import slots_of, standing_of
from understream.domain.pair import GroupCard, party_card
from understream.domain.scale import ScaleLine, ScaleMark, lines_of, marks_of
from understream.domain.spotlight import Invited, Speaker
from understream.domain.theme import ThemeCard, frequent_words, order_in, themes_in
from understream.domain.voice import own_whispers
from understream.domain.vote import ChoiceCount, counts_of
from understream.domain.workshop import StepCard, card_of_step, where_of
from understream.records.answer import Answer
from understream.records.attendee import Attendee, Ready
from understream.records.commitment import Commitment
from understream.records.workshop import Step, Workshop

FEW = 5
MOST_PROMISES = 12


@dataclass(frozen=True, slots=True)
class Room:
    """What everybody in the room may know; the same for all phones.

    :ivar step: what the room is at, ``None`` before the first step.
    :ivar open: every open step, for a workshop over days, in the order of the agenda.
    :ivar answers: how many answers there are; of a confidential step -1 for fewer than five, or 5.
    :ivar ready: how many say they are done, -1 if that is hidden; ``people`` who are here.
    :ivar people_changed: the version at which phones must look anew at what concerns them.
    """

    version: int
    title: str
    state: str
    asynchronous: bool
    steps: int
    step: StepCard | None
    open: tuple[StepCard, ...]
    answers: int
    ready: int
    people: int
    people_changed: int


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """An answer, signed as its step says.

    :ivar name: "" where names are not shown.
    :ivar state: ``shown``, or for who runs the workshop ``waiting`` and ``held`` too; ``gone``
        tells a reader of changes to take it away.
    """

    key: int
    step: int
    column: int
    text: str
    context: str
    name: str
    parties: tuple[PartyCard, ...]
    state: str
    value: Mapping[str, Any] | None
    number: int
    proxy: bool
    paraphrased: bool


@dataclass(frozen=True, slots=True)
class Wall:
    """What the wall shows, whole or changed since a version.

    :ivar whole: whether this replaces what was shown; else ``answers`` are only those changed,
        and ``themes`` is ``None`` if they have not.
    :ivar promises: what was promised last time, with what became of it, for a step that asks.
    :ivar code: to join with, "" once it is over; ``join`` is the secret part of the link.
    """

    room: Room
    whole: bool
    code: str
    join: str
    answers: tuple[AnswerCard, ...]
    themes: tuple[ThemeCard, ...] | None
    beside: tuple[int, ...]
    counts: tuple[ChoiceCount, ...]
    lines: tuple[ScaleLine, ...]
    marks: tuple[ScaleMark, ...]
    speakers: tuple[Speaker, ...]
    turns: int
    promises: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Personal:
    """What concerns one person and nobody else.

    :ivar counted: whether a confidential step counts this person.
    """

    key: int
    name: str
    party: PartyCard | None
    admitted: bool
    left: bool
    claimed: bool
    group: GroupCard | None
    invited: Invited | None
    counted: bool


@dataclass(frozen=True, slots=True)
class Own:
    """What one person has put in so far: by step, and the steps they say they are done with."""

    personal: Personal
    answers: Mapping[int, tuple[dict[str, object], ...]]
    done: tuple[int, ...]


def room_of(row: Workshop, *, now: datetime) -> Room:
    """Return what everybody in a workshop may know."""
    del now
    steps = list(Step.objects.filter(workshop=row))
    step = next((one for one in steps if one.pk == row.current_id), None)
    ready, answers = 0, 0
    if step is not None:
        ready = Ready.objects.filter(step=step, attendee__left_at=None).count()
        if step.identity == Step.Identity.CONFIDENTIAL and not step.released:
            answers = FEW if ready >= FEW else -1
        else:
            said = Answer.objects.filter(step=step).exclude(state=Answer.State.WITHDRAWN)
            answers = said.count()
    return Room(
        version=row.version,
        title=row.title,
        state=row.state,
        asynchronous=row.asynchronous,
        steps=len(steps),
        step=_open_card(step) if step is not None else None,
        open=tuple(_open_card(one) for one in steps if one.state == Step.State.OPEN),
        answers=answers,
        ready=ready if row.shows_count else -1,
        people=Attendee.objects.filter(workshop=row, left_at=None).count(),
        people_changed=row.people_changed,
    )


def _open_card(step: Step) -> StepCard:
    """Return a step without what only who runs the workshop reads."""
    step.note = {}
    if not step.card_shown:
        step.card = {}
    return card_of_step(step)


def room_before(workshop: int, *, now: datetime) -> Room:
    """Return what everybody in a workshop may know, by its key.

    :raises Missing: if it is not there.
    """
    return room_of(_row(workshop), now=now)


def wall_of(workshop: int, *, since: int = 0, now: datetime) -> Wall:
    """Return what the wall shows, or what changed after a version.

    :param since: a version that the reader has seen; 0 for everything.
    :raises Missing: if the workshop is not there.
    """
    row = _row(workshop)
    room = room_of(row, now=now)
    step = Step.objects.filter(pk=row.current_id or 0).select_related("source__source").first()
    whole = not since or since > row.version or step is None or step.changed > since
    told = _answers_on(step, since=0 if whole else since)
    valid = row.code_until is not None and now < row.code_until
    themed = whole or row.themes_changed > since
    return Wall(
        room=room,
        whole=whole,
        code=row.code if valid else "",
        join=reach.join_link_of(row.nonce) if row.state == Workshop.State.RUNNING else "",
        answers=told,
        themes=_themes(step) if themed else None,
        beside=order_in(step) if step is not None and step.kind == Step.Kind.THEMES else (),
        counts=counts_of(step) if step is not None else (),
        lines=lines_of(step) if step is not None else (),
        marks=marks_of(step) if step is not None else (),
        speakers=speakers_on(step),
        turns=rehearsal.count_turns(step.pk) if step and step.kind == Step.Kind.REHEARSAL else 0,
        promises=promises_in(row) if step is not None and step.promises else (),
    )


def speakers_on(step: Step | None) -> tuple[Speaker, ...]:
    """Return who spoke and speaks in a step, if it is a spotlight."""
    if step is None or step.kind != Step.Kind.SPOTLIGHT:
        return ()
    return spotlight.speakers_in(step)


def _themes(step: Step | None) -> tuple[ThemeCard, ...]:
    if step is None or step.kind != Step.Kind.THEMES:
        return ()
    return tuple(
        one if one.shows else ThemeCard(one.key, one.name, one.paraphrase, (), False, one.changed)
        for one in themes_in(step)
    )


def _shown_step(step: Step | None) -> Step | None:
    """Return the step whose answers the wall shows: its own, or those that are gathered."""
    if step is None:
        return None
    return step.source if step.kind == Step.Kind.THEMES else step


def _answers_on(step: Step | None, *, since: int) -> tuple[AnswerCard, ...]:
    shown = _shown_step(step)
    if step is None or shown is None or shown.kind in _NEVER or not shown.revealed:
        return ()
    rows = Answer.objects.filter(step=shown)
    rows = rows.filter(changed__gt=since) if since else rows.filter(state=Answer.State.SHOWN)
    hidden = _too_few(step)
    return tuple(
        answer_card(one, shown, gone=one.state != Answer.State.SHOWN or one.pk in hidden)
        for one in rows.select_related("party", "attendee")
        if not (not since and one.pk in hidden)
    )


_NEVER = frozenset({Step.Kind.VOTE, Step.Kind.SCALE, Step.Kind.SPOTLIGHT, Step.Kind.REHEARSAL})


def _too_few(step: Step) -> set[int]:
    """Return confidential answers that lie in a theme with too few of them to be shown."""
    if step.kind != Step.Kind.THEMES:
        return set()
    return {key for one in themes_in(step) if not one.shows for key in one.answers}


def answer_card(row: Answer, step: Step, *, gone: bool = False) -> AnswerCard:
    """Return an answer as others may read it; of one that is gone nothing but its key."""
    named = step.identity == Step.Identity.NAMED and not gone
    parties = () if gone else _parties_of(row)
    name = row.attendee.name if named and row.attendee is not None else ""
    if named and row.group_id and not name:
        name = ", ".join((row.value or {}).get("names", ()))
    return AnswerCard(
        key=row.pk,
        step=row.step_id,
        column=row.column,
        text="" if gone else row.paraphrase or row.text,
        context="" if gone or row.paraphrase else row.context,
        name=name,
        parties=parties,
        state="gone" if gone else row.state,
        value=None if gone or row.group_id else row.value,
        number=row.number,
        proxy=bool(row.proxy_by) and not gone,
        paraphrased=bool(row.paraphrase) and not gone,
    )


def _parties_of(row: Answer) -> tuple[PartyCard, ...]:
    if row.parties:
        return tuple(PartyCard(0, "", position) for position in row.parties)
    card = party_card(row.party)
    return (card,) if card is not None else ()


def answers_to_read(seat: Seat, workshop: int, step: int) -> tuple[AnswerCard, ...]:
    """Return every answer of a step to who runs the workshop, signed as everybody sees it.

    Nothing of a confidential step before it is released.

    :raises Missing: for a workshop or step out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    if found.kind in _NEVER:
        return ()
    rows = Answer.objects.filter(step=found).exclude(state=Answer.State.WITHDRAWN)
    return tuple(answer_card(one, found) for one in rows.select_related("party", "attendee"))


@dataclass(frozen=True, slots=True)
class Board:
    """What who runs the workshop sees of a step beside its answers.

    :ivar themes: with all that lies in them; ``beside`` the order in which answers were laid.
    :ivar words: the most frequent words of the answers, with the number of answers.
    :ivar asking: whether somebody is asked to speak and has not answered.
    """

    themes: tuple[ThemeCard, ...]
    beside: tuple[int, ...]
    words: tuple[tuple[str, int], ...]
    speakers: tuple[Speaker, ...]
    asking: bool
    turns: int
    counts: tuple[ChoiceCount, ...]
    lines: tuple[ScaleLine, ...]
    marks: tuple[ScaleMark, ...]
    promises: tuple[tuple[str, str, str, str], ...]


def board_of(seat: Seat, workshop: int, step: int) -> Board:
    """Return what who runs the workshop sees of a step beside its answers.

    :raises Missing: for a workshop or step out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    themed = found.kind == Step.Kind.THEMES
    texts: list[str] = []
    if themed and found.source_id:
        shown = Answer.objects.filter(step=found.source_id, state=Answer.State.SHOWN)
        texts = [one.paraphrase or one.text for one in shown]
    return Board(
        themes=themes_in(found) if themed else (),
        beside=order_in(found) if themed else (),
        words=frequent_words(texts),
        speakers=speakers_on(found),
        asking=found.kind == Step.Kind.SPOTLIGHT and spotlight.is_asking(found),
        turns=rehearsal.count_turns(found.pk) if found.kind == Step.Kind.REHEARSAL else 0,
        counts=counts_of(found),
        lines=lines_of(found),
        marks=marks_of(found),
        promises=promises_in(row) if found.promises else (),
    )


def promises_in(row: Workshop) -> tuple[tuple[str, str, str, str], ...]:
    """Return what stands between the parties: giver, receiver, action, and what became of it."""
    if row.alliance_id is None:
        return ()
    rows = (
        Commitment.objects.filter(alliance=row.alliance_id, state=Commitment.State.STANDING)
        .filter(stood_at__lt=row.began_at or row.made_at)
        .select_related("giver__organisation", "receiver__organisation")
        .prefetch_related("judgements")
        .order_by("-due_on", "-pk")[:MOST_PROMISES]
    )
    told = []
    for one in rows:
        outcomes = {judged.outcome for judged in one.judgements.all()}
        both = len(one.judgements.all()) > 1
        kind = outcomes.pop() if both and len(outcomes) == 1 else "split" if both else "open"
        told.append(
            (one.giver.organisation.name, one.receiver.organisation.name, one.action, kind)
        )
    return tuple(told)


def personal_of(
    workshop: int, *, since: int, attendees: Collection[int], now: datetime
) -> dict[int, Personal]:
    """Return what concerns each of these people, of those for whom it changed after a version.

    :param attendees: keys of people who are connected here.
    """
    row = _row(workshop)
    rows = Attendee.objects.filter(workshop=row, pk__in=list(attendees)).select_related("party")
    if row.people_changed <= since:
        rows = rows.filter(changed__gt=since)
    return _personal(row, list(rows), now)


def _personal(row: Workshop, rows: Sequence[Attendee], now: datetime) -> dict[int, Personal]:
    step = Step.objects.filter(pk=row.current_id).first() if row.current_id else None
    keys = [one.pk for one in rows]
    groups: dict[int, GroupCard] = {}
    invited: dict[int, Invited] = {}
    if step is not None and step.kind in (Step.Kind.PAIRS, Step.Kind.REHEARSAL) and keys:
        groups = pair.groups_for(step, keys, now=now)
    if step is not None and step.kind == Step.Kind.SPOTLIGHT and keys:
        invited = spotlight.invited_in(step, keys)
    return {
        one.pk: Personal(
            key=one.pk,
            name=one.name,
            party=party_card(one.party),
            admitted=one.admitted_at is not None,
            left=one.left_at is not None,
            claimed=one.person_id is not None,
            group=groups.get(one.pk),
            invited=invited.get(one.pk),
            counted=_counted(one, step),
        )
        for one in rows
    }


def _counted(one: Attendee, step: Step | None) -> bool:
    if step is None or step.identity != Step.Identity.CONFIDENTIAL or step.opened_at is None:
        return True
    return (
        one.admitted_at is not None
        and one.admitted_at <= step.opened_at
        and one.party_id is not None
    )


def own_of(token: str, workshop: int, *, now: datetime) -> Own:
    """Return what the holder of a place's secret has put in, and what concerns them.

    :raises Missing: for a secret nobody there holds.
    """
    place = reach.attendee_by(token, workshop)
    row = place.workshop
    steps = {
        one.pk: one
        for one in Step.objects.filter(workshop=row, opened_at__isnull=False)
        if one.state == Step.State.OPEN or one.pk == row.current_id
    }
    answers: dict[int, tuple[dict[str, object], ...]] = {}
    mine: dict[int, list[dict[str, object]]] = {}
    for one in Answer.objects.filter(step__in=steps, attendee=place).order_by("slot"):
        mine.setdefault(one.step_id, []).append(standing_of(one))
    for key, step in steps.items():
        if step.identity == Step.Identity.CONFIDENTIAL and not step.released:
            answers[key] = own_whispers(token, key, slots_of(step))
        elif key in mine:
            answers[key] = tuple(mine[key])
    done = Ready.objects.filter(step__in=steps, attendee=place).values_list("step", flat=True)
    return Own(_personal(row, [place], now)[place.pk], answers, tuple(done))


def attendee_of(token: str, workshop: int) -> int:
    """Return the key of the place whose secret this is.

    :raises Missing: for a secret nobody there holds.
    """
    require(None, Act.WORKSHOP_JOIN)
    return reach.attendee_by(token, workshop).pk


def workshop_on_wall(link: str) -> int:
    """Return the key of the workshop that a wall's link shows.

    :raises Missing: for a link nobody was given.
    """
    return reach.workshop_by_wall(link).pk


def workshop_on_console(ticket: str, *, now: datetime) -> int:
    """Return the key of the workshop that a console's ticket is for; who holds it is asked anew.

    :raises Missing: for a ticket that is false or over, or whose holder may not run it any more.
    """
    try:
        seat, workshop = reach.seat_by_ticket(ticket, now=now)
    except ValueError:
        raise Missing from None
    row = _row(workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    return workshop


def _row(key: int) -> Workshop:
    row = Workshop.objects.filter(pk=key).first()
    if row is None:
        raise Missing
    return row
