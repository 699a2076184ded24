"""`understream measure-raters`: how far raters agree who judged the same subjects."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Final

from understream.console.cells import Value, names, numbers_or_words, once
from understream.console.figures import (
    Figure,
    Line,
    columns,
    long_format,
    nested,
    printed,
    rounded,
)
from understream.instruments.ratings import EVERYBODY
from understream.instruments.table import Table, read_table
from understream.measurement.concordance import kendall_w, mean_pearson, mean_spearman
from understream.measurement.intraclass import Design, Intraclass, intraclass
from understream.measurement.raters import (
    Level,
    complete,
    exact_agreement,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    light_kappa,
)

_Matrix = Sequence[Sequence[Value]]
_HEADS: Final = {
    **{f"krippendorff_alpha_{level}": f"Krippendorff's alpha, {level}" for level in Level},
    "percent_agreement_exact": "all the same, %",
    "fleiss_kappa": "Fleiss' kappa",
    "light_kappa": "Light's kappa",
    "kendall_W_uncorrected": "Kendall's W",
    "kendall_W_tie_corrected": "Kendall's W, ties allowed for",
    "mean_pearson": "mean correlation",
    "mean_spearman": "mean rank correlation",
    "gwet_AC1": "Gwet's AC1",
    "gwet_AC2_ordinal": "Gwet's AC2, ordinal",
    "icc_oneway_consistency_single": "ICC(1,1)",
    "icc_oneway_consistency_average": "ICC(1,k)",
    "icc_twoway_consistency_single": "ICC(3,1)",
    "icc_twoway_consistency_average": "ICC(3,k)",
    "icc_twoway_agreement_single": "ICC(2,1)",
    "icc_twoway_agreement_average": "ICC(2,k)",
}
#: Behind the ends that the reference has otherwise: docs/concepts/rater.md.
_RIGHT: Final = "_mcgraw_wong"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = (
        "Measure how far raters agree: one row a subject, one column a rater. CSV with commas or "
        "semicolons, or XLSX. Ratings are numbers, or words for categories without order."
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="CSV, XLSX or SPSS (.sav, an extra); the first row names columns",
    )
    parser.add_argument(
        "--subject", metavar="COLUMN", help="the column that names the subjects, and is no rater"
    )
    parser.add_argument("--format", choices=("table", "json", "long"), default="table")


def run(options: argparse.Namespace) -> int:
    """Read, measure, print; on anything not plain, say where and print no figure.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0, or 2 if the file or an option cannot be used.
    """

    def text() -> tuple[str, list[Table], list[str]]:
        table = read_table(options.file)
        ratings = _read(table, options.subject)
        return _written(list(_lines(ratings)), ratings, options.format), [table], []

    return printed("measure-raters", text)


def _read(table: Table, subject: str | None) -> list[tuple[Value, ...]]:
    named = None if subject is None else table.column(subject)
    raters = [place for place in range(len(table.headers)) if place != named]
    nameless = [str(place + 1) for place in raters if not table.headers[place]]
    if nameless:
        raise ValueError(f"{table.name}: give each rater a name; column {nameless[0]} has none")
    if not raters:
        raise ValueError(
            f"{table.name}: beside {subject} there is no column, so that nobody rates"
        )
    if not table.rows:
        raise ValueError(f"{table.name} holds no subject below its header.")
    if named is not None:
        subjects = names(table, table.rows, [named])
        once(
            table, table.rows, subjects, lambda place: f"subject {subjects[place][0]}",
            "Each subject has one row:",
        )  # fmt: skip
    return numbers_or_words(table, table.rows, raters)


# ------------------------------------------------------------------ figures


def _lines(ratings: _Matrix) -> Iterator[Line]:
    words = any(isinstance(value, str) for row in ratings for value in row)
    for statistic, value in _of_words(ratings) if words else _of_numbers(ratings):
        yield Line(statistic, EVERYBODY, "", value)


def _of_words(ratings: _Matrix) -> Iterator[tuple[str, Figure]]:
    yield "krippendorff_alpha_nominal", krippendorff_alpha(ratings, Level.NOMINAL)
    yield from _of_categories(ratings)
    yield "gwet_AC1", gwet_ac1(ratings)


def _of_categories(ratings: _Matrix) -> Iterator[tuple[str, Figure]]:
    yield "percent_agreement_exact", exact_agreement(ratings)
    yield "fleiss_kappa", fleiss_kappa(ratings)
    yield "light_kappa", light_kappa(ratings)


def _of_numbers(ratings: _Matrix) -> Iterator[tuple[str, Figure]]:
    for level in Level:
        yield f"krippendorff_alpha_{level}", krippendorff_alpha(ratings, level)
    yield from _of_categories(ratings)
    yield "kendall_W_uncorrected", kendall_w(ratings, corrected=False)
    yield "kendall_W_tie_corrected", kendall_w(ratings)
    yield "mean_pearson", mean_pearson(ratings)
    yield "mean_spearman", mean_spearman(ratings)
    for design in Design:
        for average in (False, True):
            name = f"icc_{design}_{'average' if average else 'single'}"
            as_reference = intraclass(ratings, design, average=average, as_irr=True)
            yield name, as_reference.value
            yield from _ends(name, as_reference)
            if design is Design.AGREEMENT and average:
                right = intraclass(ratings, design, average=average)
                yield from ((end + _RIGHT, value) for end, value in _ends(name, right))
    yield "gwet_AC2_ordinal", gwet_ac2(ratings)


def _ends(name: str, found: Intraclass) -> Iterator[tuple[str, Figure]]:
    yield f"{name}_lo95", found.low
    yield f"{name}_hi95", found.high


# ------------------------------------------------------------------ writing


def _written(lines: Sequence[Line], ratings: _Matrix, form: str) -> str:
    if form == "long":
        return long_format(lines)
    about = {
        "subjects": len(ratings),
        "complete": len(complete(ratings)),
        "raters": len(ratings[0]),
    }
    if form == "json":
        return json.dumps({**about, "scopes": nested(lines)}, indent=1) + "\n"
    found = {line.statistic: line.value for line in lines}
    rows = [
        [
            head,
            *(
                rounded(found.get(f"{name}{end}{_RIGHT}", found.get(f"{name}{end}", "")))
                for end in ("", "_lo95", "_hi95")
            ),
        ]
        for name, head in _HEADS.items()
        if name in found
    ]
    told = ", ".join(f"{count} {what}" for what, count in about.items())
    return f"{told}\n\n" + columns(["", "value", "from", "to"], rows)
