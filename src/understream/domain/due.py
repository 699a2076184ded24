"""What falls due, and doing it: idempotent, exactly once, by whichever process comes first."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction
from django.db.models import Count

from understream.access import reach
from understream.domain import attendee, cycle, evaluation, letter, release, step
from understream.domain.round import REMIND_BEFORE
from understream.records.due import Due
from understream.records.participation import Participation
from understream.records.round import Cohort, Mode, Round, State

log = logging.getLogger(__name__)

FEW = 5
AT_ONCE = 200
_LAST: dict[str, datetime] = {}


def tick(*, now: datetime, rng: Random) -> int:
    """Do everything that has fallen due by now; call it as often as you like.

    Each thing is done in its own transaction, which also marks it done: after a crash it is done
    again from the start or not at all. What fails stays due and is tried at the next tick.

    :returns: how many things were done.
    """
    _LAST["tick"] = now
    waiting = Due.objects.filter(done_at=None, at__lte=now).order_by("at", "pk")
    done = 0
    for key in list(waiting.values_list("pk", flat=True)):
        if done == AT_ONCE:
            break
        try:
            done += _do(key, now, rng)
        except Exception:
            log.exception("due.failed", extra={"due": key})
    return done


def last_tick() -> datetime | None:
    """Return when this process last looked for what had fallen due."""
    return _LAST.get("tick")


@transaction.atomic
def _do(key: int, now: datetime, rng: Random) -> int:
    skip = connection.features.has_select_for_update_skip_locked
    row = Due.objects.select_for_update(skip_locked=skip).filter(pk=key, done_at=None).first()
    if row is None:
        return 0
    ACTS[row.kind](row.key, now, rng)
    row.done_at = now
    row.save(update_fields=["done_at"])
    log.info("due.done", extra={"kind": row.kind, "key": row.key})
    return 1


def _close(key: int, now: datetime, rng: Random) -> None:
    release.close_round(key, now=now, rng=rng)


def _erase(key: int, now: datetime, _rng: Random) -> None:
    release.erase_voices(key, now=now)


def _tidy(_key: int, _now: datetime, _rng: Random) -> None:
    transaction.on_commit(release.tidy, robust=True)


def _forget(_key: int, _now: datetime, _rng: Random) -> None:
    # Not a partial: Django asks what failed for its name.
    transaction.on_commit(lambda: release.tidy(wholly=True), robust=True)


def _remind(key: int, now: datetime, _rng: Random) -> None:
    """Write to everybody who has not used their right; never to a chosen person.

    If the end has moved on, its own reminder is due later.
    """
    row = Round.objects.select_related("alliance").filter(pk=key, state=State.OPEN).first()
    if row is None or not row.closes_at - REMIND_BEFORE <= now < row.closes_at:
        return
    rights = Participation.objects.filter(reach.STANDING, cohort__round=row, used=False).exclude(
        cohort__mode=Mode.ONE_VOICE
    )
    letter.post(
        letter.answer_letter(
            to=right.seat.person.email,
            name=right.seat.person.name,
            language=right.seat.person.language,
            alliance=row.alliance.name,
            until=row.closes_at,
            zone=row.alliance.time_zone,
            link=reach.link_of(right.nonce),
            reminder=True,
        )
        for right in rights.select_related("seat__person")
    )


def _steps(key: int, now: datetime, _rng: Random) -> None:
    """Refresh once a day what managers see of participation: fewer than five, or five and more."""
    row = Round.objects.select_for_update().filter(pk=key, state=State.OPEN).first()
    if row is None:
        return
    cohorts = list(Cohort.objects.filter(round=row))
    rights = Participation.objects.filter(cohort__in=cohorts, used=True)
    used = dict(rights.values_list("cohort").annotate(Count("pk")))
    for cohort in cohorts:
        enough = used.get(cohort.pk, 0) >= FEW
        cohort.participation = Cohort.Step.SOME if enough else Cohort.Step.FEW
    Cohort.objects.bulk_update(cohorts, ["participation"])
    again = now + timedelta(days=1)
    if again < row.closes_at:
        Due.objects.get_or_create(kind="round.steps", key=key, at=again)


ACTS: dict[str, Callable[[int, datetime, Random], None]] = {
    "round.close": _close,
    "round.remind": _remind,
    "round.steps": _steps,
    "voices.erase": _erase,
    "evaluation.answer": lambda key, now, _rng: evaluation.remind_answering(key, now=now),
    "evaluation.seal": lambda key, now, _rng: evaluation.remind_sealing(key, now=now),
    "evaluation.deadline": lambda key, now, _rng: evaluation.pass_deadline(key, now=now),
    "evaluation.expire": lambda key, now, _rng: evaluation.expire_evaluation(key, now=now),
    "evaluation.decide": lambda key, now, _rng: evaluation.remind_deciding(key, now=now),
    "cycle.pulse": lambda key, now, _rng: cycle.tell_due(key, "pulse", now=now),
    "cycle.evaluation": lambda key, now, _rng: cycle.tell_due(key, "evaluation", now=now),
    "cycle.renewal": lambda key, now, _rng: cycle.tell_due(key, "renewal", now=now),
    "step.close": lambda key, now, rng: step.close_due(key, now=now, rng=rng),
    "step.remind": lambda key, now, _rng: step.remind_due(key, now=now),
    "misses.sweep": lambda _key, now, _rng: attendee.sweep_misses(now=now),
    "tidy": _tidy,
    "forget": _forget,
}
"""Every kind of thing that falls due, and what is done then."""
