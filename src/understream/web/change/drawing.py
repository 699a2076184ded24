"""Lay the cards of a change out as small pictures: functions of displayed figures alone."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.change import ChangeCard, ChangeGroup, ChangeRow, SinceCard
from understream.report.picture import Picture, Span, slope

ARROWS = {1: "↑", -1: "↓", 0: ""}


@dataclass(frozen=True, slots=True)
class Small:
    """What became of one party's figure, drawn.

    :ivar said: both figures in words: "from 3.5 to 4.5".
    :ivar kind: the component's class for the word.
    """

    card: ChangeCard
    picture: Picture
    said: str
    arrow: str
    kind: str


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """One question with a small picture for each party."""

    row: ChangeRow
    smalls: tuple[Small, ...]


@dataclass(frozen=True, slots=True)
class DrawnGroup:
    """The questions of one facet, drawn."""

    group: ChangeGroup
    rows: tuple[DrawnRow, ...]


def draw(card: SinceCard) -> tuple[DrawnGroup, ...]:
    """Return the groups of a change as they are drawn."""
    return tuple(
        DrawnGroup(
            group,
            tuple(
                DrawnRow(row, tuple(_small(row, one) for one in row.changes)) for row in group.rows
            ),
        )
        for group in card.groups
    )


def _small(row: ChangeRow, card: ChangeCard) -> Small:
    told = {"before": card.before.text if card.before else "", "now": card.now.text}
    said = (
        _("from %(before)s to %(now)s") if card.before else _("not asked then, now %(now)s")
    ) % told
    title = f"{card.party.name}, {row.text}"
    picture = slope(
        title,
        card.before.value if card.before else None,
        card.now.value,
        letter=card.party.letter,
        words=f"{said}, {card.word}" if card.word else said,
        hidden=_("not shown"),
        noise=card.noise,
        span=Span(row.low, row.high),
    )
    return Small(card, picture, said, ARROWS[card.direction], "clear" if card.sure else "")
