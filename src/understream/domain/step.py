"""Run the agenda, live and over days alike: open, close, skip, extend, clock, reveal, card.

Each act names the step it is about and what the room was at when it was decided, so that two
facilitators who press the same key at once do not skip a step.
"""

from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, require
from understream.access.seat import SYSTEM, Seat
from understream.domain import pair, rehearsal, spotlight, vote
from understream.domain.letter import post, workshop_letter
from understream.domain.move import Changing, changing
from understream.domain.release import release_step
from understream.domain.workshop import (
    NotRunning,
    record_of,
    seconds_left,
    where_of,
    zone_of,
)
from understream.records.answer import Answer
from understream.records.attendee import Attendee, Ready
from understream.records.due import Due
from understream.records.seat import SeatRow
from understream.records.workshop import Step, Workshop

LONGEST_EXTENSION = timedelta(days=90)
REMIND_BEFORE = timedelta(days=1)
ENOUGH_ADMITTED = 5
"""People of one party without whom a confidential step shows nothing."""


class ElsewhereNow(Refused):
    """Somebody else has already moved the room on."""

    reason = _("A colleague has just moved the room on. Look where you are, and go on from there.")


class Released(Refused):
    """What was released stays released."""

    reason = _("What was said in this step has been released, so that it cannot open again.")


class NobodyAdmitted(Refused):
    """A confidential step counts only people who were let in by name and party."""

    reason = _(
        "A confidential step counts only people you have let in, with their organisation, and "
        "needs five of one organisation. Let in who is here first."
    )


@transaction.atomic
def open_step(
    seat: Seat,
    workshop: int,
    key: int,
    *,
    at: int,
    until: datetime | None = None,
    now: datetime,
    rng: Random,
) -> None:
    """Open a step, for the first time or again; the open one closes with that in a live workshop.

    :param at: key of the step the room was at when this was decided, 0 for none.
    :param until: when it closes by itself, for a step that stays open for days.
    :raises ElsewhereNow: if the room is at another step by now.
    :raises Released: for a confidential step that has been released.
    :raises NobodyAdmitted: for a confidential step nobody could take part in.
    :raises NotRunning: if the workshop is not under way.
    :raises Missing: for a workshop or step out of reach.
    """
    row = _running(seat, workshop)
    step = reach.step_within(row, key)
    if (row.current_id or 0) != at:
        raise ElsewhereNow
    if step.released:
        raise Released
    if step.state == Step.State.OPEN:
        return
    _check_admitted(step)
    _check_until(until, now)
    former = row.current if not row.asynchronous else None
    ends = former is not None and former.pk != step.pk and former.state == Step.State.OPEN
    release = ends and former is not None and former.identity == Step.Identity.CONFIDENTIAL
    if release and former is not None:
        _close(seat, row, former, now, rng)
        ends = False
    words = {"step": _name_of(step, row)}
    with changing(seat, row, "step.open", now=now, words=words) as log:
        if ends and former is not None:
            _shut(former, log, now)
        _open(step, row, log, until, now, rng)


@transaction.atomic
def close_step(seat: Seat, workshop: int, key: int, *, now: datetime, rng: Random) -> None:
    """Close a step: votes and scales are shown, a confidential one is released for good.

    :raises NotRunning: if the workshop is not under way.
    :raises Missing: for a workshop or step out of reach, or one that is not open.
    """
    row = _running(seat, workshop)
    step = reach.step_within(row, key)
    if step.state != Step.State.OPEN:
        return
    _close(seat, row, step, now, rng)


@transaction.atomic
def skip_step(seat: Seat, workshop: int, key: int, *, now: datetime) -> None:
    """Leave out a step that has not been opened; it can be opened later all the same.

    :raises NotRunning: if the workshop is not under way.
    :raises Missing: for a workshop or step out of reach.
    """
    row = _running(seat, workshop)
    step = reach.step_within(row, key)
    if step.state != Step.State.WAITING:
        return
    with changing(seat, row, "step.skip", now=now, words={"step": _name_of(step, row)}) as log:
        log.change(step, state=Step.State.SKIPPED)


