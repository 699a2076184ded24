"""What people contribute to a step: checked and written here, in batches, by the one act `speak`.

A contribution comes with a key that its browser made. The same key again is a retry and changes
nothing; what replaces an answer names the key of what it replaces, so that a second tab, a double
tap or a request that was late never overwrites what its writer has not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, may, require
from understream.access.seat import Seat
from understream.domain.attendee import NotAdmitted
from understream.domain.move import changing
from understream.domain.version import grow_all
from understream.domain.word import legible
from understream.domain.workshop import where_of
from understream.records.answer import Answer, write_new
from understream.records.attendee import Attendee, Ready
from understream.records.workshop import Step, Workshop

LONGEST = 2000
LONGEST_CONTEXT = 300
LONGEST_PARAPHRASE = 500
KEY_LENGTHS = range(16, 65)
CANNOT_JUDGE = 0
"""The point of a scale that says: I can't judge this."""
TAKES = frozenset({Step.Kind.PROMPT, Step.Kind.VOTE, Step.Kind.SCALE, Step.Kind.TAKEOUTS})
"""Kinds of steps that take contributions from one person; pairs write together."""
_ONE_ANSWER = frozenset({Step.Kind.VOTE, Step.Kind.SCALE})


class StepClosed(Refused):
    """Answers are taken while a step is open."""

    reason = _("This step has closed, so this was not added. Your words stay on your screen.")


