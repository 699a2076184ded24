"""While a party is waited for: proposals, the deadline, and what ends an evaluation unopened."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, require
from understream.access.seat import SYSTEM, Seat
from understream.domain import letter, seal
from understream.domain.evaluation.agreement import (
    DESTROYED_AFTER,
    FURTHEST,
    REMIND_BEFORE,
    Ended,
    Settled,
    _answer_letters,
    _managers,
    _plan_dues,
)
from understream.domain.journal import record
from understream.domain.release import cancel_round
from understream.records.due import Due
from understream.records.evaluation import (
    Consent,
    Evaluation,
    IfNever,
    Proposal,
    State,
)
from understream.records.round import State as RoundState
from understream.records.seal import Envelope


class Past(Refused):
    """A proposal is answered while it waits."""

    reason = _("This proposal waits no longer: it was carried out, withdrawn, or overtaken.")


@transaction.atomic
def call_off_evaluation(seat: Seat, key: int, *, now: datetime) -> None:
    """Call off an evaluation that has not begun: nobody was asked anything.

    :raises Settled: once it has begun; then all who have sealed have to agree.
    :raises Ended: if it is over.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PROPOSE, Where(row.alliance_id))
    if row.state != State.PREPARING:
        raise (
            Settled(_("The evaluation has begun. Propose to call it off instead."))
            if row.state == State.RUNNING
            else Ended
        )
    _call_off(seat, row, now)


def _call_off(seat: Seat, row: Evaluation, now: datetime) -> None:
    """End an evaluation unopened: running rounds and sealed envelopes are destroyed."""
    still = (RoundState.PLANNED, RoundState.OPEN)
    for asked in row.rounds.filter(state__in=still).order_by("pk"):
        cancel_round(seat, asked.pk, evaluation=row.pk, now=now)
    if row.opened_at is not None:
        seal.write_entry(row, "cancelled", now=now)
    _destroy_envelopes(row, now)
    row.proposals.filter(settled_at=None).update(settled_at=now)
    row.state, row.ended_at = State.CANCELLED, now
    row.save(update_fields=["state", "ended_at"])
    record(seat, "evaluation.cancel", now=now, words={"evaluation": row.title})


def _destroy_envelopes(row: Evaluation, now: datetime) -> None:
    """Destroy what was sealed; what a party wrote within itself stays with its own people."""
    Envelope.objects.filter(reflection__evaluation=row).delete()
    row.reflections.update(sealed_at=None, sealed_by=None, digest="", entry=None)
    if row.opened_at is not None:
        Due.objects.get_or_create(kind="forget", key=row.pk, at=now)


