"""Every published and reference figure of groups, scales and comparisons, by calling measurement.

Values to 17 digits come from R (multilevel, psych, agrmt); the note of a row may name a tolerance.
"""

import csv
from collections import Counter
from functools import cache
from itertools import groupby
from math import fsum

import pytest

from understream.measurement.change import paired
from understream.measurement.description import (
    describe,
    histogram,
    moments,
    moments_of,
    top,
    wilson,
)
from understream.measurement.gap import (
    cliffs_delta,
    cliffs_delta_of,
    welch,
    welch_between,
)
from understream.measurement.icc import one_way, one_way_of
from understream.measurement.reliability import complete, crossed, reliability, reliability_of
from understream.measurement.score import turned
from understream.measurement.within_group import (
    ad_mean_of,
    ad_median_of,
    awg_of,
    rwg_j_lindell_of,
    rwg_j_of,
    rwg_of,
    van_der_eijk_of,
)

SCALES = {
    "lq2002": (1, 5),
    "cohesion": (1, 5),
    "cohesion_by_UNIT": (1, 5),
    "bfi": (1, 6),
    "wine": (1, 5),
}
HOSTILE = (0, 4)
UNITS = {
    "lq2002": ("COMPID",),
    "cohesion": ("UNIT", "PLATOON"),
    "cohesion_by_UNIT": ("UNIT",),
}
ITEMS = {
    "LEAD(11)": [f"LEAD{one:02}" for one in range(1, 12)],
    "TSIG(3)": [f"TSIG{one:02}" for one in range(1, 4)],
    "HOSTILE(5)": [f"HOSTIL{one:02}" for one in range(1, 6)],
    "COH(5)": [f"COH{one:02}" for one in range(1, 6)],
    **{
        trait: [f"{trait[0]}{one}" for one in range(1, 6)]
        for trait in (
            "Agreeableness",
            "Conscientiousness",
            "Extraversion",
            "Neuroticism",
            "Openness",
        )
    },
}
REVERSED = {"A1", "C4", "C5", "E1", "E2", "O2", "O5"}
"""Those of the published key; the others are asked the way their scale runs."""

DESCRIPTIVES = {
    *("n", "n_missing", "mean", "median", "sd_n_minus_1", *(f"count_{x}" for x in range(7))),
    *("top2_count", "top2_share", "top2_wilson95_lo", "top2_wilson95_hi"),
    "agreement_A_van_der_Eijk",
}
GROUPS = {"n", "mean", "sd_n_minus_1", "rwg_uniform", "awg", "ADM_mean", "ADM_median"}
GROUPS_SCALE = {"n_listwise", "rwg_j", "rwg_j_lindell"}
ICC = {
    *("n_obs", "n_groups", "MSB", "MSW", "F", "ICC1_anova", "ICC2_anova", "ICC1_anova_k0"),
}
RELIABILITY = {
    *("n_listwise", "k_items", "alpha_raw_listwise", "alpha_feldt95_lo", "alpha_feldt95_hi"),
    "omega_total_1factor_minres_cor",
}
COMPARISON = {
    *("n1", "n2", "mean1", "mean2", "diff", "welch_t", "welch_df", "welch_p"),
    *("welch_ci95_lo", "welch_ci95_hi", "cliffs_delta"),
}
PAIRED = {
    *("paired_n", "paired_mean_change", "paired_t", "paired_p", "paired_ci95_lo"),
    *("paired_ci95_hi", "paired_dz"),
}


@pytest.fixture
def wanted(shared):
    """The rows of one expected file: by data set and scope and item, value by statistic."""

    def read(name, statistics):
        found = {}
        with shared(f"expected/{name}.csv").open() as file:
            for row in csv.DictReader(file):
                if row["statistic"] in statistics:
                    place = found.setdefault((row["dataset"], row["scope"], row["item"]), {})
                    assert row["statistic"] not in place
                    place[row["statistic"]] = row["value"]
        return found

    return read


