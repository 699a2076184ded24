"""All that one party may see of an evaluation, as a signed file that needs no server."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.domain import seal
from understream.domain.commitment import parties_in
from understream.domain.evaluation import Sight, sight_of
from understream.domain.journal import record
from understream.domain.release import parts_of
from understream.domain.round import may_read_figures
from understream.measurement.bundle import Bundle, Figures, Opening, Released, bundle_file
from understream.measurement.seal import figures_leaf, public_key
from understream.records.evaluation import Evaluation
from understream.records.release import Release
from understream.records.seal import Envelope, SealEntry, SealLog


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A bundle to be kept: its bytes, and a name for the file."""

    name: str
    content: bytes


@transaction.atomic
def take_bundle(seat: Seat, key: int, *, now: datetime) -> BundleFile:
    """Return the own party's bundle: the log, what is open, and the figures it may see.

    :raises Missing: before the evaluation has begun, and for one out of reach.
    """
    row = (
        reach.evaluations_within(seat)
        .filter(pk=key, opened_at__isnull=False)
        .select_related("alliance")
        .first()
    )
    if row is None:
        raise Missing
    require(seat, Act.BUNDLE_EXPORT, Where(row.alliance_id, seat.party))
    names = parties_in(row.alliance_id)
    log = SealLog.objects.get(alliance=row.alliance_id)
    seed = seal.signing_seed()
    entries = tuple(
        seal.entry_of(one) for one in SealEntry.objects.filter(log=log).order_by("index")
    )
    # Names as they were when the evaluation began: they are part of what is checked.
    begun = next(one.body for one in entries if one.body["evaluation"] == row.code)
    bundle = Bundle(
        log=log.name,
        key=public_key(seed),
        alliance=begun["alliance"],
        evaluation=row.code,
        title=begun["title"],
        reader=str(seat.party),
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        parties=tuple(zip(begun["parties"], begun["names"], strict=True)),
        entries=entries,
        openings=tuple(
            Opening(
                str(one.reflection.party_id),
                one.part,
                bytes(one.document).decode(),
                bytes(one.salt).hex(),
            )
            for one in Envelope.objects.filter(reflection__evaluation=row, opened_at__isnull=False)
            .select_related("reflection")
            .order_by("reflection__party__position", "part")
        ),
        releases=_releases(row, str(seat.party) if may_read_figures(seat, row) else ""),
    )
    record(
        seat,
        "bundle.export",
        now=now,
        words={"evaluation": row.title, "party": names[seat.party].name},
    )
    return BundleFile(f"understream-{row.code[:8]}.json", bundle_file(bundle, seed=seed))


def _releases(row: Evaluation, own: str) -> tuple[Released, ...]:
    """Return each round's figures with their salts: one's own, the others' once all are seen."""
    everything = sight_of(row) is Sight.ALL
    kept = (
        Release.objects.filter(round__evaluation=row)
        .select_related("round__instrument")
        .order_by("round")
    )
    return tuple(
        Released(
            str(one.round_id),
            one.round.title,
            one.round.instrument.code,
            one.digest,
            tuple(
                Figures(
                    party,
                    figures_leaf(
                        round=str(one.round_id),
                        party=party,
                        figures=figures,
                        salt=bytes.fromhex(one.salts[party]),
                    ),
                    figures if everything or party == own else None,
                    one.salts[party] if everything or party == own else "",
                )
                for party, figures in parts_of(one.content).items()
            ),
        )
        for one in kept
    )