@transaction.atomic
def propose_end(
    seat: Seat, key: int, *, kind: str, until: datetime | None = None, now: datetime
) -> bool:
    """Propose to move the deadline or to call the evaluation off; needs all who have sealed.

    :param kind: ``extend`` or ``cancel``.
    :param until: the new deadline, for ``extend``.
    :returns: whether it was carried out at once, because nobody else has to agree.
    :raises Refused: while another proposal waits that can still be carried out.
    :raises Ended: unless the evaluation is running.
    :raises Unfit: for a deadline that has passed or is earlier than the one agreed.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PROPOSE, Where(row.alliance_id))
    if row.state != State.RUNNING or not row.reflections.filter(party=seat.party).exists():
        raise Ended
    if kind not in Proposal.Kind.values:
        raise Unfit({"kind": _("Choose one of the two.")})
    if kind == Proposal.Kind.EXTEND:
        _fit_deadline(row, until, now)
    row.proposals.filter(settled_at=None, until__lte=now).update(settled_at=now)
    if row.proposals.filter(settled_at=None).exists():
        raise Refused(_("A proposal waits already. Answer it, or let it be withdrawn, first."))
    proposal = Proposal.objects.create(
        evaluation=row,
        kind=kind,
        until=until if kind == Proposal.Kind.EXTEND else None,
        seat_id=seat.key,
        at=now,
    )
    Consent.objects.create(proposal=proposal, party_id=seat.party, seat_id=seat.key, at=now)
    record(seat, f"evaluation.propose.{kind}", now=now, words=_proposed(row, proposal))
    if _carry(seat, row, proposal, now):
        return True
    letter.post(
        letter.proposal_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=row.alliance.name,
            title=row.title,
            by=seat.name,
            key=row.pk,
        )
        for one in _managers(row.alliance_id, row.reflections.values_list("party", flat=True))
        if one.pk != seat.key
    )
    return False


def _fit_deadline(row: Evaluation, until: datetime | None, now: datetime) -> None:
    if until is None or until <= now:
        raise Unfit({"until": _("This moment has passed. Choose a later one.")})
    if until <= row.seal_until:
        raise Unfit({"until": _("The deadline can move on, not back.")})
    if until - now > FURTHEST:
        raise Unfit({"until": _("Choose a moment within two years.")})


def _proposed(row: Evaluation, proposal: Proposal) -> dict[str, str | int]:
    words: dict[str, str | int] = {"evaluation": row.title}
    if proposal.until:
        words["until"] = proposal.until.isoformat(timespec="minutes")
    return words


@transaction.atomic
def consent_to_proposal(seat: Seat, key: int, proposal: int, *, now: datetime) -> bool:
    """Agree, for the own party, to what was proposed.

    :returns: whether that was the last yes that was needed.
    :raises Missing: for a proposal that is not there.
    :raises Past: for one that is settled.
    :raises Unfit: if the proposed deadline has passed meanwhile.
    """
    row = reach.locked_evaluation(seat, key)
    kept = row.proposals.filter(pk=proposal).first()
    if kept is None or not row.reflections.filter(party=seat.party).exists():
        raise Missing
    require(seat, Act.EVALUATION_CONSENT, Where(row.alliance_id, seat.party))
    if kept.settled_at is not None:
        raise Past
    if kept.kind == Proposal.Kind.EXTEND:
        _fit_deadline(row, kept.until, now)
    Consent.objects.get_or_create(
        proposal=kept, party_id=seat.party, defaults={"seat_id": seat.key, "at": now}
    )
    record(seat, "evaluation.consent", now=now, words={"evaluation": row.title})
    return _carry(seat, row, kept, now)


@transaction.atomic
def withdraw_proposal(seat: Seat, key: int, proposal: int, *, now: datetime) -> None:
    """Take back what oneself or another manager of the own party has proposed.

    :raises Missing: for a proposal of another party.
    :raises Past: for one that is settled.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PROPOSE, Where(row.alliance_id))
    kept = row.proposals.filter(pk=proposal).first()
    if kept is None or _proposer(kept) != seat.party:
        raise Missing
    if kept.settled_at is not None:
        raise Past
    kept.settled_at = now
    kept.save(update_fields=["settled_at"])
    record(seat, "evaluation.withdraw", now=now, words={"evaluation": row.title})


def _proposer(proposal: Proposal) -> int:
    """Return the party for which something was proposed: its yes came with the proposal."""
    return proposal.consents.values_list("party", flat=True).get(seat=proposal.seat_id)


def _carry(seat: Seat, row: Evaluation, proposal: Proposal, now: datetime) -> bool:
    """Carry out a proposal once every party that has sealed agrees."""
    sealed = set(row.reflections.exclude(sealed_at=None).values_list("party", flat=True))
    if not sealed <= set(proposal.consents.values_list("party", flat=True)):
        return False
    proposal.settled_at = now
    proposal.save(update_fields=["settled_at"])
    if proposal.kind == Proposal.Kind.CANCEL:
        _call_off(seat, row, now)
        parties = row.reflections.values_list("party", flat=True)
        letter.post(_news(row, "cancelled", parties))
    elif proposal.until:
        _move_deadline(row, proposal.until, now)
        record(seat, "evaluation.extend", now=now, words=_proposed(row, proposal))
    return True