@cache
def _rows(path):
    with path.open() as file:
        return [
            {name: None if cell in {"", "NA"} else cell for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


@pytest.fixture
def people(shared):
    """The people of a data set, each a row of its file."""
    return lambda dataset: _rows(shared(f"ratings/{dataset.removesuffix('_by_UNIT')}.csv"))


def numbers(rows, item):
    return [float(row[item]) for row in rows if row[item] is not None]


def scale_of(dataset, item):
    return HOSTILE if item.startswith("HOSTIL") else SCALES[dataset]


def counted(rows, item, scale):
    low, high = scale
    places = [int(row[item]) - low + 1 for row in rows if row[item] is not None]
    return histogram(places, points=high - low + 1)


def by_unit(rows, dataset):
    found = {}
    for row in rows:
        found.setdefault("|".join(row[column] for column in UNITS[dataset]), []).append(row)
    return found


def differing(found, values, tolerance=1e-10):
    """The statistics that are not met, or not there at all."""
    wrong = {}
    for name, value in values.items():
        mine = found[name]
        if mine is None or value == "NA":
            same = mine is None and value == "NA"
        else:
            same = abs(mine - float(value)) <= tolerance * max(1, abs(float(value)))
        if not same:
            wrong[name] = (mine, value)
    return wrong


def held(wanted, figures, tolerance=1e-10):
    """Hold all rows against what a function makes of data set, scope and item; count them."""
    wrong, seen = {}, Counter()
    for (dataset, scope, item), values in wanted.items():
        faults = differing(figures(dataset, scope, item), values, tolerance)
        wrong |= {(dataset, scope, item, name): both for name, both in faults.items()}
        seen.update(list(values))
    assert wrong == {}
    return seen


# ---------------------------------------------------------------- one item


def described(rows, item, scale):
    counts = counted(rows, item, scale)
    found, best = describe(counts, low=scale[0]), top(counts)
    low, high = wilson(best, found.n)
    return {
        "n": found.n,
        "n_missing": len(rows) - found.n,
        "mean": found.mean,
        "median": found.median,
        "sd_n_minus_1": found.sd_n_minus_1,
        **{f"count_{point}": count for point, count in enumerate(counts, scale[0])},
        "top2_count": best,
        "top2_share": best / found.n,
        "top2_wilson95_lo": low,
        "top2_wilson95_hi": high,
        "agreement_A_van_der_Eijk": van_der_eijk_of(counts),
    }


def test_descriptives_are_met(wanted, people):
    def figures(dataset, scope, item):
        rows = people(dataset)
        if scope != "all":
            column, _, value = scope.partition("=")
            rows = [row for row in rows if row[column] == value]
        return described(rows, item, scale_of(dataset, item))

    seen = held(wanted("descriptives", DESCRIPTIVES), figures)

    places = 19 + 5 + 25 + 10  # soldiers, teams, personality, judges of wine
    assert set(seen) == DESCRIPTIVES
    assert {name for name, count in seen.items() if count != places} == {
        *("count_0", "count_5", "count_6")
    }
    assert (seen["count_0"], seen["count_5"], seen["count_6"]) == (5, places - 5, 25)


def test_groups_are_met(wanted, people):
    units = {dataset: by_unit(people(dataset), dataset) for dataset in UNITS}

    def figures(dataset, scope, item):
        low, _ = scale = scale_of(dataset, item)
        counts = counted(units[dataset][scope], item, scale)
        found, agreement = describe(counts, low=low), rwg_of(counts)
        return {
            "n": found.n,
            "mean": found.mean,
            "sd_n_minus_1": found.sd_n_minus_1,
            "rwg_uniform": None if agreement is None else max(0.0, agreement),
            "awg": awg_of(counts),
            "ADM_mean": ad_mean_of(counts),
            "ADM_median": ad_median_of(counts),
        }

    seen = held(wanted("groups", GROUPS), figures)

    assert seen == dict.fromkeys(GROUPS, 49 * 19 + 4 * 5 + 2 * 5)


def test_scales_of_groups_are_met(wanted, people):
    units = {dataset: by_unit(people(dataset), dataset) for dataset in UNITS}

    def figures(dataset, scope, item):
        items = ITEMS[item]
        rows = [row for row in units[dataset][scope] if None not in [row[one] for one in items]]
        counts = [counted(rows, one, scale_of(dataset, one)) for one in items]
        return {
            "n_listwise": len(rows),
            "rwg_j": rwg_j_of(counts),
            "rwg_j_lindell": rwg_j_lindell_of(counts),
        }

    seen = held(wanted("groups_scale", GROUPS_SCALE), figures)

    assert seen == dict.fromkeys(GROUPS_SCALE, 49 * 3 + 4 + 2)


# ---------------------------------------------------------- all together


def analysis(found):
    return {
        "n_obs": found.n_obs,
        "n_groups": found.n_groups,
        "MSB": found.ms_between,
        "MSW": found.ms_within,
        "F": found.f,
        "ICC1_anova": found.icc1,
        "ICC2_anova": found.icc2,
        "ICC1_anova_k0": found.icc1_k0,
    }


def test_icc_are_met_by_scores_and_by_histograms(wanted, people):
    units = {dataset: by_unit(people(dataset), dataset) for dataset in ("lq2002", "cohesion")}

    def by_scores(dataset, scope, item):
        assert scope == "all"
        return analysis(one_way([numbers(rows, item) for rows in units[dataset].values()]))

    def by_counts(dataset, scope, item):
        if f"{item}01" in people(dataset)[0] or item == "HOSTILE":
            return by_scores(dataset, scope, item)  # a column of means
        scale = scale_of(dataset, item)
        return analysis(
            one_way_of([counted(rows, item, scale) for rows in units[dataset].values()])
        )

    asked = wanted("icc", ICC)

    assert held(asked, by_scores) == dict.fromkeys(ICC, 22 + 5)
    assert held(asked, by_counts) == dict.fromkeys(ICC, 22 + 5)


def answers(rows, scope):
    """Who answered how, on a scale, items of the published key turned; missing ones None."""
    items = ITEMS.get(scope) or scope.split("+")
    found = []
    for row in rows:
        given = [None if row[item] is None else float(row[item]) for item in items]
        found.append(
            [
                turned(one, low=1, high=6) if one is not None and item in REVERSED else one
                for item, one in zip(items, given, strict=True)
            ]
        )
    return found


def reliable(found):
    return {
        "n_listwise": found.n,
        "k_items": found.items,
        "alpha_raw_listwise": found.alpha,
        "alpha_feldt95_lo": found.low,
        "alpha_feldt95_hi": found.high,
        "omega_total_1factor_minres_cor": found.omega,
    }


def test_reliability_is_met_by_answers_and_by_sums(wanted, people):
    def by_answers(dataset, scope, item):
        assert item == ""
        return reliable(reliability(complete(answers(people(dataset), scope))))

    def by_sums(dataset, scope, item):
        rows = complete(answers(people(dataset), scope))
        if not all(one.is_integer() for row in rows for one in row):
            return by_answers(dataset, scope, item)
        return reliable(reliability_of(crossed([[*map(int, row)] for row in rows])))

    iterative = {"omega_total_1factor_minres_cor"}
    direct, omega = (
        wanted("reliability", RELIABILITY - iterative),
        wanted("reliability", iterative),
    )

    for figures in (by_answers, by_sums):
        assert held(direct, figures) == dict.fromkeys(RELIABILITY - iterative, 12)
        assert held(omega, figures, 1e-6) == dict.fromkeys(iterative, 12)


# ------------------------------------------------------------ comparisons


def compared(found, first, second, delta):
    return {
        "n1": first.n,
        "n2": second.n,
        "mean1": first.mean,
        "mean2": second.mean,
        "diff": found.difference,
        "welch_t": found.t,
        "welch_df": found.df,
        "welch_p": found.p,
        "welch_ci95_lo": found.low,
        "welch_ci95_hi": found.high,
        "cliffs_delta": delta,
    }


def test_comparisons_are_met_by_scores_and_by_histograms(wanted, people):
    def sides(dataset, scope):
        item, _, who = scope.partition("|")
        first, _, second = who.partition(" vs ")
        column, _, first = first.rpartition(" ")
        rows = people(dataset)
        column = column or "UNIT"
        return item, [[row for row in rows if row[column] == one] for one in (first, second)]

    def by_scores(dataset, scope, item):
        assert item == ""
        name, groups = sides(dataset, scope)
        a, b = (numbers(rows, name) for rows in groups)
        first, second = moments(a), moments(b)
        return compared(welch_between(first, second), first, second, cliffs_delta(a, b))

    def by_counts(dataset, scope, item):
        name, groups = sides(dataset, scope)
        if name == "LEAD":
            return by_scores(dataset, scope, item)
        low, _ = scale = scale_of(dataset, name)
        a, b = (counted(rows, name, scale) for rows in groups)
        first, second = (moments_of(counts, low=low) for counts in (a, b))
        return compared(welch(a, b), first, second, cliffs_delta_of(a, b))

    asked = wanted("comparison", COMPARISON)

    assert held(asked, by_scores) == dict.fromkeys(COMPARISON, 4)
    assert held(asked, by_counts) == dict.fromkeys(COMPARISON, 4)


def test_changes_of_the_same_people_are_met(wanted, people):
    def figures(dataset, scope, item):
        assert item == ""
        rows = people(dataset)
        if dataset == "sherifdat":
            before, after = (
                {
                    (row["group"], row["person"]): float(row["y"])
                    for row in rows
                    if row["time"] == time
                }
                for time in "02"
            )
            pairs = [(before[person], after[person]) for person in before]
        else:
            first, _, second = scope.partition("->")
            pairs = [(float(row[first]), float(row[second])) for row in rows]
        earlier, later = zip(*pairs, strict=True)
        found = paired(earlier, later)
        return {
            "paired_n": len(pairs),
            "paired_mean_change": found.change,
            "paired_t": found.t,
            "paired_p": found.p,
            "paired_ci95_lo": found.low,
            "paired_ci95_hi": found.high,
            "paired_dz": found.dz,
        }

    assert held(wanted("comparison", PAIRED), figures) == dict.fromkeys(PAIRED, 2)


def test_consensus_that_emerges_is_met(wanted, people):
    """Sherif's groups: three people each, nearer together at each of three moments."""

    def figures(dataset, scope, item):
        assert item == ""
        rows = [row for row in people(dataset) if row["time"] == scope.removeprefix("time=")]
        groups = groupby(sorted(rows, key=lambda row: row["group"]), lambda row: row["group"])
        spreads = [moments(numbers(list(members), "y")).variance ** 0.5 for _, members in groups]
        return {"mean_within_group_sd": fsum(spreads) / len(spreads)}

    asked = wanted("comparison", {"mean_within_group_sd"})

    assert held(asked, figures) == {"mean_within_group_sd": 3}
