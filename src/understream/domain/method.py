"""How everything is measured: formula, source, assumption, and an example worked out on the spot.

An example's outcome is not written down: the functions that measure work it out each time, so that
page and program cannot differ. Formulas stand in plain text; English and Dutch share them.
"""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from understream.domain.word import WORDS
from understream.measurement.change import (
    overlapping,
    paired,
    reliable_change_limit,
    split_change,
)
from understream.measurement.description import Moments, wilson
from understream.measurement.disclosure import Policy, Shown, Tally, form_blocks, show
from understream.measurement.gap import cliffs_delta, displayed_label, moderated, welch
from understream.measurement.icc import one_way, reliability_of_mean
from understream.measurement.network import density, network, reciprocity, strength
from understream.measurement.raters import Level, fleiss_kappa, krippendorff_alpha
from understream.measurement.reliability import alpha, feldt, omega
from understream.measurement.score import score
from understream.measurement.social_relations import effects
from understream.measurement.within_group import (
    ad_mean,
    ad_median,
    agreement,
    awg,
    chance_limit_ad,
    chance_limit_rwg,
    rwg,
    rwg_j,
    rwg_j_lindell,
    van_der_eijk,
)

DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Method:
    """One way of measuring.

    :ivar formula: in plain text.
    :ivar source: author and year; "" for a rule of our own.
    :ivar example: what goes in, in plain text.
    :ivar value: what comes out, worked out now.
    """

    code: str
    title: str
    formula: str
    source: str
    assumes: str
    shown: str
    example: str
    value: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """Methods that answer one question."""

    code: str
    title: str
    methods: tuple[Method, ...]


def methods() -> tuple[Chapter, ...]:
    """Return everything that is measured, chapter by chapter, in the language in force."""
    return (
        Chapter("display", _("What may be shown at all"), tuple(_display())),
        Chapter("agreement", _("How close people of a party are"), tuple(_agreement())),
        Chapter("gap", _("How far two parties are apart"), tuple(_gap())),
        Chapter("change", _("What changed since the last time"), tuple(_change())),
        Chapter("scale", _("Whether questions hang together"), tuple(_scale())),
        Chapter("organisation", _("Whether the organisation explains anything"), tuple(_icc())),
        Chapter("raters", _("Whether raters agree"), tuple(_raters())),
        Chapter("network", _("Who with whom, among four or more"), tuple(_network())),
    )


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    text = str(number_format(round(value, DECIMALS) + 0.0, decimal_pos=DECIMALS))
    return text.rstrip("0").rstrip(".,") if "." in text or "," in text else text


def _numbers(*values: float | None) -> str:
    return "; ".join(_number(one) for one in values)


def _only_here() -> str:
    return _("Never on pages: only by the command measure, to whom the answers belong.")


def _display() -> list[Method]:
    few = show(Tally((0, 0, 0, 0, 1, 3, 2)), policy=Policy())
    assert isinstance(few, Shown)  # six people
    blocks = form_blocks([7, 3, 6], k=5)
    return [
        Method(
            "block",
            _("The block rule"),
            "[n₁, n₂, …] → blocks, each ≥ k",
            "",
            _("Blocks are formed by what was known when the round opened, never by answers."),
            _("Whatever is shown, to anyone, at any time, is a figure of whole blocks."),
            "7 + 3 + 6, k = 5",
            " | ".join(" + ".join(str((7, 3, 6)[cell]) for cell in block) for block in blocks),
        ),
        Method(
            "rounding",
            _("Rounding"),
            "x̄ → 0.5 (5 ≤ n < 10), 0.1 (n ≥ 10)",
            "",
            _("Steps are counted from the middle of the scale; within half a point of an end only "
              "that it lies there is told."),
            _("To everybody who may open the mirror."),
            "5, 6, 6, 6, 7, 7",
            _number(few.mean),
        ),
        Method(
            "missing",
            _("Questions left open"),
            "x̄ = Σx / m,  m ≥ ⅔ J",
            "",
            _("A person has a score on a facet if two thirds of its questions were answered. "
              "Nothing is filled in. “Can’t judge” counts as not answered."),
            _("Scores of persons are never shown."),
            "4, –, 6",
            _number(score([4, None, 6])),
        ),
        Method(
            "wilson",
            _("The interval of a share (Wilson)"),
            "(p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)",
            "Wilson (1927)",
            _("People answer independently of each other."),
            _only_here(),
            "4 / 5",
            _numbers(*wilson(4, 5)),
        ),
    ]  # fmt: skip