def _move_deadline(row: Evaluation, until: datetime, now: datetime) -> None:
    row.seal_until = until
    row.save(update_fields=["seal_until", "extended"])
    row.proposals.filter(settled_at=None, until__lte=until).update(settled_at=now)
    seal.write_entry(row, "extended", now=now, until=until.isoformat(timespec="minutes"))
    _plan_dues(row, now)
    letter.post(_news(row, "extended", row.reflections.values_list("party", flat=True)))


def _news(row: Evaluation, news: str, parties: Iterable[int]) -> list[letter.Letter]:
    """Return the letters that tell the managers of some parties what happened."""
    return [
        letter.evaluation_news(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=row.alliance.name,
            title=row.title,
            news=news,
            until=row.seal_until,
            zone=row.alliance.time_zone,
            key=row.pk,
        )
        for one in _managers(row.alliance_id, parties)
    ]


def _running(key: int) -> Evaluation | None:
    return (
        Evaluation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("alliance")
        .filter(pk=key, state=State.RUNNING)
        .first()
    )


@transaction.atomic
def remind_answering(key: int, *, now: datetime) -> None:
    """Write to everybody who has a questionnaire left; never to a chosen person."""
    row = _running(key)
    if row is not None and now < row.answer_until:
        letter.post(_answer_letters(row, reminder=True))


@transaction.atomic
def remind_sealing(key: int, *, now: datetime) -> None:
    """Write to the managers of the parties that have not sealed; all know who they are."""
    row = _running(key)
    if row is not None and row.seal_until - REMIND_BEFORE <= now < row.seal_until:
        letter.post(_news(row, "remind", _unsealed(row)))


def _unsealed(row: Evaluation) -> list[int]:
    return list(row.reflections.filter(sealed_at=None).values_list("party", flat=True))


@transaction.atomic
def pass_deadline(key: int, *, now: datetime) -> None:
    """Do what was agreed for a party that has not sealed: extend once, or tell the managers.

    Nothing opens. Harmless if repeated, and if the deadline has moved on meanwhile.
    """
    row = _running(key)
    if row is None or now < row.seal_until:
        return
    if row.if_never == IfNever.EXTEND and not row.extended:
        row.extended = True
        until = max(row.seal_until, now) + timedelta(days=row.extra_days)
        _move_deadline(row, until, now)
        record(
            SYSTEM,
            "evaluation.extend.agreed",
            now=now,
            alliance=row.alliance_id,
            words={"evaluation": row.title, "until": until.isoformat(timespec="minutes")},
        )
        return
    letter.post(_news(row, "lapsed", row.reflections.values_list("party", flat=True)))


@transaction.atomic
def expire_evaluation(key: int, *, now: datetime) -> None:
    """Destroy what was sealed, thirty days after a deadline that nobody moved; nothing opens."""
    row = _running(key)
    if row is None or now < row.seal_until + DESTROYED_AFTER:
        return
    seal.write_entry(row, "expired", now=now)
    _destroy_envelopes(row, now)
    row.proposals.filter(settled_at=None).update(settled_at=now)
    row.state, row.ended_at = State.EXPIRED, now
    row.save(update_fields=["state", "ended_at"])
    record(
        SYSTEM,
        "evaluation.expire",
        now=now,
        alliance=row.alliance_id,
        words={"evaluation": row.title},
    )


@transaction.atomic
def remind_deciding(key: int, *, now: datetime) -> None:
    """Write to the managers on the day on which they wanted to decide, unless they have."""
    row = (
        Evaluation.objects.filter(pk=key, state=State.REVEALED).select_related("alliance").first()
    )
    day = row.texts.filter(kind="relevance", decide_on__isnull=False).first() if row else None
    if row is None or day is None or day.decide_on is None:
        return
    if now.astimezone(ZoneInfo(row.alliance.time_zone)).date() >= day.decide_on:
        letter.post(_news(row, "decide", row.reflections.values_list("party", flat=True)))
