"""The agreement of an evaluation: written down, accepted by every party, and then begun."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, require
from understream.access.seat import Role, Seat
from understream.domain import letter, seal
from understream.domain import round as rounds
from understream.domain.instrument import EVALUATION
from understream.domain.journal import record
from understream.instruments import reader
from understream.measurement.disclosure import K
from understream.measurement.seal import canonical, framed
from understream.records.alliance import Alliance, Party
from understream.records.due import Due
from understream.records.evaluation import (
    Acceptance,
    Depth,
    Evaluation,
    IfNever,
    State,
)
from understream.records.participation import Participation
from understream.records.reflection import Reflection
from understream.records.round import Cohort, Mode, Round
from understream.records.round import State as RoundState
from understream.records.seat import SeatRow

LONGEST_TITLE = 120
LONGEST_SCOPE = 600
MOST_EXTRA_DAYS = 60
REMIND_BEFORE = timedelta(days=2)
DESTROYED_AFTER = timedelta(days=30)
FURTHEST = timedelta(days=731)
"""How far ahead a deadline may lie."""
SCANS = ("trust", "pulse")
"""What can be asked beside the topics, in the order of depth."""
DEPTHS: dict[str, tuple[str, ...]] = {Depth.CYCLE: SCANS[:1], Depth.DEEP: SCANS}
"""What is proposed for each depth."""


class NotAgreed(Refused):
    """Nobody is written to before every party has accepted the agreement."""

    reason = _(
        "The evaluation can begin when a manager of every party has accepted the agreement."
    )


class Settled(Refused):
    """Once the evaluation has begun, its agreement stands."""

    reason = _("The evaluation has begun. What was agreed can no longer change.")


class Newer(Refused):
    """What somebody accepts is what is agreed now."""

    reason = _("The agreement was changed meanwhile. Read what is new, then accept it.")


class Ended(Refused):
    """An evaluation that was opened, called off or has expired stays as it is."""

    reason = _("This evaluation is over.")


class Another(Refused):
    """One evaluation at a time."""

    reason = _("An evaluation is being prepared or running. Finish it or call it off first.")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the parties agree on before anybody is asked.

    :ivar scans: codes of the questionnaires asked beside the topics.
    :ivar facilitator: key of the seat of a facilitator who reads comments first, 0 for nobody.
    """

    title: str
    scope: str
    depth: str
    scans: tuple[str, ...]
    answer_until: datetime
    seal_until: datetime
    k: int = K
    shares_figures: bool = True
    asks_comment: bool = True
    facilitator: int = 0
    if_never: str = IfNever.EXTEND
    extra_days: int = 7


def _names_of(alliance: int) -> dict[int, str]:
    rows = Party.objects.filter(alliance=alliance).order_by("position")
    return dict(rows.values_list("pk", "organisation__name"))


def terms_before(seat: Seat, key: int) -> tuple[Terms, int]:
    """Return the terms of an evaluation that is being prepared, and their version.

    :raises Missing: for an evaluation out of reach.
    """
    row = reach.evaluations_within(seat).filter(pk=key).first()
    if row is None:
        raise Missing
    require(seat, Act.EVALUATION_PREPARE, Where(row.alliance_id))
    return _terms(row), row.version


def _terms(row: Evaluation) -> Terms:
    codes = row.rounds.order_by("pk").values_list("instrument__code", flat=True)
    return Terms(
        row.title,
        row.scope,
        row.depth,
        tuple(code for code in codes if code != EVALUATION),
        row.answer_until,
        row.seal_until,
        row.k,
        row.shares_figures,
        row.asks_comment,
        row.facilitator_id or 0,
        row.if_never,
        row.extra_days,
    )


def people_to_ask(seat: Seat, key: int) -> tuple[rounds.Candidate, ...]:
    """Return the people of the own party who can be asked in an evaluation.

    :raises Missing: for an evaluation out of reach, and unless the seat is a manager's.
    """
    topics = _topics_round(key)
    require(seat, Act.EVALUATION_ACCEPT, Where(topics.alliance_id, seat.party))
    _join(seat.party, key)
    return rounds.candidates(seat, topics.pk)


def _topics_round(key: int) -> Round:
    row = Round.objects.filter(evaluation=key, instrument__code=EVALUATION).first()
    if row is None:
        raise Missing
    return row


