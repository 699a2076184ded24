"""The topics of an evaluation: what a party concludes about, in the one fixed order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from understream.domain.instrument import EVALUATION, instrument_of
from understream.instruments import reader
from understream.instruments.reader import Instrument, Text
from understream.records.evaluation import Evaluation
from understream.records.instrument import InstrumentVersion

GROUPS = ("own_goals", "environment", "hard", "soft")
"""The facets in the order in which they are talked about."""
SHIFTS = GROUPS[:2]
"""Where something may have shifted: what the gate looks at."""
SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic in one language.

    :ivar number: its place, from 1.
    :ivar part: 1 for goals, environment and the hard side, 2 for the soft side.
    :ivar shift: whether it asks how much has changed; otherwise it is rated 1 to 7.
    :ivar effect: what the second question of a shift asks, "" for the others.
    :ivar low_end: what the lowest point means, "" for a shift; `high_end` the highest.
    """

    code: str
    number: int
    title: str
    text: str
    help: str
    group: str
    group_title: str
    part: int
    shift: bool
    effect: str
    side: str
    level: str
    low_end: str
    high_end: str


def instrument_in(evaluation: Evaluation) -> Instrument:
    """Return the very version of the questionnaire that this evaluation asks."""
    version = (
        InstrumentVersion.objects.filter(rounds__evaluation=evaluation, code=EVALUATION)
        .defer("content")
        .get()
    )
    return instrument_of(version)


def topics_of(instrument: Instrument, *, language: str) -> tuple[Topic, ...]:
    """Return the topics of a questionnaire in a language (``en`` or ``nl``).

    A second question belongs to its topic and is none of its own.
    """
    facets = {facet.code: facet for facet in instrument.facets}
    seconds = {item.after: item for item in instrument.items if item.after}
    topics: list[Topic] = []
    for item in instrument.items:
        if item.after:
            continue
        facet = facets[item.facet]
        second = seconds.get(item.code)
        scale = instrument.scale_of(item)
        topics.append(
            Topic(
                code=item.code,
                number=len(topics) + 1,
                title=(item.title or item.text).into(language),
                text=item.text.into(language),
                help=item.help.into(language) if item.help else "",
                group=item.facet,
                group_title=facet.title.into(language),
                part=part_of(item.facet),
                shift=item.facet in SHIFTS,
                effect=second.text.into(language) if second else "",
                side=facet.side,
                level=item.level or facet.level,
                low_end=scale.low_end.into(language),
                high_end=scale.high_end.into(language),
            )
        )
    return tuple(topics)


def part_of(facet: str) -> int:
    """Return in which of the two sealed parts a facet stands."""
    return 2 if facet == SOFT else 1


def codes_of(instrument: Instrument, part: int) -> tuple[str, ...]:
    """Return the codes of the topics in one part, in their order."""
    return tuple(
        item.code for item in instrument.items if not item.after and part_of(item.facet) == part
    )


def by_code(topics: Sequence[Topic]) -> dict[str, Topic]:
    """Return topics by their code."""
    return {one.code: one for one in topics}


def title_of(code: str, *, language: str) -> str:
    """Return what a topic, a block or the closing decision is called; "" for none of them."""
    if code in BLOCKS:
        return BLOCKS[code].title.into(language)
    if code == RELEVANCE:
        return _RELEVANCE.into(language)
    return _titles(language).get(code, "")


@cache
def _titles(language: str) -> Mapping[str, str]:
    topics = topics_of(reader.load(EVALUATION), language=language)
    return {one.code: one.title for one in topics}


RELEVANCE = "relevance"
_RELEVANCE = Text("the closing decision", "het besluit aan het eind")


@dataclass(frozen=True, slots=True)
class Block:
    """One of the building blocks that the gate looks at again, with its two questions."""

    code: str
    title: Text
    caption: Text
    questions: tuple[Text, Text]


BLOCKS = {
    one.code: one
    for one in (
        Block(
            "B1",
            Text("Own strategy & motives", "Eigen strategie & motieven"),
            Text("what it is to us", "wat het voor ons is"),
            (
                Text(
                    "Where do we want to be in three years?",
                    "Waar willen we over drie jaar staan?",
                ),
                Text(
                    "What part of that do we need others for?",
                    "Waarvoor hebben we daarbij anderen nodig?",
                ),
            ),
        ),
        Block(
            "B2",
            Text("Shared ambition & fitting goals", "Gedeelde ambitie & passende doelen"),
            Text("what we want side by side", "wat we naast elkaar willen"),
            (
                Text("What becomes possible only together?", "Wat kan alleen samen?"),
                Text(
                    "Where do our goals touch, and where do they rub?",
                    "Waar raken onze doelen elkaar, en waar schuren ze?",
                ),
            ),
        ),
        Block(
            "B3",
            Text("Field & borders", "Domein & grenzen"),
            Text("what belongs to it", "wat erbij hoort"),
            (
                Text("What is in, what is out?", "Wat valt erbinnen, wat erbuiten?"),
                Text("Who may move the border?", "Wie mag de grens verleggen?"),
            ),
        ),
        Block(
            "B4",
            Text("Value & split", "Waarde & verdeling"),
            Text("who gains what", "wie wint wat"),
            (
                Text("What does the customer notice?", "Wat merkt de klant?"),
                Text("How do we divide what comes of it?", "Hoe verdelen we wat het oplevert?"),
            ),
        ),
    )
}
"""The four blocks, from the workshop's first two questions: why, and in what."""
