"""Draw what a party concludes beside what its people said: displayed figures alone."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from understream.domain.mirror import FigureCard
from understream.domain.reflection import (
    CHANGES,
    POINTS,
    ConclusionCard,
    Group,
    ReflectionCard,
)
from understream.domain.word import WORDS
from understream.report.picture import (
    Band,
    Mark,
    Picture,
    axis,
    choice_picture,
    distribution,
    dumbbell,
    topic_picture,
    word_axis,
)
from understream.web.reflection.forms import still_open

BANDS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One topic in the guided talk.

    :ivar state: how far it is, in words.
    """

    one: ConclusionCard
    picture: Picture
    state: str | Promise


@dataclass(frozen=True, slots=True)
class Block:
    """One group of topics on its scale."""

    group: Group
    side: str
    axis: Picture
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the people of a party said together about one topic.

    :ivar mean: its place on the scale, ``None`` where it is told in shares.
    :ivar division: how the answers divide, where that may be shown.
    """

    figure: FigureCard
    effect: FigureCard | None
    mean: Picture | None
    division: Picture | None


def draw(card: ReflectionCard) -> tuple[Block, ...]:
    """Return the groups of a reflection as they are drawn, in their fixed order."""
    return tuple(_block(card, group) for group in card.groups)


def _block(card: ReflectionCard, group: Group) -> Block:
    first = group.conclusions[0].topic
    return Block(
        group,
        first.side,
        word_axis([str(WORDS[word]) for word in CHANGES]) if first.shift else axis(),
        tuple(Row(one, _picture(card, one), still_open(one)) for one in group.conclusions),
    )


def _picture(card: ReflectionCard, one: ConclusionCard) -> Picture:
    words, people = one.words, one.people
    name, letter, hidden = card.party.name, card.party.letter, _("nothing written yet")
    if one.topic.shift:
        place = CHANGES.index(words.change) if words.change in CHANGES else None
        said = one.change_text or hidden
        return choice_picture(
            [Mark(name, letter, place, said)],
            title=one.topic.title,
            hidden=hidden if not words.change else one.change_text,
            words=[str(WORDS[word]) for word in CHANGES],
        )
    shown = people if people is not None and people.state == "shown" else None
    mark = Mark(
        name,
        letter,
        words.rating if words.rating in POINTS else None,
        one.rating_text or hidden,
        end=shown.end if shown else "",
        step=shown.step if shown else 0.0,
        people=shown.value if shown else None,
        people_words=_("its people %(figure)s") % {"figure": shown.text} if shown else "",
    )
    return topic_picture(
        [mark], title=one.topic.title, hidden=hidden if not words.rating else one.rating_text
    )


def heard(card: ReflectionCard, one: ConclusionCard) -> Heard | None:
    """Return what the own people said about a topic; ``None`` where nobody was asked alone."""
    figure = one.people
    if figure is None:
        return None
    name, letter = card.party.name, card.party.letter
    mean = (
        None
        if one.topic.shift
        else dumbbell(
            one.topic.title,
            [Mark(name, letter, figure.value, figure.text, figure.end, figure.step)],
            hidden=_("not shown"),
        )
    )
    division = (
        distribution(
            name,
            [
                Band(band.name, band.share, band.text, band.end, band.short)
                for band in figure.bands
            ],
        )
        if len(figure.bands) == BANDS
        else None
    )
    return Heard(figure, one.effect_people, mean, division)


def shift_rows(
    card: ReflectionCard,
) -> tuple[tuple[ConclusionCard, ...], tuple[ConclusionCard, ...]]:
    """Return the topics about a shift, and the others: each has a table of its own."""
    shifts = tuple(one for one in card.conclusions if one.topic.shift)
    return shifts, tuple(one for one in card.conclusions if not one.topic.shift)