def _agreement() -> list[Method]:
    five = [6, 5, 6, 7, 5]
    return [
        Method(
            "rwg", "r_wg",
            "r_wg = 1 − s² / σ²,  σ² = (A² − 1) / 12",
            "James, Demaree & Wolf (1984)",
            _("Blind answering would spread evenly over all points."),
            _only_here(), "4, 4, 5, 4; A = 5", _number(rwg([4, 4, 5, 4], points=5)),
        ),
        Method(
            "rwg_j", "r_wg(J)",
            "r_wg(J) = J (1 − m) / (J (1 − m) + m),  m = mean s² / σ²",
            "James, Demaree & Wolf (1984)",
            _("As r_wg, for J questions about one thing. It rises with J alone."),
            _only_here(), "(4, 5), (4, 4), (5, 5); A = 5",
            _number(rwg_j([[4, 5], [4, 4], [5, 5]], points=5)),
        ),
        Method(
            "rwg_j_lindell", "r*_wg(J)",
            "r*_wg(J) = 1 − mean s² / σ²",
            "Lindell, Brandt & Whitney (1999)",
            _("As r_wg; it does not rise with the number of questions."),
            _only_here(), "(4, 5), (4, 4), (5, 5); A = 5",
            _number(rwg_j_lindell([[4, 5], [4, 4], [5, 5]], points=5)),
        ),
        Method(
            "awg", "a_wg",
            "a_wg = 1 − 2 s² / ([(H + L) M − M² − H L] · n / (n − 1))",
            "Brown & Hauenstein (2005)",
            _("Compared with the widest split that the mean allows; undefined close to an end."),
            _only_here(), "6, 5, 6, 7, 5; L = 1, H = 7", _number(awg(five, points=7)),
        ),
        Method(
            "ad", "AD_M, AD_Md",
            "AD = Σ |x − x̄| / n,  Σ |x − median| / n",
            "Burke, Finkelstein & Dusig (1999)",
            _("In points of the scale."),
            _("On pages only inside the word for agreement, from eight people."),
            "6, 5, 6, 7, 5", _numbers(ad_mean(five, points=7), ad_median(five, points=7)),
        ),
        Method(
            "chance", _("Limits of chance"),
            "P(AD ≤ limit) ≤ 0.05,  P(r_wg ≥ limit) ≤ 0.05",
            "Dunlap, Burke & Smith-Crowe (2003)",
            _("Every way in which n people can answer blindly is counted; nothing is simulated."),
            _("On pages only inside the word for agreement, from eight people."),
            "AD: n = 5, A = 7; r_wg: n = 10, A = 5",
            _numbers(chance_limit_ad(5, 7), chance_limit_rwg(10, 5)),
        ),
        Method(
            "word", _("Close, spread, two camps"),
            "≥ 2 ≤ 3, ≥ 2 ≥ 5, ≤ 1 = 4, AD ≥ 1.5;  AD ≤ limit",
            "",
            _("Two camps: at least two on either side, at most one in the middle, and far apart. "
              "Else close, if chance would hardly bring people so near; else spread."),
            _("From eight people, to everybody who may open the mirror."),
            "1, 1, 2, 6, 7, 7", str(WORDS[agreement([2, 1, 0, 0, 0, 1, 2]).value]),
        ),
        Method(
            "van_der_eijk", _("Agreement A of Van der Eijk"),
            "A = Σ wᵢ Uᵢ (1 − (Sᵢ − 1) / (K − 1))",
            "Van der Eijk (2001)",
            _("The histogram is taken apart into layers; −1 two extremes, 0 even, 1 of one mind."),
            _only_here(), "1, 1, 7, 7", _number(van_der_eijk([1, 1, 7, 7], points=7)),
        ),
    ]  # fmt: skip