def _join(party: int, key: int) -> None:
    """Give a party that came while the agreement was being made its place in every round."""
    for asked in Round.objects.filter(evaluation=key, state=RoundState.PLANNED):
        Cohort.objects.get_or_create(
            round=asked, party_id=party, defaults={"mode": Mode.ONE_VOICE}
        )


@transaction.atomic
def prepare_evaluation(seat: Seat, *, terms: Terms, now: datetime, rng: Random) -> int:
    """Write down what the parties would agree on; nobody is asked anything yet.

    The managers of the other parties are written to.

    :param rng: where the evaluation's code comes from, by which receipts know it.
    :returns: the key of the evaluation.
    :raises Another: while one is being prepared or running.
    :raises Unfit: for terms that do not fit, by field.
    """
    require(seat, Act.EVALUATION_PREPARE, Where(seat.alliance))
    alliance = Alliance.objects.select_for_update(no_key=True).get(pk=seat.alliance)
    running = Evaluation.objects.filter(
        alliance=alliance, state__in=(State.PREPARING, State.RUNNING)
    )
    if running.exists():
        raise Another
    terms = _fit(seat, terms, now)
    row = Evaluation.objects.create(
        alliance=alliance, code=rng.randbytes(16).hex(), **_columns(terms)
    )
    _plan_rounds(seat, row, terms, now)
    record(seat, "evaluation.prepare", now=now, words={"evaluation": row.title})
    _ask_for_yes(seat, row)
    return row.pk


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "title": terms.title,
        "scope": terms.scope,
        "depth": terms.depth,
        "answer_until": terms.answer_until,
        "seal_until": terms.seal_until,
        "k": terms.k,
        "shares_figures": terms.shares_figures,
        "asks_comment": terms.asks_comment,
        "facilitator_id": terms.facilitator or None,
        "if_never": terms.if_never,
        "extra_days": terms.extra_days,
    }


def _fit(seat: Seat, terms: Terms, now: datetime) -> Terms:
    """Return the terms trimmed, or say by field what does not fit."""
    least = max(K, settings.UNDERSTREAM_K)
    title, scope = terms.title.strip(), terms.scope.strip()
    people = dict(rounds.facilitators_of(seat))
    checks: tuple[tuple[str, bool, str | Promise], ...] = (
        (
            "title",
            0 < len(title) <= LONGEST_TITLE,
            _("Give the evaluation a title of at most 120 characters."),
        ),
        ("scope", len(scope) <= LONGEST_SCOPE, _("Say in at most 600 characters what it covers.")),
        ("depth", terms.depth in Depth.values, _("Choose one of the depths shown.")),
        ("scans", set(terms.scans) <= set(SCANS), _("Choose from the scans shown.")),
        (
            "answer_until",
            terms.answer_until > now,
            _("This moment has passed. Choose a later one."),
        ),
        (
            "seal_until",
            terms.seal_until > terms.answer_until,
            _("Sealing comes after answering: choose a moment after the answers are in."),
        ),
        ("seal_until", terms.seal_until - now <= FURTHEST, _("Choose a moment within two years.")),
        (
            "k",
            least <= terms.k <= rounds.HIGHEST_K,
            _("The smallest group shown is %(least)s to %(most)s people.")
            % {"least": least, "most": rounds.HIGHEST_K},
        ),
        (
            "facilitator",
            not terms.facilitator or terms.facilitator in people,
            _("Choose a facilitator of this alliance, or nobody."),
        ),
        ("if_never", terms.if_never in IfNever.values, _("Choose one of the two.")),
        (
            "extra_days",
            1 <= terms.extra_days <= MOST_EXTRA_DAYS,
            _("Choose 1 to %(most)s days.") % {"most": MOST_EXTRA_DAYS},
        ),
    )
    faults = {name: sentence for name, fits, sentence in checks if not fits}
    if faults:
        raise Unfit(faults)
    scans = tuple(code for code in SCANS if code in terms.scans)
    return replace(terms, title=title, scope=scope, scans=scans)


