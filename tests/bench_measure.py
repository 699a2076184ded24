"""Print what the mirror of very many ratings costs beside pandas + pingouin: `make bench-measure`.

1,180 alliances of 2 to 4 parties of 3 to 12 people answer 40 questions in 8 scales of 5, on seven
points, 5 % unanswered: about a million ratings; a tenth of the alliances for the smaller size. The
mirror is, for each party and question, number, mean, standard deviation, median, counts and the
agreement word; for each party and scale the mean of its questions; for each two parties of an
alliance and each question the difference, its error, degrees of freedom and the gap's word.

The peer is installed from PyPI into a folder outside the project, and works as an analyst would:
grouped frames for what can be grouped, one `pingouin.ttest` for each comparison. Both start from
what they would hold in memory: packed voices here, a long frame there. Both have one core. The
smaller size is worked out by both in turns and compared figure by figure; of the larger, the peer
works out a tenth of the alliances and all that is grouped, unless FULL=1. Ratios are of medians of
legs that took turns. The last line is JSON.

    make bench-measure              both sizes, about five minutes
    make bench-measure QUICK=1      small numbers: whether every part runs
    make bench-measure FULL=1       the peer works out the larger size whole: half an hour
"""

import argparse
import contextlib
import json
import math
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from random import Random
from statistics import median

from understream.measurement.description import describe
from understream.measurement.disclosure import Policy
from understream.measurement.gap import judge, welch
from understream.measurement.release import PartyVoices, Question, release_round
from understream.measurement.within_group import agreement, chance_limit_ad

PEERS = Path(
    os.environ.get("UNDERSTREAM_PEERS", Path(tempfile.gettempdir()) / "understream-peers")
)
POINTS, ITEMS, SCALE, LARGE, SMALL = 7, 40, 5, 1180, 118
PEER = """
import json, math, pickle, sys, time, warnings
import numpy as np, pandas as pd, pingouin as pg
from scipy import stats

warnings.filterwarnings("ignore")
source, result, share = sys.argv[1], sys.argv[2], int(sys.argv[3])
alliances, limits, scale = pickle.load(open(source, "rb"))
rows = [(a, p, u, i, v) for a, parties in enumerate(alliances) for p, people in enumerate(parties)
        for u, voice in enumerate(people) for i, v in enumerate(voice) if v]
frame = pd.DataFrame(rows, columns=["alliance", "party", "person", "item", "value"])
del rows

began = time.perf_counter()
key = ["alliance", "party", "item"]
groups = frame.groupby(key)["value"]
items = groups.agg(n="count", mean="mean", sd="std", median="median")
counts = frame.groupby(key + ["value"]).size().unstack(fill_value=0)
counts = counts.reindex(columns=range(1, 8), fill_value=0)
away = (frame["value"] - groups.transform("mean")).abs()
items["ad"] = away.groupby([frame[one] for one in key]).mean()
low, middle, high = counts[[1, 2, 3]].sum(axis=1), counts[4], counts[[5, 6, 7]].sum(axis=1)
limit = items["n"].map(limits)
word = np.where(items["n"] < 4, "", np.where(
    (low >= 2) & (high >= 2) & (middle <= 1) & (items["ad"] >= 1.5 - 1e-9), "two camps",
    np.where((items["n"] >= 5) & (items["ad"] <= limit + 1e-9), "close", "spread")))
items["word"] = word
means = items["mean"].reset_index()
means["scale"] = means["item"] // scale
scales = means.groupby(["alliance", "party", "scale"])["mean"].mean()
grouped = time.perf_counter() - began

began = time.perf_counter()
found = []
few = frame[frame["alliance"] % share == 0]
for alliance, own in few.groupby("alliance"):
    for item, asked in own.groupby("item"):
        by_party = {party: one["value"].to_numpy() for party, one in asked.groupby("party")}
        parties = sorted(by_party)
        for at, a in enumerate(parties):
            for b in parties[at + 1:]:
                x, y = by_party[a], by_party[b]
                if min(len(x), len(y)) < 2:
                    continue
                test = pg.ttest(x, y, correction=True)
                found.append((alliance, a, b, item, x.mean() - y.mean(),
                              float(test["T"].iloc[0]), float(test["dof"].iloc[0])))
gaps = pd.DataFrame(found, columns=["alliance", "a", "b", "item", "apart", "t", "dof"])
side = {one: gaps.merge(items[["n", "sd"]], how="left", left_on=["alliance", one, "item"],
                        right_index=True)[["n", "sd"]] for one in ("a", "b")}
var = {one: np.maximum(side[one]["sd"], 0.5) ** 2 / side[one]["n"] for one in side}
error = np.sqrt(var["a"] + var["b"])
dof = (var["a"] + var["b"]) ** 2 / (var["a"] ** 2 / (side["a"]["n"] - 1)
                                     + var["b"] ** 2 / (side["b"]["n"] - 1))
half = stats.t.ppf(0.975, dof) * error
distance = gaps["apart"].abs()
gaps["label"] = np.where(distance >= 1 - 1e-9, np.where(distance > half, "clear", "possible"),
                         np.where(distance + half <= 1.5 + 1e-9, "same picture",
                                  "not enough answers"))
gaps["error"], gaps["df"] = error, dof
compared = time.perf_counter() - began
pickle.dump((
    {at: (int(r.n), r.mean_, r.sd, r.median_, tuple(c), r.word) for at, r, c in zip(
        items.index, items.rename(columns={"mean": "mean_", "median": "median_"}).itertuples(),
        counts.itertuples(index=False))},
    scales.to_dict(),
    {(r.alliance, r.a, r.b, r.item): (r.apart, r.t, r.dof, r.error, r.df, r.label)
     for r in gaps.itertuples()}), open(result, "wb"))
print(json.dumps({"grouped": grouped, "compared": compared, "ratings": len(frame)}))
"""


