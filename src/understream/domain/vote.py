"""Count a vote: dots or places, summed over the room; who chose what is never shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from understream.records.answer import Answer
from understream.records.theme import Theme
from understream.records.workshop import Step


@dataclass(frozen=True, slots=True)
class ChoiceCount:
    """What one choice got.

    :ivar points: dots; or, of a ranking, for each person the number of choices minus the place.
    :ivar rank: 1 for most; equal points share a rank.
    """

    at: int
    name: Mapping[str, str]
    points: int
    people: int
    rank: int
    tied: bool


def choices_from_themes(source: Step) -> list[dict[str, str]]:
    """Return what a vote on themes is between: their names as they are now."""
    names = Theme.objects.filter(step=source).values_list("name", flat=True)
    return [{"en": name, "nl": name} for name in names]


def count_vote(step: Step) -> dict[str, Any]:
    """Return the sums of a vote, as they are stored with the step when it closes.

    :returns: ``people`` who voted, and for each choice its ``points`` and ``people``.
    """
    values = Answer.objects.filter(step=step).exclude(state=Answer.State.WITHDRAWN)
    return summed(
        [one for one in values.values_list("value", flat=True) if one], len(step.choices)
    )


def summed(values: Iterable[Mapping[str, Any]], choices: int) -> dict[str, Any]:
    """Add up votes; see :class:`ChoiceCount` for what a point is.

    >>> summed([{"dots": {"0": 2}}, {"dots": {"1": 1, "0": 1}}], 2)
    {'people': 2, 'points': [3, 1], 'chosen': [2, 1]}
    """
    points, chosen, people = [0] * choices, [0] * choices, 0
    for value in values:
        people += 1
        told = {int(at): number for at, number in value.get("dots", {}).items()}
        for place, at in enumerate(value.get("order", ())):
            told[at] = choices - place
        for at, number in told.items():
            if at < choices:
                points[at] += number
                chosen[at] += 1
    return {"people": people, "points": points, "chosen": chosen}


def counts_of(step: Step) -> tuple[ChoiceCount, ...]:
    """Return what a closed vote came to, most points first; nothing while it is open."""
    told = step.results
    if step.kind != Step.Kind.VOTE or not told or step.state != Step.State.CLOSED:
        return ()
    points = told["points"]
    counts = [
        ChoiceCount(
            at=at,
            name=name,
            points=points[at],
            people=told["chosen"][at],
            rank=1 + sum(other > points[at] for other in points),
            tied=points.count(points[at]) > 1,
        )
        for at, name in enumerate(step.choices)
        if at < len(points)
    ]
    return tuple(sorted(counts, key=lambda one: (one.rank, one.at)))
