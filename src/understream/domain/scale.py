"""Show a scale when its step closes: by party under the rules of disclosure, or with names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from understream.domain.answer import CANNOT_JUDGE
from understream.measurement.disclosure import (
    WITHHELD,
    Policy,
    Shown,
    Tally,
    Withheld,
    joined,
    label_of,
    may_pool,
    show,
)
from understream.records.answer import Answer
from understream.records.workshop import Step


@dataclass(frozen=True, slots=True)
class ScaleLine:
    """What one party said, or all together (position -1), as far as it may be shown.

    :ivar n: "", "5-9" or an exact number.
    :ivar figure: what is displayed, ``None`` if it is not shown to protect people.
    """

    position: int
    name: str
    n: str
    figure: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ScaleMark:
    """One named answer of a named step; `point` 0 could not judge."""

    name: str
    position: int
    point: int


def tally_of(points: int, answers: list[int]) -> Tally:
    """Return answers as a tally; 0 could not judge."""
    return Tally(
        tuple(sum(one == point for one in answers) for point in range(1, points + 1)),
        sum(one == CANNOT_JUDGE for one in answers),
    )


def figures_of(
    parties: Mapping[tuple[int, str], list[int]], points: int, policy: Policy
) -> dict[str, Any]:
    """Return the displayed figures of a scale, as they are stored with the step.

    Every party is a block. All together are shown only where no party can work out another.

    :param parties: the answers by position and name of the party.
    :param points: of the scale.
    """
    tallies = {key: tally_of(points, said) for key, said in parties.items()}
    lines = [_line(position, name, tally, policy) for (position, name), tally in tallies.items()]
    sizes = [one.answered for one in tallies.values() if one.answered >= policy.k]
    if may_pool(sizes, k=policy.k):
        lines.append(_line(-1, "", joined(tallies.values(), policy=policy), policy))
    return {"lines": lines}


def _line(position: int, name: str, tally: Tally, policy: Policy) -> dict[str, Any]:
    block = joined([tally], policy=policy)
    figure = show(block, policy=policy) if block.answered else WITHHELD
    return {
        "position": position,
        "name": name,
        "n": "" if isinstance(figure, Withheld) else label_of(tally.answered, policy=policy),
        "figure": _plain(figure),
    }


def _plain(figure: Shown | Withheld) -> dict[str, Any] | None:
    if isinstance(figure, Withheld):
        return None
    return {
        "mean": figure.mean,
        "end": figure.end,
        "word": str(figure.word.value) if figure.word is not None else "",
        "bands": [[band.share, band.end] for band in figure.bands or ()],
    }


def lines_of(step: Step) -> tuple[ScaleLine, ...]:
    """Return the displayed figures of a confidential scale that has closed."""
    if step.kind != Step.Kind.SCALE or not step.results or step.state != Step.State.CLOSED:
        return ()
    return tuple(ScaleLine(**one) for one in step.results.get("lines", ()))


def marks_of(step: Step) -> tuple[ScaleMark, ...]:
    """Return the answers to a named scale that has closed, by point and name."""
    named = step.identity == Step.Identity.NAMED
    if step.kind != Step.Kind.SCALE or not named or step.state != Step.State.CLOSED:
        return ()
    rows = Answer.objects.filter(step=step, value__isnull=False).exclude(
        state=Answer.State.WITHDRAWN
    )
    marks = [
        ScaleMark(
            row.attendee.name if row.attendee else "",
            row.party.position if row.party else -1,
            (row.value or {}).get("point", CANNOT_JUDGE),
        )
        for row in rows.select_related("attendee", "party")
    ]
    return tuple(sorted(marks, key=lambda one: (one.point, one.position, one.name)))
