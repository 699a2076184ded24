"""Ask somebody to tell the room more: fairly, in private, and free to pass without a trace."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.answer import StepClosed
from understream.domain.attendee import is_here
from understream.domain.move import changing
from understream.domain.pair import party_card
from understream.domain.version import grow
from understream.domain.workshop import where_of
from understream.records.answer import Answer
from understream.records.attendee import Attendee
from understream.records.pair import Place
from understream.records.spotlight import Turn
from understream.records.workshop import Step, Workshop


class NobodyLeft(Refused):
    """Everybody who is here has spoken, or would rather not."""

    reason = _("Nobody is left to ask. Ask the room who would like to say something.")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who tells more, and about which answer of theirs."""

    name: str
    party: PartyCard | None
    text: str
    heard: bool


@dataclass(frozen=True, slots=True)
class Invited:
    """What somebody who is asked sees, and nobody else.

    :ivar speaking: whether they have said yes.
    :ivar text: the answer they would tell more about, "" for none.
    """

    step: int
    speaking: bool
    text: str


@transaction.atomic
def draw_speaker(seat: Seat, workshop: int, step: int, *, now: datetime, rng: Random) -> None:
    """Ask somebody who has been heard least, of the party that was; only they see it.

    Who was asked before and has not answered is asked no more. An open invitation is all that
    anybody else can see of it.

    :raises NobodyLeft: if nobody who is here can be asked.
    :raises StepClosed: if the step is not open.
    :raises Missing: for a step that is not there or no spotlight.
    """
    row, found = _at_work(seat, workshop, step)
    version = grow(row)
    for turn in Turn.objects.filter(step=found, state=Turn.State.ASKED):
        Attendee.objects.filter(pk=turn.attendee_id).update(passes=found, changed=version)
        turn.delete()
    if not _ask(found, version, now, rng):
        raise NobodyLeft


@transaction.atomic
def answer_turn(
    token: str, workshop: int, step: int, *, accepts: bool, now: datetime, rng: Random
) -> None:
    """Say yes, or pass. Who passes is not asked again in this step, and another person is.

    :raises StepClosed: if the step is not open.
    :raises Missing: for somebody who was not asked.
    """
    row = Workshop.objects.select_for_update(of=("self",), no_key=True).filter(pk=workshop).first()
    if row is None:
        raise Missing
    place = reach.attendee_by(token, workshop)
    found = reach.step_within(row, step)
    turn = Turn.objects.filter(step=found, attendee=place, state=Turn.State.ASKED).first()
    if found.state != Step.State.OPEN:
        raise StepClosed
    if turn is None:
        raise Missing
    version = grow(row)
    if accepts:
        Turn.objects.filter(step=found, state=Turn.State.SPEAKING).update(state=Turn.State.HEARD)
        turn.state = Turn.State.SPEAKING
        turn.save(update_fields=["state"])
        Attendee.objects.filter(pk=place.pk).update(heard=place.heard + 1, changed=version)
    else:
        turn.delete()
        Attendee.objects.filter(pk=place.pk).update(passes=found, changed=version)
        _ask(found, version, now, rng)
    found.changed = version
    found.save(update_fields=["changed"])


@transaction.atomic
def thank_speaker(seat: Seat, workshop: int, step: int, *, now: datetime) -> None:
    """Thank who is speaking: the spotlight is free again.

    :raises Missing: if nobody speaks.
    """
    row, found = _at_work(seat, workshop, step)
    turn = Turn.objects.filter(step=found, state=Turn.State.SPEAKING).first()
    if turn is None:
        raise Missing
    with changing(seat, row, "turn.end", now=now) as log:
        log.change(turn, state=Turn.State.HEARD)
        log.keep(found)
        Attendee.objects.filter(pk=turn.attendee_id).update(changed=log.version)


def end_turns(step: Step, version: int) -> None:
    """Forget who was asked and who passed; called when the step closes."""
    Turn.objects.filter(step=step, state=Turn.State.ASKED).delete()
    Turn.objects.filter(step=step, state=Turn.State.SPEAKING).update(state=Turn.State.HEARD)
    Attendee.objects.filter(passes=step).update(passes=None, changed=version)


def speakers_in(step: Step) -> tuple[Speaker, ...]:
    """Return who has said yes in a spotlight step, in their order; the last may be speaking."""
    turns = Turn.objects.filter(step=step).exclude(state=Turn.State.ASKED)
    return tuple(
        Speaker(
            name=one.attendee.name,
            party=party_card(one.attendee.party),
            text=(one.answer.paraphrase or one.answer.text) if one.answer is not None else "",
            heard=one.state == Turn.State.HEARD,
        )
        for one in turns.select_related("attendee__party", "answer")
    )


def is_asking(step: Step) -> bool:
    """Tell whether an invitation is out."""
    return Turn.objects.filter(step=step, state=Turn.State.ASKED).exists()


def invited_in(step: Step, attendees: list[int]) -> dict[int, Invited]:
    """Return who of these people is asked or speaks, by their key."""
    turns = Turn.objects.filter(step=step, attendee__in=attendees).exclude(state=Turn.State.HEARD)
    return {
        one.attendee_id: Invited(
            step.pk,
            one.state == Turn.State.SPEAKING,
            (one.answer.paraphrase or one.answer.text) if one.answer is not None else "",
        )
        for one in turns.select_related("answer")
    }


def _at_work(seat: Seat, workshop: int, step: int) -> tuple[Workshop, Step]:
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    if found.kind != Step.Kind.SPOTLIGHT:
        raise Missing
    if found.state != Step.State.OPEN:
        raise StepClosed
    return row, found


def _ask(step: Step, version: int, now: datetime, rng: Random) -> bool:
    asked = set(Turn.objects.filter(step=step).values_list("attendee", flat=True))
    rows = Attendee.objects.filter(workshop=step.workshop_id, left_at=None).select_related("party")
    everybody = list(rows.order_by("pk"))
    free = [
        one
        for one in everybody
        if is_here(one, now) and one.pk not in asked and one.passes_id != step.pk
    ]
    if not free:
        return False
    said = _said_in(step.source) if step.source is not None else {}
    wanted = [one for one in free if one.pk in said] or free
    heard: Counter[int] = Counter()
    for one in everybody:
        heard[one.party_id or 0] += one.heard
    rng.shuffle(wanted)
    chosen = min(wanted, key=lambda one: (one.heard, heard[one.party_id or 0]))
    Turn.objects.create(step=step, attendee=chosen, answer=said.get(chosen.pk), asked_at=now)
    Attendee.objects.filter(pk=chosen.pk).update(changed=version)
    return True


def _said_in(source: Step) -> dict[int, Answer | None]:
    """Return who answered the step that the spotlight draws from, with the answer to tell about.

    Of a confidential step nobody is known to have answered: it draws a person, not an answer.
    """
    if source.identity == Step.Identity.CONFIDENTIAL:
        return {}
    rows = Answer.objects.filter(step=source, state=Answer.State.SHOWN).order_by("-number", "-pk")
    said: dict[int, Answer | None] = {one.attendee_id: one for one in rows if one.attendee_id}
    groups = {one.group_id: one for one in rows if one.group_id}
    for place in Place.objects.filter(group__in=list(groups)):
        said[place.attendee_id] = groups[place.group_id]
    return said