@transaction.atomic
def extend_step(
    seat: Seat, workshop: int, key: int, *, minutes: int = 0, until: datetime | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Give a step more time: minutes on its clock, or a later end if it stays open for days.

    :param minutes: to add, from now if the clock is at zero or was never set.
    :param until: the new end.
    :raises Unfit: for minutes or an end that make no sense.
    :raises Missing: for a workshop or step out of reach, or one that is not open.
    """
    row = _running(seat, workshop)
    step = reach.step_within(row, key)
    if step.state != Step.State.OPEN:
        raise Missing
    _check_until(until, now)
    if until is None and not 1 <= minutes <= 24 * 60:  # a day
        raise Unfit({"minutes": _("Choose a number of minutes, 1 or more.")})
    with changing(seat, row, "step.extend", now=now, words={"step": _name_of(step, row)}) as log:
        if until is not None:
            log.change(step, closes_at=until)
            _fall_due(step, until, now)
        elif step.clock_left is not None:
            log.change(step, clock_left=max(step.clock_left, 0) + 60 * minutes)
        else:
            begin = max(step.clock_until or now, now)
            log.change(step, clock_until=begin + timedelta(minutes=minutes))


@transaction.atomic
def pause_clock(seat: Seat, workshop: int, key: int, *, runs: bool, now: datetime) -> None:
    """Stop the clock of a step or let it run on; nothing else ever depends on it.

    :raises Missing: for a workshop or step out of reach, or a step without a clock.
    """
    row = _running(seat, workshop)
    step = reach.step_within(row, key)
    left = seconds_left(step, now)
    if left is None:
        raise Missing
    if runs == (step.clock_left is None):
        return
    with changing(seat, row, "clock.run" if runs else "clock.pause", now=now) as log:
        if runs:
            log.change(step, clock_until=now + timedelta(seconds=left), clock_left=None)
        else:
            log.change(step, clock_left=max(left, 0), clock_until=None)


@transaction.atomic
def reveal_step(seat: Seat, workshop: int, key: int, *, now: datetime) -> None:
    """Show on the wall what was written in private so far, and what comes from now on.

    :raises Missing: for a workshop or step out of reach.
    """
    _show(seat, workshop, key, "step.reveal", now, revealed=True)


@transaction.atomic
def show_card(seat: Seat, workshop: int, key: int, *, shown: bool, now: datetime) -> None:
    """Show the card of a step, what research says, or put it away again.

    :raises Missing: for a workshop or step out of reach, or a step without a card.
    """
    _show(seat, workshop, key, "step.card", now, card_shown=shown)


@transaction.atomic
def end_workshop(seat: Seat, key: int, *, now: datetime, rng: Random) -> None:
    """End a workshop: what is open closes, the code opens nothing any more; reading stays.

    :raises NotRunning: if it is not under way.
    :raises Missing: for one out of reach.
    """
    row = _running(seat, key)
    for step in Step.objects.filter(workshop=row, state=Step.State.OPEN):
        step.workshop = row
        _close(seat, row, step, now, rng)
    row.state, row.ended_at, row.code = Workshop.State.ENDED, now, ""
    row.save()
    record_of(seat, row, "workshop.end", now)


@transaction.atomic
def invite_to_workshop(seat: Seat, key: int, *, now: datetime) -> int:
    """Write to everybody with a seat in the alliance where the workshop is.

    :returns: to how many.
    :raises NotRunning: before it begins and after it ends.
    :raises Missing: for one out of reach, or outside alliances.
    """
    row = _running(seat, key)
    if row.alliance_id is None:
        raise Missing
    rows = SeatRow.objects.filter(alliance=row.alliance_id, left_at=None, party__isnull=False)
    people = [one.person for one in rows.select_related("person")]
    until = max((s.closes_at for s in row.steps.all() if s.closes_at), default=None)
    post(
        workshop_letter(
            to=one.email, name=one.name, language=one.language, workshop=row.title,
            until=until, zone=zone_of(row), link=reach.join_link_of(row.nonce), reminder=False,
        )
        for one in people
    )  # fmt: skip
    record_of(seat, row, "workshop.invite", now)
    return len(people)


def close_due(key: int, *, now: datetime, rng: Random) -> None:
    """Close a step whose end has come; harmless if it was moved or has closed."""
    found = Step.objects.filter(pk=key).values_list("workshop", flat=True).first()
    row = (
        Workshop.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=found or 0, state=Workshop.State.RUNNING)
        .first()
    )
    if row is None:
        return
    step = reach.step_within(row, key)
    if step.state == Step.State.OPEN and step.closes_at is not None and step.closes_at <= now:
        _close(SYSTEM, row, step, now, rng)


def remind_due(key: int, *, now: datetime) -> None:
    """Write once more before a step closes, to all of the alliance who are not done with it.

    Never to a chosen person; of a confidential step to everybody, as nobody knows who answered.
    """
    step = Step.objects.filter(pk=key, state=Step.State.OPEN).select_related("workshop").first()
    if step is None or step.closes_at is None or step.workshop.alliance_id is None:
        return
    if not step.closes_at - REMIND_BEFORE <= now < step.closes_at:
        return
    row = step.workshop
    people = SeatRow.objects.filter(alliance=row.alliance_id, left_at=None, party__isnull=False)
    if step.identity != Step.Identity.CONFIDENTIAL:
        done = Ready.objects.filter(step=step).values("attendee__person")
        said = Answer.objects.filter(step=step).values("attendee__person")
        finished = Attendee.objects.filter(workshop=row, person__isnull=False).filter(
            Q(person__in=done) | Q(person__in=said)
        )
        people = people.exclude(person__in=finished.values("person"))
    post(
        workshop_letter(
            to=one.person.email, name=one.person.name, language=one.person.language,
            workshop=row.title, until=step.closes_at, zone=zone_of(row),
            link=reach.join_link_of(row.nonce), reminder=True,
        )
        for one in people.select_related("person")
    )  # fmt: skip


# ---------------------------------------------------------------------------- within


def _running(seat: Seat, key: int) -> Workshop:
    row = reach.locked_workshop(seat, key)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    if row.state != Workshop.State.RUNNING:
        raise NotRunning
    return row


def _name_of(step: Step, row: Workshop) -> str:
    return step.title.get(row.language, "") or str(step)


def _check_until(until: datetime | None, now: datetime) -> None:
    if until is not None and not now < until <= now + LONGEST_EXTENSION:
        raise Unfit({"until": _("Choose a moment in the coming ninety days.")})


def _check_admitted(step: Step) -> None:
    if step.identity != Step.Identity.CONFIDENTIAL:
        return
    parties = Attendee.objects.filter(
        workshop=step.workshop_id, left_at=None, admitted_at__isnull=False, party__isnull=False
    ).values_list("party", flat=True)
    counted: dict[int | None, int] = {}
    for one in parties:
        counted[one] = counted.get(one, 0) + 1
    if max(counted.values(), default=0) < ENOUGH_ADMITTED:
        raise NobodyAdmitted


def _open(
    step: Step, row: Workshop, log: Changing, until: datetime | None, now: datetime, rng: Random
) -> None:
    first = step.opened_at is None
    clock = now + timedelta(minutes=step.minutes) if step.minutes and until is None else None
    log.change(
        step,
        state=Step.State.OPEN,
        clock_until=clock,
        clock_left=None,
        closes_at=until,
        closed_at=None,
    )
    if first:
        # Kept, and not undone: from now on who sees the answers is frozen.
        log.keep(step, opened_at=now, revealed=not step.reveals)
    if step.kind == Step.Kind.VOTE:
        if step.source is not None and first:
            log.keep(step, choices=vote.choices_from_themes(step.source))
        log.change(step, results=None)
    if step.kind == Step.Kind.PAIRS:
        pair.form_pairs(step, log, now=now, rng=rng)
    if step.kind == Step.Kind.REHEARSAL:
        rehearsal.form_groups(step, log, now=now, rng=rng)
    log.change(row, current=step)
    log.people()
    log.themes()
    if until is not None:
        _fall_due(step, until, now)


def _fall_due(step: Step, until: datetime, now: datetime) -> None:
    Due.objects.get_or_create(kind="step.close", key=step.pk, at=until)
    if until - REMIND_BEFORE > now:
        Due.objects.get_or_create(kind="step.remind", key=step.pk, at=until - REMIND_BEFORE)


def _close(seat: Seat, row: Workshop, step: Step, now: datetime, rng: Random) -> None:
    """Close an open step in an act of its own."""
    words = {"step": _name_of(step, row)}
    if step.identity == Step.Identity.CONFIDENTIAL:
        with changing(seat, row, "step.release", now=now, words=words) as log:
            results = release_step(step, version=log.version, now=now, rng=rng)
            log.keep(step, state=Step.State.CLOSED, closed_at=now, results=results,
                     released=True, revealed=True, clock_until=None, clock_left=None)  # fmt: skip
            log.people()
        return
    with changing(seat, row, "step.close", now=now, words=words) as log:
        _shut(step, log, now)


def _shut(step: Step, log: Changing, now: datetime) -> None:
    left = seconds_left(step, now)
    log.change(
        step,
        state=Step.State.CLOSED,
        closed_at=now,
        revealed=True,
        clock_until=None,
        clock_left=max(left, 0) if left is not None else None,
    )
    if step.kind == Step.Kind.VOTE:
        log.change(step, results=vote.count_vote(step))
    if step.kind == Step.Kind.SPOTLIGHT:
        spotlight.end_turns(step, log.version)
    log.people()


def _show(seat: Seat, workshop: int, key: int, act: str, now: datetime, **fields: bool) -> None:
    row = _running(seat, workshop)
    step = reach.step_within(row, key)
    if "card_shown" in fields and not step.card:
        raise Missing
    if all(getattr(step, name) == value for name, value in fields.items()):
        return
    with changing(seat, row, act, now=now, words={"step": _name_of(step, row)}) as log:
        log.change(step, **fields)