class OtherTab(Refused):
    """Another answer stands than the one that this would replace.

    :ivar standing: what stands now: key, text, context, value.
    """

    reason = _("You answered this in another tab or on another device. This is what stands now.")

    def __init__(self, standing: Mapping[str, object]) -> None:
        """Keep what stands."""
        super().__init__()
        self.standing = dict(standing)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One answer of one person on its way in, or only that they are done.

    :ivar token: the secret of a place in the workshop; "" if somebody types for another.
    :ivar by: who types for another, who is `attendee`.
    :ivar slot: which of the answers that the step takes from one person, from 0.
    :ivar key: 16 to 64 signs made by the browser for this very text; makes a retry harmless.
    :ivar after: the key of the answer that this one replaces, "" for a first one.
    :ivar value: what is not text: ``{"dots": {"0": 2}}`` or ``{"order": [1, 0]}`` of a vote,
        ``{"point": 4}`` of a scale, ``{"for": 2, "before": "2026-12-01"}`` of a takeout.
    :ivar done: whether the person is done with the step; ``None`` says nothing about it.
    """

    token: str
    workshop: int
    step: int
    key: str = ""
    after: str = ""
    slot: int = 0
    text: str = ""
    context: str = ""
    value: Mapping[str, object] | None = None
    withdraw: bool = False
    done: bool | None = None
    by: Seat | None = None
    attendee: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """It is stored; `again` if it was stored before. `state` says whether others see it yet."""

    again: bool
    key: str
    state: str


@dataclass(frozen=True, slots=True)
class Whisper:
    """An answer to a confidential step, checked; the door to voices stores it."""

    step: int
    party: int
    token: str
    slot: int
    key: str
    after: str
    text: str
    value: Mapping[str, object] | None
    withdraw: bool


class _Place(NamedTuple):
    """What a contribution needs of a place; hundreds come at once, and whole rows are dear."""

    pk: int
    workshop_id: int
    party_id: int | None
    admitted_at: datetime | None
    token_hash: bytes


@dataclass(slots=True)
class _Batch:
    """What a batch found, and what it will write."""

    workshops: dict[int, Workshop]
    steps: dict[int, Step]
    places: dict[tuple[int, bytes], _Place]
    proxies: dict[int, _Place]
    answers: dict[tuple[int, int, int], Answer]
    fresh: dict[tuple[int, int, int], Answer] = field(default_factory=dict)
    changed: dict[int, Answer] = field(default_factory=dict)
    done: dict[tuple[int, int], bool] = field(default_factory=dict)
    grown: dict[int, Workshop] = field(default_factory=dict)


def hear(batch: Sequence[Contribution], *, now: datetime) -> tuple[Kept | Whisper | Refused, ...]:
    """Check contributions and write those that are signed; only `speak` calls this.

    :returns: for each, in order, what became of it; whispers are still to be stored.
    """
    found = _find(batch)
    said: list[Kept | Whisper | Refused] = []
    for one in batch:
        try:
            said.append(_take(found, one, now))
        except Refused as refusal:
            said.append(refusal)
    _store(found)
    grow_all(found.grown.values())
    return tuple(said)


def _find(batch: Sequence[Contribution]) -> _Batch:
    """Return what a batch needs, locked by its workshops and read in a fixed number of queries."""
    keys = {one.workshop for one in batch}
    workshops = {
        row.pk: row
        for row in Workshop.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=keys)
        .order_by("pk")
    }
    marks = {reach.hash_of(one.token) for one in batch if one.token}
    typed = [one.attendee for one in batch if one.by is not None]
    places = Attendee.objects.values_list(*_Place._fields)
    rows = [
        _Place(*row)
        for row in places.filter(workshop__in=keys, token_hash__in=marks, left_at=None)
    ]
    proxies = [_Place(*row) for row in places.filter(pk__in=typed, proxy=True)] if typed else []
    steps = Step.objects.filter(pk__in={one.step for one in batch}, workshop__in=keys)
    found = _Batch(
        workshops=workshops,
        steps={row.pk: row for row in steps},
        places={(row.workshop_id, bytes(row.token_hash)): row for row in rows},
        proxies={row.pk: row for row in proxies},
        answers={},
    )
    for row in Answer.objects.filter(
        step__in=found.steps,
        attendee__in=[row.pk for row in (*rows, *proxies)],
        slot__in={one.slot for one in batch},
    ):
        found.answers[row.step_id, row.attendee_id or 0, row.slot] = row
    return found


def _take(found: _Batch, one: Contribution, now: datetime) -> Kept | Whisper:
    workshop, step, place = _right(found, one)
    if step.state != Step.State.OPEN or (step.closes_at is not None and now >= step.closes_at):
        raise StepClosed
    if one.done is not None and not one.key:
        found.done[step.pk, place.pk] = one.done
        found.grown[workshop.pk] = workshop
        return Kept(again=False, key="", state="done" if one.done else "busy")
    if step.kind not in TAKES:
        raise Missing
    if len(one.key) not in KEY_LENGTHS or not one.key.isascii():
        raise Unfit({"": _("The page is out of date. Reload it; your words are still on it.")})
    text, context, value = _fit(step, one)
    whisper = step.identity == Step.Identity.CONFIDENTIAL
    if whisper and (one.by is not None or place.admitted_at is None or place.party_id is None):
        raise NotAdmitted
    if whisper and (step.opened_at is None or (place.admitted_at or now) > step.opened_at):
        raise NotAdmitted(_("You came in after this step had opened; please sit this one out."))
    kept = None if whisper else _write(found, one, workshop, step, place, text, context, value)
    if one.done is not None or step.kind in _ONE_ANSWER:
        found.done[step.pk, place.pk] = not one.withdraw if one.done is None else one.done
    found.grown[workshop.pk] = workshop
    if kept is not None:
        return kept
    return Whisper(
        step.pk, place.party_id or 0, one.token, one.slot, one.key, one.after, text, value,
        one.withdraw,
    )  # fmt: skip


def _right(found: _Batch, one: Contribution) -> tuple[Workshop, Step, _Place]:
    workshop, step = found.workshops.get(one.workshop), found.steps.get(one.step)
    if one.by is not None:
        place = found.proxies.get(one.attendee)
        if workshop is not None and not may(one.by, Act.WORKSHOP_RUN, where_of(workshop)):
            raise Missing
    else:
        place = found.places.get((one.workshop, reach.hash_of(one.token)))
    if workshop is None or step is None or place is None:
        raise Missing
    if step.workshop_id != workshop.pk or place.workshop_id != workshop.pk:
        raise Missing
    if workshop.state != Workshop.State.RUNNING:
        raise StepClosed
    if not workshop.walk_in and place.admitted_at is None:
        raise NotAdmitted
    return workshop, step, place


def slots_of(step: Step) -> int:
    """Return how many answers one person can give to a step."""
    if step.kind in _ONE_ANSWER:
        return 1
    return max(1, len(step.columns)) * step.most


def _fit(step: Step, one: Contribution) -> tuple[str, str, Mapping[str, object] | None]:
    """Return text, context and value as they are kept.

    :raises Unfit: by field.
    """
    if not 0 <= one.slot < slots_of(step):
        raise Unfit({"": _("This step takes fewer answers. Change one you gave before.")})
    if one.withdraw:
        return "", "", None
    if step.kind == Step.Kind.VOTE:
        return "", "", _vote(step, one.value)
    if step.kind == Step.Kind.SCALE:
        return "", "", _point(step, one.value)
    text, context = legible(one.text), " ".join(legible(one.context).split())
    if not text:
        raise Unfit({"text": _("Write something first.")})
    if len(text) > LONGEST:
        raise Unfit(
            {
                "text": _(
                    "This has %(length)s characters and at most %(most)s fit. Shorten it a little."
                )
                % {"length": len(text), "most": LONGEST}
            }
        )
    if len(context) > LONGEST_CONTEXT:
        raise Unfit(
            {"context": _("Write at most %(most)s characters.") % {"most": LONGEST_CONTEXT}}
        )
    value = _promise(one.value) if step.kind == Step.Kind.TAKEOUTS else None
    return text, context if step.asks_context else "", value


def _vote(step: Step, value: Mapping[str, object] | None) -> dict[str, object]:
    told = value or {}
    kept = _order(step, told.get("order")) if step.ranking else _dots(step, told.get("dots"))
    if not kept:
        raise Unfit({"value": _("Choose from what is shown.")})
    return {"order" if step.ranking else "dots": kept}


def _order(step: Step, order: object) -> list[int] | None:
    """Return places in a ranking, if each names a choice and none twice."""
    if not isinstance(order, list):
        return None
    fits = all(type(at) is int and 0 <= at < len(step.choices) for at in order)
    return order if fits and len(set(order)) == len(order) else None


def _dots(step: Step, dots: object) -> dict[str, int] | None:
    """Return dots by choice, if each names a choice and is a number.

    :raises Unfit: for more dots than there are.
    """
    if not isinstance(dots, dict):
        return None
    choices = {str(at) for at in range(len(step.choices))}
    if not all(name in choices and type(dot) is int and dot >= 0 for name, dot in dots.items()):
        return None
    if sum(dots.values()) > step.most:
        raise Unfit({"value": _("You have %(most)s dots to give.") % {"most": step.most}})
    return {name: dot for name, dot in dots.items() if dot}


def _point(step: Step, value: Mapping[str, object] | None) -> dict[str, object]:
    point = (value or {}).get("point")
    if type(point) is not int or not 0 <= point <= step.points:
        raise Unfit({"value": _("Choose one of the answers shown.")})
    return {"point": point}


def _promise(value: Mapping[str, object] | None) -> dict[str, object] | None:
    """Return for whom and before when, as far as somebody said so."""
    told: dict[str, object] = {}
    receiver, before = (value or {}).get("for"), (value or {}).get("before")
    if type(receiver) is int and 0 < receiver < 2**53:
        told["for"] = receiver
    if isinstance(before, str) and before:
        try:
            told["before"] = date.fromisoformat(before).isoformat()
        except ValueError:
            raise Unfit({"value": _("Choose a day, such as 1 December 2026.")}) from None
    return told or None


def _write(
    found: _Batch,
    one: Contribution,
    workshop: Workshop,
    step: Step,
    place: _Place,
    text: str,
    context: str,
    value: Mapping[str, object] | None,
) -> Kept:
    at = (step.pk, place.pk, one.slot)
    old = found.fresh.get(at) or found.answers.get(at)
    mark = one.key.encode()
    if old is not None and bytes(old.mark) == mark:
        return Kept(again=True, key=one.key, state=old.state)
    if old is not None and bytes(old.mark) != one.after.encode():
        raise OtherTab(standing_of(old))
    if old is None and one.withdraw:
        return Kept(again=True, key=one.key, state=Answer.State.WITHDRAWN)
    version = workshop.version + 1
    state = _state(step, old, withdraw=one.withdraw)
    fields: dict[str, object] = {
        "mark": mark, "text": text, "context": context, "value": value, "state": state,
        "party_id": place.party_id, "changed": version,
        "proxy_by": one.by.name if one.by is not None else "",
    }  # fmt: skip
    if old is None:
        found.fresh[at] = Answer(
            step_id=step.pk, attendee_id=place.pk, slot=one.slot, number=version,
            column=one.slot // step.most if step.columns else 0, **fields,
        )  # fmt: skip
        return Kept(again=False, key=one.key, state=state)
    for name, told in fields.items():
        setattr(old, name, told)
    if at not in found.fresh:
        found.changed[old.pk] = old
    return Kept(again=False, key=one.key, state=state)


def _state(step: Step, old: Answer | None, *, withdraw: bool) -> str:
    """Return whether others see it: a changed answer is read again before it is shown."""
    if withdraw:
        return Answer.State.WITHDRAWN
    if old is not None and old.state == Answer.State.HELD:
        return Answer.State.HELD
    return Answer.State.WAITING if step.moderated else Answer.State.SHOWN


def standing_of(row: Answer) -> dict[str, object]:
    """Return what stands of somebody's own answer, as that person's page needs it."""
    return {
        "slot": row.slot,
        "key": bytes(row.mark).decode(),
        "text": row.text,
        "context": row.context,
        "value": row.value,
        "state": row.state,
    }


def _store(found: _Batch) -> None:
    if found.fresh:
        write_new(found.fresh.values())
    if found.changed:
        Answer.objects.bulk_update(
            found.changed.values(),
            ["mark", "text", "context", "value", "state", "party", "changed", "proxy_by"],
        )
    if found.done:
        ready = [
            Ready(step_id=step, attendee_id=who) for (step, who), yes in found.done.items() if yes
        ]
        Ready.objects.bulk_create(ready, ignore_conflicts=True)
        for (step, who), yes in found.done.items():
            if not yes:
                Ready.objects.filter(step=step, attendee=who).delete()


# ------------------------------------------------------------------ what facilitators do


@transaction.atomic
def show_answer(seat: Seat, workshop: int, key: int, *, now: datetime) -> None:
    """Put an answer on the wall.

    :raises Missing: for an answer that is not of this workshop, or was withdrawn.
    """
    _set(seat, workshop, key, "answer.show", now, state=Answer.State.SHOWN)


@transaction.atomic
def hold_answer(seat: Seat, workshop: int, key: int, *, now: datetime) -> None:
    """Hold an answer back: its writer reads "not on the wall", and nobody else knows of it.

    :raises Missing: for an answer that is not of this workshop, or was withdrawn.
    """
    _set(seat, workshop, key, "answer.hold", now, state=Answer.State.HELD)


@transaction.atomic
def paraphrase_answer(seat: Seat, workshop: int, key: int, *, words: str, now: datetime) -> None:
    """Say an answer in other words, which the wall shows instead; "" shows it as written.

    :raises Unfit: if it is too long.
    :raises Missing: for an answer that is not of this workshop, or was withdrawn.
    """
    text = legible(words)
    if len(text) > LONGEST_PARAPHRASE:
        most = {"most": LONGEST_PARAPHRASE}
        raise Unfit({"words": _("Write at most %(most)s characters.") % most})
    _set(seat, workshop, key, "answer.paraphrase", now, paraphrase=text)


def _set(seat: Seat, workshop: int, key: int, act: str, now: datetime, **fields: object) -> None:
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    answer = (
        Answer.objects.filter(pk=key, step__workshop=row)
        .exclude(state=Answer.State.WITHDRAWN)
        .first()
    )
    if answer is None:
        raise Missing
    if all(getattr(answer, name) == value for name, value in fields.items()):
        return
    with changing(seat, row, act, now=now) as log:
        log.change(answer, **fields)