def _gap() -> list[Method]:
    found = welch([0, 0, 0, 0, 2, 2, 1], [0, 1, 1, 2, 1, 1, 0])
    mild = moderated(Moments(3, 5.0, 1.0), Moments(3, 4.0, 1.0), points=7)
    return [
        Method(
            "displayed", _("Below eight people on a side"),
            "|a − b| ≥ 1.5;  ≤ 0.5",
            "",
            _("Displayed figures alone are compared: worth asking, alike, or cannot tell."),
            _("To everybody who may open both figures."),
            "5.5, 4.0", str(WORDS[displayed_label(5.5, 4.0).value]),
        ),
        Method(
            "welch", _("From eight people on either side (Welch)"),
            "d ± t(df) √(s²ₐ/nₐ + s²_b/n_b)",
            "Welch (1938); Satterthwaite (1946)",
            _("Means are close to normal. On pages no standard deviation counts as less than 0.5. "
              "Clear gap: 1.0 or more apart, and the interval excludes 0."),
            _("Only the word is shown, to everybody who may open both figures."),
            "(5, 5, 6, 6, 7) − (2, 3, 4, 4, 5, 6)",
            _numbers(found.difference, found.low, found.high),
        ),
        Method(
            "moderated", _("The moderated interval"),
            "s̃² = ((n − 1) s² + 4 · 1.0) / (n + 3),  df = n − 1 + 4",
            "Smyth (2004)",
            _("The true standard deviation is usual: from about 0.8 to 1.4 on seven points."),
            _only_here(), "n = 3, x̄ = 5, s² = 1; n = 3, x̄ = 4, s² = 1",
            _numbers(mild.difference, mild.low, mild.high),
        ),
        Method(
            "cliff", _("Cliff’s delta"),
            "δ = P(a > b) − P(a < b)",
            "Cliff (1993)",
            _("It rests on order alone."),
            _only_here(), "(6, 5, 6, 7, 5), (3, 5, 4, 2, 4, 6)",
            _number(cliffs_delta([6, 5, 6, 7, 5], [3, 5, 4, 2, 4, 6])),
        ),
    ]  # fmt: skip


def _change() -> list[Method]:
    split = split_change([4, 5, None], [5, None, 6])
    partly = overlapping([1, 2, 4, None], [None, 3, 4, 5])
    return [
        Method(
            "paired",
            _("The same people twice"),
            "t = d̄ / (s_d / √n)",
            "Student (1908)",
            _("Differences of persons are close to normal."),
            _("Named rounds only: a confidential voice has no yesterday."),
            "(1, 2, 3) → (2, 4, 3)",
            _number(paired([1, 2, 3], [2, 4, 3]).t),
        ),
        Method(
            "overlapping",
            _("Partly the same people"),
            "t = (x̄₂ − x̄₁) / √(s²₁/n₁ + s²₂/n₂ − 2 r s₁ s₂ n_c / (n₁ n₂))",
            "Derrick, Russ, Toher & White (2017)",
            _("Variances may differ; r is that of the people who answered twice."),
            _("Named rounds only: a confidential voice has no yesterday."),
            "(1, 2, 4, –) → (–, 3, 4, 5)",
            _numbers(partly.t, partly.df),
        ),
        Method(
            "split",
            _("Minds changed, people changed"),
            "x̄₂ − x̄₁ = (S₂ − S₁) + (1 − w₂)(J − S₂) − (1 − w₁)(L − S₁)",
            "",
            _("An exact identity: what changed in those who stayed, by who joined, by who left."),
            _("Named rounds only, and each group as large as the round asks."),
            "(4, 5, –) → (5, –, 6)",
            _numbers(split.total, split.minds, split.joined, split.left),
        ),
        Method(
            "reliable",
            _("A change that says something about a person"),
            "1.96 · √2 · s √(1 − r)",
            "Jacobson & Truax (1991)",
            _("r is the reliability of the scale."),
            _only_here(),
            "s = 1.0, r = 0.85",
            _number(reliable_change_limit(1.0, 0.85)),
        ),
    ]


