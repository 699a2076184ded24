"""`understream measure --release`: of a file of ratings, what pages would show, and no more.

Every figure that a run without ``--release`` prints of an item or scale has its row here too; what
no page shows reads ``withheld``, whoever the people are, so that nothing follows from a row being
there or not. What lies across units (ICC, reliability, comparisons) has no rows: no page shows it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from understream.console.figures import (
    Figure,
    Line,
    columns,
    json_format,
    long_format,
    nested,
    readable,
)
from understream.instruments.ratings import EVERYBODY, Person, Ratings
from understream.measurement.disclosure import BANDS, SEVEN, Policy, Shown
from understream.measurement.release import (
    NOT_ANSWERED,
    Average,
    Question,
    ScopeFigures,
    release_table,
)

#: What stands for a figure that is not shown, to protect people.
WITHHELD: Final = "withheld"
#: Statistics of an item that no page shows of anybody.
NEVER: Final = (
    *("rwg_uniform", "awg", "ADM_mean", "ADM_median"),
    *("n_missing", "top2_count", "top2_share", "top2_wilson95_lo", "top2_wilson95_hi"),
    "agreement_A_van_der_Eijk",
)
#: Between the names of units that are only ever shown together.
TOGETHER: Final = "+"


def released(
    ratings: Ratings, *, k: int, parties: bool, form: str, reverse: Sequence[str] = ()
) -> str:
    """Write what may be shown of ratings.

    :param ratings: who stands where.
    :param k: fewest people of whom anything is shown; 5 or more.
    :param parties: whether a column names the party of each unit, so that units are the segment
        by which the party's blocks are formed; if not, each unit is a party.
    :param form: ``table``, ``json`` or ``long``.
    :param reverse: items whose scale is turned round within their scale.
    :returns: the text to print.
    :raises ValueError: if k is too small, the scale is too short, or a unit's name holds the
        mark that joins units.

    Source: the display table and the block rule (``docs/concepts/release.md``).
    """
    questions, scopes = _scopes(ratings, k=k, parties=parties, reverse=reverse)
    units = [scope for scope in scopes if scope.kind != "party"]
    lines = [line for scope in units for line in _lines(ratings, questions, scope)]
    if form == "long":
        return long_format(lines)
    whole = [scope for scope in scopes if scope.kind == "party" and parties]
    if form == "json":
        of_parties = nested(line for one in whole for line in _lines(ratings, questions, one))
        return json_format({"k": k, "scopes": nested(lines), "parties": of_parties}, ratings)
    return _table(ratings, questions, [*units[:-1], *whole, units[-1]], k=k)


def _scopes(
    ratings: Ratings, *, k: int, parties: bool, reverse: Sequence[str]
) -> tuple[list[Question], tuple[ScopeFigures, ...]]:
    """Hand people and questions to the release, units in natural order within their party."""
    by_unit = ratings.by_unit()
    crossed = next((unit for unit in by_unit if TOGETHER in unit), None)
    if parties and crossed is not None:
        raise ValueError(
            f"unit {crossed}: units that are shown together are joined by {TOGETHER}, so that no "
            "name may hold it. Replace it"
        )
    questions = [
        Question(
            item,
            "",
            group.title,
            "rating",
            ratings.scale.points,
            low=ratings.scale.low,
            reverse=item in reverse,
        )
        for group in ratings.groups
        for item in group.items
    ]
    places = [ratings.items.index(question.code) for question in questions]
    members = ratings.by_party() if parties else {unit: [unit] for unit in by_unit}
    voices = {
        party: {unit: [_packed(person, places) for person in by_unit[unit]] for unit in units}
        for party, units in members.items()
    }
    return questions, release_table(questions, voices, policy=Policy(k))


def _packed(person: Person, places: Sequence[int]) -> bytes:
    answers = (person.answers[place] for place in places)
    return bytes(NOT_ANSWERED if answer is None else answer + 1 for answer in answers)


def _name(scope: ScopeFigures) -> str:
    if scope.kind == "unit":
        return TOGETHER.join(scope.units)
    return scope.party if scope.kind == "party" else EVERYBODY


# ------------------------------------------------------------------ figures


def _lines(ratings: Ratings, questions: Sequence[Question], scope: ScopeFigures) -> Iterator[Line]:
    """Give every statistic of every item and scale its row, in one order for all scopes."""
    name, scale = _name(scope), ratings.scale
    figures = _figures(questions, scope)
    points = [f"count_{point}" for point in range(scale.low, scale.high + 1)]
    for item in ratings.items:
        shown = {"n": scope.n or WITHHELD, **figures[item]}
        for statistic in ("n", "mean", "sd_n_minus_1", "median", *points, *NEVER):
            yield Line(statistic, name, item, shown.get(statistic, WITHHELD))
        if scale.points == SEVEN:
            for statistic in ("agreement", *_band_names(scale.low)):
                yield Line(statistic, name, item, shown.get(statistic, WITHHELD))
    for group in ratings.groups:
        shown = figures[group.title]
        for statistic in ("n_listwise", "mean", "rwg_j", "rwg_j_lindell"):
            yield Line(statistic, name, group.title, shown.get(statistic, WITHHELD))


def _figures(questions: Sequence[Question], scope: ScopeFigures) -> dict[str, dict[str, Figure]]:
    """Return what is shown, by item or scale, then by statistic; nothing that is withheld."""
    found: dict[str, dict[str, Figure]] = {}
    for question, answer in zip(questions, scope.answers, strict=True):
        found[question.code] = (
            _of_item(answer.figure, question.low) if isinstance(answer.figure, Shown) else {}
        )
    for facet in scope.facets:
        figure = facet.figure
        found[facet.facet] = (
            {"mean": _coded(figure.mean, figure.end)} if isinstance(figure, Average) else {}
        )
    return found


def _of_item(figure: Shown, low: int) -> dict[str, Figure]:
    shown: dict[str, Figure] = {"mean": _coded(figure.mean, figure.end)}
    if figure.word is not None:
        shown["agreement"] = figure.word.value
    for name, band in zip(_band_names(low), figure.bands or (), strict=False):
        shown[name] = _coded(band.share, band.end)
    return shown


def _coded(value: float, end: str) -> str:
    """Write a displayed number as pages do: 4.5, "1.5 or lower", "about 4"."""
    match end:
        case "":
            return f"{value:g}"
        case "both":
            return f"about {value:g}"
        case _:
            return f"{value:g} or {end}"


def _band_names(low: int) -> list[str]:
    """Return the statistics of the three bands of seven points: percent_1-3, _4, _5-7."""
    names = []
    for band in BANDS:
        first, last = low + band.start, low + band.stop - 1
        names.append(f"percent_{first}" if first == last else f"percent_{first}-{last}")
    return names


# -------------------------------------------------------------- for people


def _table(
    ratings: Ratings, questions: Sequence[Question], scopes: Sequence[ScopeFigures], *, k: int
) -> str:
    """Write the figures for people, and say why the others are withheld."""
    heads = {"mean": "mean"}
    if ratings.scale.points == SEVEN:
        heads |= {"agreement": "agreement"}
        heads |= {f"{name[8:]} in %": name for name in _band_names(ratings.scale.low)}
    figures = [(scope, _figures(questions, scope)) for scope in scopes]
    blocks = []
    for item, shown in (
        *((item, heads) for item in ratings.items),
        *((group.title, {"mean": "mean"}) for group in ratings.groups),
    ):
        rows = [
            [
                f"party {_name(scope)}" if scope.kind == "party" else _name(scope),
                scope.n or WITHHELD,
                *(str(found[item].get(name, WITHHELD)) for name in shown.values()),
            ]
            for scope, found in figures
        ]
        blocks.append(f"{readable(item)}\n" + columns(["unit", "people", *shown], rows))
    return "\n".join([*blocks, _why(scopes, seven=ratings.scale.points == SEVEN, k=k)])


def _why(scopes: Sequence[ScopeFigures], *, seven: bool, k: int) -> str:
    """Explain, in sentences that depend on what is shown and on nothing else."""
    indices = (
        "- Standard deviations, medians, counts and indices are never shown: with them and a "
        "mean, answers of few people can be worked out."
    )
    reasons = [
        "Withheld figures protect people; they do not mean that nobody answered.",
        f"- Nothing is shown of fewer than {k} people, nor of a question that fewer answered.",
        "- Below 10 people means are in coarse steps and the number of people reads 5-9.",
        indices,
    ]
    if seven:
        reasons.append("- The agreement word is shown from 8 people, the three bands from 10.")
    if any(len(scope.units) > 1 for scope in scopes):
        reasons.append(
            f"- Units joined by {TOGETHER} are only shown together: one of them alone has fewer "
            f"than {k} people, and would follow from the difference."
        )
    if not scopes[-1].n and len({scope.party for scope in scopes[:-1]}) > 1:
        reasons.append(
            f"- {EVERYBODY} is shown only if three or more parties are, with {k} or more people "
            "beside the largest: each party could subtract itself."
        )
    return "\n".join(reasons) + "\n"
