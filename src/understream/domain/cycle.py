"""The rhythm of an alliance: a pulse every quarter, an evaluation every year, deep at renewal."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access.refusal import Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain import letter
from understream.domain.journal import record
from understream.records.alliance import Alliance
from understream.records.cycle import Cycle
from understream.records.due import Due
from understream.records.evaluation import Depth, Evaluation
from understream.records.seat import SeatRow

PULSE_MONTHS, EVALUATION_MONTHS = 3, 12
MOST_PULSE_MONTHS, MOST_EVALUATION_MONTHS = 24, 36
FURTHEST = 10
"""How many years ahead a day may lie."""
MORNING = time(9)


@dataclass(frozen=True, slots=True)
class CycleCard:
    """The rhythm of an alliance, kept or proposed.

    :ivar kept: whether it was agreed; otherwise these are proposals.
    """

    kept: bool
    pulse_months: int
    evaluation_months: int
    next_pulse_on: date
    next_evaluation_on: date
    renewal_on: date | None
    proposed_depth: str
    may_keep: bool


def cycle_of(seat: Seat, *, now: datetime) -> CycleCard:
    """Return the rhythm of the seat's alliance; before one is kept, what we would propose."""
    require(seat, Act.EVALUATION_READ, Where(seat.alliance))
    alliance = Alliance.objects.get(pk=seat.alliance)
    row = Cycle.objects.filter(alliance=alliance).first()
    today = _today(alliance, now)
    return CycleCard(
        row is not None,
        row.pulse_months if row else PULSE_MONTHS,
        row.evaluation_months if row else EVALUATION_MONTHS,
        row.next_pulse_on if row else months_after(today, PULSE_MONTHS),
        row.next_evaluation_on if row else months_after(today, EVALUATION_MONTHS),
        row.renewal_on if row else None,
        _depth(alliance, row, today),
        may(seat, Act.CYCLE_KEEP, Where(alliance.pk)),
    )


def _today(alliance: Alliance, now: datetime) -> date:
    return now.astimezone(ZoneInfo(alliance.time_zone)).date()


def _depth(alliance: Alliance, row: Cycle | None, today: date) -> str:
    """Propose a deep evaluation at the start and from three months before renewal."""
    before = Evaluation.objects.filter(alliance=alliance, revealed_at__isnull=False).exists()
    if row is not None and _renews(row, today):
        return Depth.DEEP
    return Depth.CYCLE if before else Depth.DEEP


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, or that month's last day."""
    place = day.year * 12 + day.month - 1 + months
    year, month = divmod(place, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@transaction.atomic
def keep_cycle(
    seat: Seat,
    *,
    pulse_months: int,
    evaluation_months: int,
    next_pulse_on: date,
    next_evaluation_on: date,
    renewal_on: date | None = None,
    now: datetime,
) -> None:
    """Set the rhythm: every manager is written to on the morning something is due.

    :raises Unfit: by field.
    """
    require(seat, Act.CYCLE_KEEP, Where(seat.alliance))
    alliance = Alliance.objects.select_for_update(no_key=True).get(pk=seat.alliance)
    today = _today(alliance, now)
    later, sooner = _("Choose a day after today."), _("Choose a day within ten years.")
    checks: tuple[tuple[str, bool, str | Promise], ...] = (
        (
            "pulse_months",
            1 <= pulse_months <= MOST_PULSE_MONTHS,
            _("Choose 1 to %(most)s months.") % {"most": MOST_PULSE_MONTHS},
        ),
        (
            "evaluation_months",
            1 <= evaluation_months <= MOST_EVALUATION_MONTHS,
            _("Choose 1 to %(most)s months.") % {"most": MOST_EVALUATION_MONTHS},
        ),
        ("next_pulse_on", next_pulse_on > today, later),
        ("next_pulse_on", next_pulse_on.year - today.year <= FURTHEST, sooner),
        ("next_evaluation_on", next_evaluation_on > today, later),
        ("next_evaluation_on", next_evaluation_on.year - today.year <= FURTHEST, sooner),
        ("renewal_on", renewal_on is None or renewal_on > today, later),
        ("renewal_on", renewal_on is None or renewal_on.year - today.year <= FURTHEST, sooner),
    )
    faults = {name: sentence for name, fits, sentence in checks if not fits}
    if faults:
        raise Unfit(faults)
    Cycle.objects.update_or_create(
        alliance=alliance,
        defaults={
            "pulse_months": pulse_months,
            "evaluation_months": evaluation_months,
            "next_pulse_on": next_pulse_on,
            "next_evaluation_on": next_evaluation_on,
            "renewal_on": renewal_on,
        },
    )
    for kind, day in (
        ("cycle.pulse", next_pulse_on),
        ("cycle.evaluation", next_evaluation_on),
        ("cycle.renewal", months_before(renewal_on, PULSE_MONTHS) if renewal_on else None),
    ):
        if day is not None:
            _plan(alliance, kind, max(day, today))
    record(
        seat,
        "cycle.keep",
        now=now,
        words={"pulse": pulse_months, "evaluation_months": evaluation_months},
    )


def months_before(day: date, months: int) -> date:
    """Return the same day some months earlier, or that month's last day."""
    return months_after(day, -months)


def _plan(alliance: Alliance, kind: str, day: date) -> None:
    at = datetime.combine(day, MORNING, ZoneInfo(alliance.time_zone))
    Due.objects.get_or_create(kind=kind, key=alliance.pk, at=at)


@transaction.atomic
def tell_due(alliance: int, kind: str, *, now: datetime) -> None:
    """Write to the managers that something is due, and plan the next; harmless if moved on.

    :param kind: ``pulse``, ``evaluation`` or ``renewal``.
    """
    row = Cycle.objects.select_for_update().filter(alliance=alliance).first()
    if row is None:
        return
    kept = row.alliance
    today = _today(kept, now)
    if kind == "pulse" and row.next_pulse_on <= today:
        row.next_pulse_on = _next(row.next_pulse_on, row.pulse_months, today)
        _plan(kept, "cycle.pulse", row.next_pulse_on)
    elif kind == "evaluation" and row.next_evaluation_on <= today:
        row.next_evaluation_on = _next(row.next_evaluation_on, row.evaluation_months, today)
        _plan(kept, "cycle.evaluation", row.next_evaluation_on)
    elif kind != "renewal" or not _renews(row, today):
        return
    row.save()
    page = "plan" if kind == "pulse" else "evaluations"
    managers = SeatRow.objects.filter(alliance=kept, role=Role.MANAGER, left_at=None)
    letter.post(
        letter.due_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=kept.name,
            kind="deep" if kind == "renewal" else kind,
            link=letter.address(page, kept.pk),
        )
        for one in managers.select_related("person").order_by("pk")
    )


def _renews(row: Cycle, today: date) -> bool:
    if row.renewal_on is None:
        return False
    return months_before(row.renewal_on, PULSE_MONTHS) <= today <= row.renewal_on


def _next(day: date, months: int, today: date) -> date:
    """Return the next day of a rhythm after today, also when several were missed."""
    while day <= today:
        day = months_after(day, months)
    return day