def say(words: object) -> None:
    """Print to whoever measures."""
    print(words, flush=True)  # noqa: T201 - said to whoever measures


def made(number: int) -> list[list[list[bytes]]]:
    """Return the voices of so many alliances: by party, one packed voice a person."""
    rng = Random(number)
    alliances = []
    for _ in range(number):
        parties = []
        for _ in range(rng.randint(2, 4)):
            middle = [rng.gauss(5, 0.8) for _ in range(ITEMS)]
            parties.append([
                bytes(
                    0 if rng.random() < 0.05
                    else min(POINTS, max(1, round(rng.gauss(one, 1.2))))
                    for one in middle
                )
                for _ in range(rng.randint(3, 12))
            ])  # fmt: skip
        alliances.append(parties)
    return alliances


def counts_of(people: list[bytes]) -> list[tuple[int, ...]]:
    """Return how many stand at each point of each question."""
    packed = b"".join(people)
    columns = [packed[at::ITEMS] for at in range(ITEMS)]
    return [tuple(map(one.count, range(1, POINTS + 1))) for one in columns]


def mirror(parties: list[list[bytes]]) -> tuple[list, list, list]:
    """Return the full mirror of one alliance: questions, scales, and what lies between parties."""
    counted = [counts_of(people) for people in parties]
    items = [[(describe(one), agreement(one)) for one in party] for party in counted]
    scales = []
    for party in items:
        means = [figure.mean for figure, _word in party]
        scales.append([_mean(means[at : at + SCALE]) for at in range(0, ITEMS, SCALE)])
    gaps = [
        (a, b, at, judge(first, second))
        for a, b in combinations(range(len(parties)), 2)
        for at, (first, second) in enumerate(zip(counted[a], counted[b], strict=True))
        if min(sum(first), sum(second)) > 1
    ]
    return items, scales, gaps


