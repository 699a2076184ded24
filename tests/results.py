"""Mirrors made by hand, so that a result can be asked what it says of chosen figures."""

from collections.abc import Mapping
from datetime import UTC, datetime

from understream.domain.alliance import PartyCard
from understream.domain.mirror import (
    BandCard,
    FacetRow,
    FigureCard,
    ItemRow,
    MirrorCard,
    PartyLine,
    Section,
)
from understream.instruments import reader

PARTIES = tuple(
    PartyCard(at + 1, name, at) for at, name in enumerate(("Harbour", "Mill", "Quay", "Dock"))
)
HARBOUR, MILL, QUAY, DOCK = PARTIES
Said = Mapping[str, float | None]


def figure(party, value, about=None, *, share=None) -> FigureCard:
    """Return a displayed figure; with a share that of the first option of a choice."""
    if share is not None:
        bands = (BandCard("yes", share, "", f"{share} %"),)
        return FigureCard(party, about, "shown", None, "", "", 0, "", bands, False)
    if value is None:
        return FigureCard(party, about, "withheld", None, "not shown", "", 0, "", (), False)
    return FigureCard(party, about, "shown", value, f"{value:.1f}", "", 0, "", (), False)


def mirror(instrument: str, said: Mapping[object, Said], parties=(HARBOUR, MILL)) -> MirrorCard:
    """Return a mirror in which each party, or each party of each other, shows these figures.

    :param said: by party, or by two parties, the judge and the judged: by facet or question the
        displayed mean, ``None`` for what is withheld. What is left out does not stand there.
    """
    read = reader.load(instrument)
    facets = []
    for facet in read.facets:
        items = read.items_of(facet)
        scale = read.scale_of(items[0])
        high = scale.low + scale.points - 1
        rows = tuple(
            ItemRow(item.code, item.text.en, scale.choice, scale.low, high,
                    _figures(item.code, said, choice=scale.choice), (),
                    low_end=item.low_end.en if item.low_end else "",
                    high_end=item.high_end.en if item.high_end else "")
            for item in items
        )  # fmt: skip
        facets.append(
            FacetRow(facet.code, facet.title.en, facet.side, facet.level, facet.panel, scale.low,
                     high, "", "", _figures(facet.code, said, choice=False), rows, facet.of,
                     facet.adverse)
        )  # fmt: skip
    lines = tuple(PartyLine(one, "confidential", "", "12") for one in parties)
    return MirrorCard(
        1, 1, "Alliance", "Round", instrument, read.title.en, "", "UTC",
        datetime(2026, 11, 2, tzinfo=UTC), 5, False, "0" * 64, read.directed, parties[0], lines,
        (Section(None, tuple(facets)),), (), None, False, False,
    )  # fmt: skip


def _figures(code: str, said: Mapping[object, Said], *, choice: bool) -> tuple[FigureCard, ...]:
    found = []
    for who, figures in said.items():
        judge, judged = who if isinstance(who, tuple) else (who, None)
        if code in figures:
            value = figures[code]
            found.append(figure(judge, None, judged, share=value) if choice
                         else figure(judge, value, judged))  # fmt: skip
    return tuple(found)