def _scale() -> list[Method]:
    low, high = feldt(0.85, n=10, items=4)
    pool = _(
        "Only pooled over the whole instance, from a hundred people, to host and researchers."
    )
    return [
        Method(
            "alpha",
            _("Alpha"),
            "α = J / (J − 1) · (1 − Σ sᵢ² / s²_X)",
            "Cronbach (1951)",
            _("Every question measures the same thing equally well; else it is too low."),
            pool,
            "((2, 1), (1, 2))",
            _number(alpha(((2.0, 1.0), (1.0, 2.0)))),
        ),
        Method(
            "feldt",
            _("Feldt’s interval of alpha"),
            "(1 − α̂) / (1 − α) ~ F",
            "Feldt (1965)",
            _("As alpha; answers close to normal."),
            pool,
            "α = 0.85, n = 10, J = 4",
            _numbers(low, high),
        ),
        Method(
            "omega",
            _("Omega"),
            "ω = (Σλ)² / ((Σλ)² + Σ(1 − λ²))",
            "McDonald (1999)",
            _("One factor lies behind all questions; they may measure it unequally well."),
            pool,
            "λ = 0.8, 0.7, 0.6",
            _number(omega([0.8, 0.7, 0.6])),
        ),
    ]


def _icc() -> list[Method]:
    found = one_way([[1, 2, 3], [4, 5, 6]])
    return [
        Method(
            "icc",
            "ICC(1), ICC(2)",
            "ICC(1) = (MSB − MSW) / (MSB + (k − 1) MSW),  ICC(2) = (MSB − MSW) / MSB",
            "Bartko (1976); Bliese (2000)",
            _("One-way analysis of variance; k is the mean size of the groups, or k₀ where said."),
            _("Only over the whole instance, once ten organisations are in it."),
            "(1, 2, 3), (4, 5, 6)",
            _numbers(found.icc1, found.icc2),
        ),
        Method(
            "planning",
            _("How sure a mean of n people is"),
            "n ICC(1) / (1 + (n − 1) ICC(1))",
            "Spearman (1910); Brown (1910)",
            _("Three people give no reliable view of an organisation."),
            _only_here(),
            "ICC(1) = 0.20, n = 5",
            _number(reliability_of_mean(0.20, 5)),
        ),
    ]


def _raters() -> list[Method]:
    return [
        Method(
            "krippendorff",
            _("Krippendorff’s alpha"),
            "α = 1 − D_o / D_e",
            "Krippendorff (2004)",
            _("Answers are names, ranks, equal steps or shares: the distance follows from which."),
            _only_here(),
            "(1, 1), (2, 2), (1, 2)",
            _number(krippendorff_alpha([[1, 1], [2, 2], [1, 2]], Level.NOMINAL)),
        ),
        Method(
            "fleiss",
            _("Fleiss’ kappa"),
            "κ = (P̄ − P̄_e) / (1 − P̄_e)",
            "Fleiss (1971)",
            _("Each subject is rated by as many raters, who need not be the same."),
            _only_here(),
            "(a, a), (b, b), (a, b)",
            _number(fleiss_kappa([["a", "a"], ["b", "b"], ["a", "b"]])),
        ),
    ]


def _network() -> list[Method]:
    among = effects([[None, 5, 5, 5], [1, None, 1, 1], [1, 1, None, 1], [1, 1, 1, None]])
    net = network(["a", "b", "c"], [("a", "b"), ("b", "a"), ("a", "c")])
    ties = strength([2, 3, 3, None])
    return [
        Method(
            "effects", _("What each gives and gets"),
            "x_ij = m + aᵢ + b_j + g_ij",
            "Warner, Kenny & Stoto (1979)",
            _("Four members or more, who all rated all others."),
            _("From four parties up, where every figure is shown; no tests."),
            "5 5 5; 1 1 1; 1 1 1; 1 1 1", _numbers(*among.actor),
        ),
        Method(
            "density", _("Density and reciprocity"),
            "m / (n (n − 1));  m↔ / m",
            "Wasserman & Faust (1994)",
            _("A tie is there or not; reciprocity is the share of ties that are answered."),
            _only_here(), "a → b, b → a, a → c",
            _numbers(density(net), reciprocity(net)),
        ),
        Method(
            "strength", _("Strength of ties"),
            "x̄ = Σ v / n",
            "",
            _("Over the ties that have a value."),
            _only_here(), "2, 3, 3, –", _number(ties.mean),
        ),
    ]  # fmt: skip
