"""People who came after a round had opened: asked as a group of their own, or the next time.

Who is asked in a round is frozen when it opens, and stays so. Those who came later are no part of
that list: they get a round beside it, with a list, figures and a mirror of its own, which ends at
the same moment. It is there only if they are k or more, and shows nothing of fewer.
"""

from datetime import datetime
from random import Random

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused
from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.domain.instrument import instrument_of
from understream.domain.round import LONGEST_TITLE, NotOpen, OfEvaluation, not_asked, open_round
from understream.records.participation import Participation
from understream.records.round import Cohort, Mode, Round, State


class NextTime(Refused):
    """Fewer than k came later, or they cannot be asked apart from the others."""

    reason = _(
        "Those who came after this round opened are asked the next time: as a group of their own "
        "they would be too few, or the round asks in a way that knows no second group."
    )


@transaction.atomic
def ask_latecomers(seat: Seat, key: int, *, now: datetime, rng: Random) -> int:
    """Ask everybody of the own party who came after a round had opened, in a round beside it.

    Nobody is chosen: it asks all who have a seat now and were not asked. It closes when the other
    one does, and is moved and cancelled with it.

    :param rng: where the links' randomness comes from; in service the system's own.
    :returns: the key of the round beside.
    :raises Missing: unless the seat is a manager's of a party in the round.
    :raises OfEvaluation: for a round of an evaluation.
    :raises NotOpen: unless the round is open.
    :raises NextTime: if they are fewer than k; if the party does not speak in confidence; if the
        round asks about partners; and for a round beside another.
    """
    row = reach.rounds_within(seat).select_for_update(of=("self",)).filter(pk=key).first()
    if row is None:
        raise Missing
    cohort = reach.cohorts_within(seat).filter(round=row).select_related("party").first()
    if cohort is None:
        raise Missing
    require(seat, Act.COHORT_CONFIRM, Where(seat.alliance, cohort.party_id))
    if row.evaluation_id is not None:
        raise OfEvaluation
    if row.state != State.OPEN or row.closes_at <= now:
        raise NotOpen
    late = sorted(not_asked(row, seat.party))
    apart = cohort.mode == Mode.CONFIDENTIAL and not instrument_of(row.instrument).directed
    if row.beside_id is not None or not apart or len(late) < row.k:
        raise NextTime
    title = gettext("%(round)s, who came later") % {"round": row.title}
    beside = Round.objects.create(
        alliance_id=row.alliance_id,
        instrument_id=row.instrument_id,
        beside=row,
        title=title[:LONGEST_TITLE],
        k=row.k,
        asks_comment=row.asks_comment,
        moderator_id=row.moderator_id,
        closes_at=row.closes_at,
    )
    own = Cohort.objects.create(
        round=beside,
        party=cohort.party,
        mode=Mode.CONFIDENTIAL,
        size=len(late),
        confirmed_by_id=seat.key,
    )
    rng.shuffle(late)
    nonces = [rng.randbytes(16) for _one in late]
    Participation.objects.bulk_create(
        Participation(
            cohort=own,
            seat_id=one,
            nonce=nonce,
            link_hash=reach.hash_of(reach.link_of(nonce)),
        )
        for one, nonce in zip(late, nonces, strict=True)
    )
    open_round(seat, beside.pk, now=now, rng=rng)
    return beside.pk
