"""All that a workshop yielded, step by step, as a page and as files; at any moment."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, may, require
from understream.access.seat import Seat
from understream.domain.scale import ScaleLine, ScaleMark, lines_of, marks_of
from understream.domain.scene import AnswerCard, answer_card
from understream.domain.spotlight import Speaker, speakers_in
from understream.domain.takeout import Takeout, takeouts_of
from understream.domain.theme import ThemeCard, themes_in
from understream.domain.vote import ChoiceCount, counts_of
from understream.domain.workshop import (
    StepCard,
    card_of_step,
    record_of,
    where_of,
    zone_of,
)
from understream.records.answer import Answer
from understream.records.attendee import Attendee
from understream.records.workshop import Step


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What came of one step, signed as it says.

    :ivar sealed: whether it is confidential and has not been released: nothing is told then.
    :ivar themes: each with its answers.
    """

    step: StepCard
    sealed: bool
    answers: tuple[AnswerCard, ...]
    themes: tuple[tuple[ThemeCard, tuple[AnswerCard, ...]], ...]
    counts: tuple[ChoiceCount, ...]
    lines: tuple[ScaleLine, ...]
    marks: tuple[ScaleMark, ...]
    speakers: tuple[Speaker, ...]


@dataclass(frozen=True, slots=True)
class OutcomeCard:
    """What came of a workshop.

    :ivar parties: the organisations' names by position.
    """

    key: int
    alliance: int
    title: str
    state: str
    time_zone: str
    people: int
    parties: Mapping[int, str]
    began_at: datetime | None
    ended_at: datetime | None
    steps: tuple[StepOutcome, ...]
    takeouts: tuple[Takeout, ...]
    may_export: bool


def outcome_of(seat: Seat, workshop: int) -> OutcomeCard:
    """Return what came of a workshop so far.

    Of a confidential step nothing before its release; of answers what the wall shows.

    :raises Missing: for a workshop out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).select_related("alliance").first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_READ, where_of(row))
    steps = list(
        Step.objects.filter(workshop=row, opened_at__isnull=False).select_related("source")
    )
    by_step: defaultdict[int, list[AnswerCard]] = defaultdict(list)
    told = Answer.objects.filter(step__in=steps, state=Answer.State.SHOWN)
    known = {one.pk: one for one in steps}
    for one in told.select_related("party", "attendee"):
        step = known[one.step_id]
        if step.kind not in (Step.Kind.VOTE, Step.Kind.SCALE) and step.revealed:
            by_step[step.pk].append(answer_card(one, step))
    return OutcomeCard(
        key=row.pk,
        alliance=row.alliance_id or 0,
        title=row.title,
        state=row.state,
        time_zone=zone_of(row),
        people=Attendee.objects.filter(workshop=row, left_at=None).count(),
        parties={one.position: one.name for one in row.parties.all()},
        began_at=row.began_at,
        ended_at=row.ended_at,
        steps=tuple(_outcome(one, by_step) for one in steps),
        takeouts=takeouts_of(seat, workshop),
        may_export=may(seat, Act.WORKSHOP_EXPORT, where_of(row)),
    )


def _outcome(step: Step, answers: Mapping[int, list[AnswerCard]]) -> StepOutcome:
    sealed = step.identity == Step.Identity.CONFIDENTIAL and not step.released
    themed = step.kind == Step.Kind.THEMES
    lying = {one.key: one for one in answers.get(step.source_id or 0, ())}
    themes = themes_in(step) if themed else ()
    hidden = {key for one in themes if not one.shows for key in one.answers}
    return StepOutcome(
        step=card_of_step(step),
        sealed=sealed,
        answers=() if sealed else tuple(answers.get(step.pk, ())),
        themes=tuple(
            (one, tuple(lying[key] for key in one.answers if key in lying and key not in hidden))
            for one in themes
        ),
        counts=counts_of(step),
        lines=lines_of(step),
        marks=marks_of(step),
        speakers=speakers_in(step) if step.kind == Step.Kind.SPOTLIGHT else (),
    )


@transaction.atomic
def export_outcome(seat: Seat, workshop: int, *, now: datetime) -> OutcomeCard:
    """Return what came of a workshop for a file; the journal tells that it was taken out.

    :raises Missing: for a workshop out of reach.
    :raises Forbidden: for a seat that may read it and not take it out.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_EXPORT, where_of(row))
    record_of(seat, row, "workshop.export", now)
    return outcome_of(seat, workshop)
