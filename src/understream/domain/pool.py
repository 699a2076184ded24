"""Add up sums over all confidential rounds of a scale; say how well its questions hang together.

Raw answers never come here: `domain.release` hands over sums. They are shown in batches of several
alliances alone, so that nobody who reads the page twice learns anything about one round.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.db import transaction

from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.domain.instrument import instrument_of, is_open_to
from understream.instruments import reader
from understream.instruments.reader import Facet, Instrument
from understream.measurement.pool import (
    ICC_FROM,
    SHOWN_FROM,
    Sums,
    from_plain,
    icc_of,
    may_join,
    to_plain,
    together,
)
from understream.measurement.reliability import reliability_of
from understream.records.pool import Pool

STEP = 10
"""The number of people is told in steps of ten, rounded down."""


@dataclass(frozen=True, slots=True)
class ScaleQuality:
    """How well the questions of one scale hang together, over all that was said to them here.

    Every figure is ``None`` where it is not shown or not defined; reliabilities are without unit,
    rounded to two decimals.

    :ivar people: at least so many answered, in steps of ten; 0 while they are fewer than 100.
    :ivar low: where the interval of 95 % of alpha begins; `high` where it ends.
    :ivar icc: how much of a person's score goes with the organisation; from ten organisations.
    :ivar organisations: of how many it is, 0 below ten.
    """

    title: str
    items: int
    people: int
    omega: float | None = None
    alpha: float | None = None
    low: float | None = None
    high: float | None = None
    icc: float | None = None
    organisations: int = 0


@dataclass(frozen=True, slots=True)
class InstrumentQuality:
    """One version of an instrument, and its scales in their order."""

    title: str
    version: int
    scales: tuple[ScaleQuality, ...]

    @property
    def enough(self) -> bool:
        """Tell whether anything is shown of any of its scales."""
        return any(scale.people for scale in self.scales)


@dataclass(frozen=True, slots=True)
class QualityCard:
    """Every instrument that can be asked, and those of which there are figures.

    :ivar people_from: from how many people reliability is shown.
    :ivar organisations_from: from how many organisations ICC is shown.
    """

    instruments: tuple[InstrumentQuality, ...]
    people_from: int
    organisations_from: int


def add_sums(instrument: int, alliance: int, parts: Mapping[str, tuple[Sums, list[int]]]) -> None:
    """Add what a round leaves behind; called in the transaction that closes it.

    What waits is shown from the moment on at which it is a batch (`may_join`).

    :param instrument: key of the version that was asked.
    :param parts: by facet its sums, and the keys of the organisations they are of.
    """
    if not parts:
        return
    with transaction.atomic():
        facets = sorted(parts)  # one order, so that no two rounds wait for each other
        Pool.objects.bulk_create(
            [Pool(instrument_id=instrument, facet=facet) for facet in facets],
            ignore_conflicts=True,
        )
        rows = list(
            Pool.objects.filter(instrument=instrument, facet__in=facets)
            .order_by("facet")
            .select_for_update()
        )
        for row in rows:
            _add(row, alliance, *parts[row.facet])
        Pool.objects.bulk_update(rows, ["shown", "waiting"])


def _add(row: Pool, alliance: int, sums: Sums, organisations: Sequence[int]) -> None:
    waiting = row.waiting or {"alliances": {}, "organisations": []}
    own = _keyed(row, "alliance", alliance)
    people = dict(waiting["alliances"])
    people[own] = people.get(own, 0) + sums.crossed.n
    named = {_keyed(row, "organisation", one) for one in organisations}
    named |= set(waiting["organisations"])
    sums = _with(waiting, sums)
    if may_join(list(people.values())):
        named |= set(row.shown.get("organisations", ()))
        joined = to_plain(_with(row.shown, sums))
        row.shown, row.waiting = {"sums": joined, "organisations": sorted(named)}, {}
    else:
        row.waiting = {
            "sums": to_plain(sums),
            "alliances": dict(sorted(people.items())),
            "organisations": sorted(named),
        }


def _with(kept: Mapping[str, Mapping[str, object]], sums: Sums) -> Sums:
    return together([from_plain(kept["sums"]), sums]) if "sums" in kept else sums


def _keyed(row: Pool, what: str, key: int) -> str:
    """Return what stands for a key in one pool: the same again, and in no other pool."""
    told = f"understream.pool.v1 {row.pk} {what} {key}"
    return hmac.new(settings.SECRET_KEY.encode(), told.encode(), sha256).hexdigest()[:24]


def quality_before(seat: Seat, organisation: int = 0, *, language: str) -> QualityCard:
    """Return how well the questions of every instrument hang together, over all rounds here.

    What an organisation brought is shown to its own researchers alone, and not to the host.

    :param organisation: key of the one whose researcher asks; 0 for the host.
    :param language: ``en`` or ``nl``, for the names of instruments and scales.
    :raises Forbidden: for anybody but the host, and researchers of the organisation.
    """
    if organisation:
        require(seat, Act.RESEARCH_EXPORT, Where(organisation=organisation))
    else:
        require(seat, Act.HOST_OPERATE)
    rows = [
        row
        for row in Pool.objects.select_related("instrument")
        if row.shown and is_open_to(organisation, row.instrument.code)
    ]
    asked = {(one, reader.load(one).version): reader.load(one) for one in reader.builtin()}
    for row in sorted(rows, key=lambda one: (one.instrument.code, -one.instrument.version)):
        version = row.instrument
        asked.setdefault((version.code, version.version), instrument_of(version))
    kept = {(row.instrument.code, row.instrument.version, row.facet): row for row in rows}
    return QualityCard(
        tuple(_instrument(one, kept, language) for one in asked.values()), SHOWN_FROM, ICC_FROM
    )


def _instrument(
    asked: Instrument, kept: Mapping[tuple[str, int, str], Pool], language: str
) -> InstrumentQuality:
    ratings = [
        facet
        for facet in asked.facets
        if any(not asked.scale_of(item).choice for item in asked.items_of(facet))
    ]
    return InstrumentQuality(
        asked.title.into(language),
        asked.version,
        tuple(
            _scale(asked, facet, kept.get((asked.code, asked.version, facet.code)), language)
            for facet in ratings
        ),
    )


def _scale(asked: Instrument, facet: Facet, row: Pool | None, language: str) -> ScaleQuality:
    items = [item for item in asked.items_of(facet) if not asked.scale_of(item).choice]
    title = facet.title.into(language)
    if row is None:
        return ScaleQuality(title, len(items), 0)
    sums = from_plain(row.shown["sums"])
    if sums.crossed.n < SHOWN_FROM:
        return ScaleQuality(title, len(items), 0)
    found = reliability_of(sums.crossed)
    organisations = len(row.shown["organisations"])
    groups = icc_of(sums) if organisations >= ICC_FROM else None
    return ScaleQuality(
        title,
        len(items),
        sums.crossed.n // STEP * STEP,
        omega=_two(found.omega) if found else None,
        alpha=_two(found.alpha) if found else None,
        low=_two(found.low) if found else None,
        high=_two(found.high) if found else None,
        icc=_two(groups.icc1_k0) if groups else None,
        organisations=organisations if organisations >= ICC_FROM else 0,
    )


def _two(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 2) + 0.0