def _plan_rounds(seat: Seat, row: Evaluation, terms: Terms, now: datetime) -> None:
    for code in (EVALUATION, *terms.scans):
        rounds.plan_round(
            seat,
            instrument=code,
            title=terms.title,
            closes_at=terms.answer_until,
            k=terms.k,
            # One field is enough: what people want to say goes with the topics.
            asks_comment=terms.asks_comment and code == EVALUATION,
            moderator=terms.facilitator,
            evaluation=row.pk,
            now=now,
        )


def _ask_for_yes(seat: Seat, row: Evaluation) -> None:
    """Write to the managers whose yes is needed."""
    letter.post(
        letter.agreement_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=row.alliance.name,
            title=row.title,
            by=seat.name,
            key=row.pk,
        )
        for one in _managers(row.alliance_id)
        if one.pk != seat.key
    )


def _managers(alliance: int, parties: Iterable[int] | None = None) -> list[SeatRow]:
    rows = SeatRow.objects.filter(alliance=alliance, role=Role.MANAGER, left_at=None)
    if parties is not None:
        rows = rows.filter(party__in=parties)
    return list(rows.select_related("person").order_by("pk"))


@transaction.atomic
def change_agreement(
    seat: Seat, key: int, *, terms: Terms, version: int | None = None, now: datetime
) -> None:
    """Change what is to be agreed; every party has to accept it anew.

    :param version: the version that was changed, or None for whatever stands.
    :raises Newer: if somebody changed that version meanwhile; nothing is overwritten.
    :raises Settled: once the evaluation has begun.
    :raises Unfit: for terms that do not fit, by field.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PREPARE, Where(row.alliance_id))
    if row.state != State.PREPARING:
        raise Settled if row.state == State.RUNNING else Ended
    terms = _fit(seat, terms, now)
    if terms == _terms(row):
        return
    if version not in (None, row.version):
        raise Newer
    for name, value in _columns(terms).items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    # People are chosen again with each acceptance, so that nothing is lost with the old rounds.
    _forget_rounds(row)
    _plan_rounds(seat, row, terms, now)
    record(seat, "evaluation.change", now=now, words={"evaluation": row.title})
    _ask_for_yes(seat, row)


def _forget_rounds(row: Evaluation) -> None:
    Participation.objects.filter(cohort__round__evaluation=row).delete()
    Cohort.objects.filter(round__evaluation=row).delete()
    row.rounds.all().delete()


@transaction.atomic
def accept_agreement(
    seat: Seat,
    key: int,
    *,
    version: int,
    mode: str,
    seats: Collection[int],
    now: datetime,
    rng: Random,
) -> None:
    """Accept the agreement for the own party, with its mode and its people; can be said again.

    :param version: the version that was read.
    :param mode: how the party's people speak.
    :param seats: keys of seats of the own party.
    :param rng: where the links' randomness comes from.
    :raises Newer: if the agreement was changed meanwhile.
    :raises Settled: once the evaluation has begun.
    :raises Unfit: for nobody, somebody of another party, or fewer people than the mode needs.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_ACCEPT, Where(row.alliance_id, seat.party))
    if row.state != State.PREPARING:
        raise Settled if row.state == State.RUNNING else Ended
    if version != row.version:
        raise Newer
    _join(seat.party, key)
    for asked in row.rounds.order_by("pk"):
        rounds.confirm_cohort(
            seat, asked.pk, mode=mode, seats=seats, evaluation=row.pk, now=now, rng=rng
        )
    Acceptance.objects.update_or_create(
        evaluation=row,
        party_id=seat.party,
        defaults={"seat_id": seat.key, "version": row.version, "mode": mode, "at": now},
    )
    record(
        seat,
        "evaluation.accept",
        now=now,
        words={
            "evaluation": row.title,
            "party": _names_of(row.alliance_id)[seat.party],
            "mode": mode,
        },
    )