def _mean(values: list[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return math.fsum(there) / len(there) if there else None


def displayed(parties: list[list[bytes]]) -> object:
    """Return what pages would show of one alliance: rounded, withheld, with words."""
    return release_round(
        [
            PartyVoices(f"party {at}", "confidential", QUESTIONS, people, [0] * len(people))
            for at, people in enumerate(parties)
        ],
        policy=Policy(5),
    )


QUESTIONS = [Question(f"q{at}", "", f"s{at // SCALE}", "rating", POINTS) for at in range(ITEMS)]
WORK = {"mirror": mirror, "displayed": displayed}


# ------------------------------------------------------------------------------ the legs


def ours(what: str, source: Path) -> dict[str, float]:
    """Return seconds and peak memory of our work in a process of its own, which keeps it all."""
    told = subprocess.run(
        one_core([sys.executable, str(Path(__file__)), "--work", what, str(source)]),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(told.stdout)


def work(what: str, source: Path) -> int:
    """Do our work, and print how long it took and the most memory that this process held."""
    alliances, _limits, _scale = pickle.loads(source.read_bytes())  # noqa: S301 - of our own
    began = time.perf_counter()
    kept = [WORK[what](parties) for parties in alliances]
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(json.dumps({"seconds": seconds, "peak_mb": peak, "alliances": len(kept)}))
    return 0


def theirs(python: Path, source: Path, result: Path, share: int) -> dict[str, float]:
    """Return what the peer took, in seconds; of every so-manieth alliance what is compared."""
    told = subprocess.run(
        one_core([str(python), "-c", PEER, str(source), str(result), str(share)]),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(told.stdout)


def one_core(command: list[str]) -> list[str]:
    """Return a command that has one core."""
    return ["taskset", "-c", "0", *command] if shutil.which("taskset") else command


def install() -> Path:
    """Install the peer from PyPI; return its Python."""
    folder = PEERS / "pingouin"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        PEERS.mkdir(parents=True, exist_ok=True)
        base = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)]
        subprocess.run(base, check=True, capture_output=True)
        pip = [shutil.which("python3") or "python3", "-m", "pip", "--python", str(python)]
        subprocess.run([*pip, "install", "--quiet", "pandas", "pingouin"], check=True,
                       capture_output=True, timeout=600)  # fmt: skip
        (folder / "installed").touch()
    return python


def written(folder: Path, number: int) -> tuple[Path, int]:
    """Write the voices of so many alliances; return where, and how many ratings they hold."""
    alliances = made(number)
    limits = {n: chance_limit_ad(n, POINTS) or -1.0 for n in range(1, 13)}
    source = folder / f"{number}.pickle"
    source.write_bytes(pickle.dumps((alliances, limits, SCALE)))
    return source, sum(
        len(voice) - voice.count(0) for parties in alliances for people in parties
        for voice in people
    )  # fmt: skip


def differences(source: Path, result: Path) -> tuple[int, float]:
    """Compare every figure that the peer worked out with ours.

    :returns: how many were compared, and the largest difference.
    :raises AssertionError: if a word, a count or a missing figure differs.
    """
    items, scales, gaps = pickle.loads(result.read_bytes())  # noqa: S301 - of our own
    alliances, _limits, _scale = pickle.loads(source.read_bytes())  # noqa: S301 - of our own
    seen, worst = 0, 0.0
    for at, parties in enumerate(alliances):
        counted = [counts_of(people) for people in parties]
        for numbers in _side_by_side(at, mirror(parties), counted, items, scales, gaps):
            for mine, other in numbers:
                if isinstance(mine, float) and isinstance(other, float):
                    worst = max(worst, abs(mine - other))
                else:
                    assert mine == other, (at, mine, other)
                seen += 1
    return seen, worst


def _side_by_side(
    at: int, told: tuple[list, list, list], counted: list, items: dict, scales: dict, gaps: dict
) -> Iterator[list[tuple[object, object]]]:
    for party, (own, means) in enumerate(zip(told[0], told[1], strict=True)):
        for item, (figure, word) in enumerate(own):
            other = items.get((at, party, item), (0, None, None, None, (0,) * POINTS, ""))
            mine = (figure.n, figure.mean, figure.sd_n_minus_1, figure.median, figure.counts,
                    "" if figure.n < 4 else word.value)  # fmt: skip
            yield [(one, _known(two)) for one, two in zip(mine, other, strict=True)]
        yield [(mean, _known(scales.get((at, party, place)))) for place, mean in enumerate(means)]
    for a, b, item, judged in told[2]:
        other = gaps.get((at, a, b, item))
        if other is not None:
            apart, t, dof, error, df, label = other
            if math.isfinite(t):  # nor is there a spread to judge by where all agree
                plain = welch(counted[a][item], counted[b][item])
                yield [(plain.t, t), (plain.df, dof)]
            yield [(judged.difference, apart), (judged.standard_error, error),
                   (judged.df, df), (judged.label.value, label)]  # fmt: skip


def _known(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def main(given: list[str] | None = None) -> int:
    """Run both sizes; return 0, or 1 if a figure differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers")
    parser.add_argument("--full", action="store_true", help="the peer works everything out")
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.work:
        return work(options.work[0], Path(options.work[1]))
    small, large = (4, 40) if options.quick else (SMALL, LARGE)
    figures: dict[str, float | None] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (few, few_ratings), (many, many_ratings) = written(folder, small), written(folder, large)
        say(f"{few_ratings:,} and {many_ratings:,} ratings of {small} and {large} alliances")
        python = None
        try:
            python = install()
        except (OSError, subprocess.SubprocessError) as fault:
            say(f"!! pandas + pingouin could not be installed here: {type(fault).__name__}")
        mine, peers, shown = [], [], []
        for turn in range(3):
            mine.append(ours("mirror", few))
            shown.append(ours("displayed", few))
            if python is not None and turn < 2:
                peers.append(theirs(python, few, folder / "few.result", 1))
        large_turns = [ours("mirror", many) for _ in range(3)]
        large_shown = [ours("displayed", many) for _ in range(3)]
        seconds = median(one["seconds"] for one in mine)
        seconds_large = median(one["seconds"] for one in large_turns)
        told("ours, the mirror of the smaller", mine)
        told("ours, the mirror of the larger", large_turns)
        told("ours, as pages show it, the smaller", shown)
        told("ours, as pages show it, the larger", large_shown)
        growth = (seconds_large / seconds) / (many_ratings / few_ratings)
        figures |= {
            "ratings_1e5": few_ratings, "ratings_1e6": many_ratings,
            "seconds_1e5": round(seconds, 3), "seconds_1e6": round(seconds_large, 2),
            "displayed_seconds_1e6": round(median(one["seconds"] for one in large_shown), 2),
            "peak_mb_1e6": round(max(one["peak_mb"] for one in large_turns), 1),
            "displayed_peak_mb_1e6": round(max(one["peak_mb"] for one in large_shown), 1),
            "growth": round(growth, 2), "ratio_pandas": None,
        }  # fmt: skip
        say(f"growth: {growth:.2f} times as long a rating in the larger (1 is linear)")
        if python is not None:
            figures |= beside(
                python, few, many, folder, peers, seconds, seconds_large, full=options.full
            )
    say(json.dumps(figures))
    return int((figures.get("worst_difference") or 0.0) > 1e-9)


def told(name: str, turns: list[dict[str, float]]) -> None:
    """Print the least, the middle and the most of some turns."""
    took = sorted(one["seconds"] for one in turns)
    peak = max(one["peak_mb"] for one in turns)
    say(f"   {name}: {took[0]:.2f} / {median(took):.2f} / {took[-1]:.2f} s, at most {peak:.0f} MB")


def beside(
    python: Path, few: Path, many: Path, folder: Path, peers: list[dict[str, float]],
    seconds: float, seconds_large: float, *, full: bool,
) -> dict[str, float]:  # fmt: skip
    """Print and return how the peer compares."""
    whole = median(one["grouped"] + one["compared"] for one in peers)
    spread = ", ".join(f"{one['grouped']:.2f} + {one['compared']:.1f}" for one in peers)
    say(
        f"   pandas + pingouin, the smaller: {spread} s; ratio {whole / seconds:.0f} x (target 30)"
    )
    compared, worst = differences(few, folder / "few.result")
    say(f"   {compared:,} figures compared, the largest difference {worst:.1e}")
    share = 1 if full else 10
    large = theirs(python, many, folder / "many.result", share)
    more, most = differences(many, folder / "many.result")
    reckoned = large["grouped"] + large["compared"] * share
    say(f"   pandas + pingouin, the larger: {large['grouped']:.1f} s grouped, "
        f"{large['compared']:.0f} s for comparisons of one alliance in {share}: "
        f"{reckoned:.0f} s in all; ratio {reckoned / seconds_large:.0f} x")  # fmt: skip
    say(f"   {more:,} figures compared, the largest difference {most:.1e}")
    return {
        "ratio_pandas": round(whole / seconds, 1),
        "ratio_pandas_1e6": round(reckoned / seconds_large, 1),
        "compared_figures": compared + more, "worst_difference": max(worst, most),
    }  # fmt: skip


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
