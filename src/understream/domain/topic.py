"""The topics of an evaluation: what a party concludes about, in the one fixed order."""

from collections.abc import Sequence
from dataclasses import dataclass

from understream.domain.instrument import EVALUATION, instrument_of
from understream.instruments.reader import Instrument
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


def instrument_in(evaluation: Evaluation) -> Instrument:
    """Return the very version of the questionnaire that this evaluation asks."""
    version = InstrumentVersion.objects.filter(
        rounds__evaluation=evaluation, code=EVALUATION
    ).get()
    return instrument_of(version)


def topics_of(instrument: Instrument, *, language: str) -> tuple[Topic, ...]:
    """Return the topics of a questionnaire in a language (``en`` or ``nl``).

    A second question belongs to its topic and is none of its own.
    """
    facets = {facet.code: facet for facet in instrument.facets}
    seconds = {item.after: item for item in instrument.items if item.after}
    topics = []
    for item in instrument.items:
        if item.after:
            continue
        facet = facets[item.facet]
        second = seconds.get(item.code)
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