@transaction.atomic
def open_evaluation(seat: Seat, key: int, *, now: datetime, rng: Random) -> None:
    """Begin: write to everybody who is asked, and fix the agreement.

    :raises NotAgreed: until every party has accepted what is agreed now.
    :raises Ended: if it has begun already, was called off, or the end of answering has passed.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_OPEN, Where(row.alliance_id))
    if row.state != State.PREPARING:
        raise Ended(_("This evaluation has begun already.")) if row.opened_at else Ended
    if row.answer_until <= now:
        raise Ended(_("The end of answering has passed. Choose later dates first."))
    rows = Party.objects.filter(alliance=row.alliance_id).select_related("organisation")
    parties = list(rows.order_by("position"))
    accepted = row.acceptances.filter(version=row.version).values_list("party", flat=True)
    if len(parties) < 2 or {one.pk for one in parties} != set(accepted):  # noqa: PLR2004 - alone it is none
        raise NotAgreed
    for asked in row.rounds.order_by("pk"):
        rounds.open_round(seat, asked.pk, evaluation=row.pk, now=now, rng=rng)
    row.state, row.opened_at = State.RUNNING, now
    row.save(update_fields=["state", "opened_at"])
    Reflection.objects.bulk_create(Reflection(evaluation=row, party=one) for one in parties)
    seal.begin_log(row.alliance_id, rng=rng)
    seal.write_entry(
        row,
        "begun",
        now=now,
        alliance=row.alliance.name,
        title=row.title,
        parties=[str(one.pk) for one in parties],
        names=[one.organisation.name for one in parties],
        agreement=_agreement_hash(row),
    )
    _plan_dues(row, now)
    record(seat, "evaluation.open", now=now, words={"evaluation": row.title})
    letter.post([*_answer_letters(row), *_form_letters(row)])


def _agreement_hash(row: Evaluation) -> str:
    """Return the fingerprint of what was agreed."""
    terms = _terms(row)
    modes = {str(one.party_id): one.mode for one in row.acceptances.all()}
    held = {
        "title": terms.title,
        "scope": terms.scope,
        "depth": terms.depth,
        "scans": list(terms.scans),
        "answer_until": terms.answer_until.isoformat(),
        "seal_until": terms.seal_until.isoformat(),
        "k": terms.k,
        "shares_figures": terms.shares_figures,
        "asks_comment": terms.asks_comment,
        "if_never": terms.if_never,
        "extra_days": terms.extra_days,
        "modes": modes,
    }
    return sha256(framed("agreement.v1", canonical(held))).hexdigest()


def _plan_dues(row: Evaluation, now: datetime) -> None:
    moments = [
        ("evaluation.deadline", row.seal_until),
        ("evaluation.expire", row.seal_until + DESTROYED_AFTER),
    ]
    if row.answer_until - REMIND_BEFORE > now:
        moments.append(("evaluation.answer", row.answer_until - REMIND_BEFORE))
    if row.seal_until - REMIND_BEFORE > now:
        moments.append(("evaluation.seal", row.seal_until - REMIND_BEFORE))
    for kind, at in moments:
        Due.objects.get_or_create(kind=kind, key=row.pk, at=at)


def _answer_letters(row: Evaluation, *, reminder: bool = False) -> list[letter.Letter]:
    """Return a letter for everybody who is asked, with a personal link for each questionnaire."""
    rights = (
        Participation.objects.filter(
            reach.STANDING, cohort__round__evaluation=row, cohort__round__state=RoundState.OPEN
        )
        .exclude(cohort__mode=Mode.ONE_VOICE)
        .select_related("seat__person", "cohort__round__instrument")
        .order_by("seat", "cohort__round")
    )
    if reminder:
        rights = rights.filter(used=False)
    links: dict[int, list[Participation]] = {}
    for right in rights:
        links.setdefault(right.seat_id, []).append(right)
    return [
        letter.evaluation_letter(
            to=mine[0].seat.person.email,
            name=mine[0].seat.person.name,
            language=mine[0].seat.person.language,
            alliance=row.alliance.name,
            title=row.title,
            until=row.answer_until,
            zone=row.alliance.time_zone,
            links=[
                (
                    reader.load(right.cohort.round.instrument.code).title.into(
                        right.seat.person.language
                    ),
                    reach.link_of(right.nonce),
                )
                for right in mine
            ],
            reminder=reminder,
        )
        for mine in links.values()
    ]


def _form_letters(row: Evaluation) -> list[letter.Letter]:
    """Return the letters to managers of parties that speak with one voice."""
    parties = Cohort.objects.filter(
        round__evaluation=row, round__instrument__code=EVALUATION, mode=Mode.ONE_VOICE
    ).values_list("party", flat=True)
    return rounds.reflection_letters(row, list(parties))
