"""What scans of conflict and of harmony say, alone and crossed.

Rests on Jehn (1995) for disagreement about the work and about people, on Tjosvold for open talk
about differences, and on Leung, Koch & Lu (2002) for harmony that is built and rupture that is
avoided. The crossing and its limits are ours.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from understream.domain.alliance import PartyCard
from understream.domain.mirror import FigureCard, MirrorCard
from understream.domain.result.card import (
    MIXED,
    WORKABLE,
    Beside,
    Pattern,
    Row,
    amount_of,
    facets_of,
    figure_of,
    figures_of,
    sure_of,
)

CONFLICT, HARMONY = "conflict", "harmony"
PRACTICE: Final = ("voice", "understanding", "closing", "leak", "learning")
HIGH, LOW = WORKABLE, MIXED
"""Much from here; little below that."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """One party between voice and avoidance, as far as both are shown.

    :ivar code: ``silence``, ``constructive``, ``undercurrent``, ``stage``, ``quiet``,
        ``between``; "" if a figure that it needs is not shown.
    """

    party: PartyCard
    voice: FigureCard | None
    leak: FigureCard | None
    built: FigureCard | None
    avoided: FigureCard | None
    code: str
    word: str


@dataclass(frozen=True, slots=True)
class ConflictResult:
    """A scan of conflict or of harmony as it is read.

    :ivar rows: the facets of the scan itself.
    :ivar safety: what people say they can say, apart.
    :ivar crossed: each party in both scans; empty while the alliance has only one of them.
    :ivar missing: the instrument that would complete the picture, "" for none.
    """

    rows: tuple[Row, ...]
    safety: Row | None
    crossed: tuple[Crossed, ...]
    missing: str
    patterns: tuple[Pattern, ...]
    sure: str
    kind: str = "conflict"


def read_conflict(mirror: MirrorCard, beside: Beside) -> ConflictResult:
    """Return what a mirror of a conflict scan says, beside the newest scan of harmony."""
    return _read(mirror, mirror, beside.mirrors.get(HARMONY), PRACTICE, HARMONY)


def read_harmony(mirror: MirrorCard, beside: Beside) -> ConflictResult:
    """Return what a mirror of a harmony scan says, beside the newest scan of conflict."""
    return _read(mirror, beside.mirrors.get(CONFLICT), mirror, ("built", "avoided"), CONFLICT)


def _read(
    mirror: MirrorCard,
    conflict: MirrorCard | None,
    harmony: MirrorCard | None,
    codes: tuple[str, ...],
    other: str,
) -> ConflictResult:
    crossed = tuple(_cross(line.party, conflict, harmony) for line in mirror.parties)
    rows = tuple(row for code in codes if (row := _row(mirror, code)) is not None)
    both = conflict is not None and harmony is not None
    return ConflictResult(
        rows,
        _row(mirror, "safety"),
        crossed,
        "" if both else other,
        tuple(_patterns(crossed)),
        sure_of(mirror),
    )


def _row(mirror: MirrorCard, code: str) -> Row | None:
    facet = facets_of(mirror).get(code)
    if facet is None or not facet.figures:
        return None
    words = tuple(amount_of(one.value) for one in facet.figures)
    return Row(code, facet.title, facet.low, facet.high, facet.figures, words)


def _cross(party: PartyCard, conflict: MirrorCard | None, harmony: MirrorCard | None) -> Crossed:
    def figure(mirror: MirrorCard | None, facet: str) -> FigureCard | None:
        return figure_of(figures_of(mirror, facet), party.key) if mirror else None

    voice, leak = figure(conflict, "voice"), figure(conflict, "leak")
    built, avoided = figure(harmony, "built"), figure(harmony, "avoided")
    code = _code(voice, leak, built, avoided)
    words = {
        "silence": pgettext("conflict", "peace or silence?"),
        "constructive": pgettext("conflict", "said, and not held against people"),
        "undercurrent": pgettext("conflict", "unsaid, and felt"),
        "stage": pgettext("conflict", "said, and it hurts"),
        "quiet": pgettext("conflict", "little said, little felt"),
        "between": pgettext("conflict", "in between"),
        "": "",
    }
    return Crossed(party, voice, leak, built, avoided, code, words[code])


def _code(
    voice: FigureCard | None,
    leak: FigureCard | None,
    built: FigureCard | None,
    avoided: FigureCard | None,
) -> str:
    """Return the first shape that applies: with harmony if it is there, else of voice and leak."""
    said, felt = _value(voice), _value(leak)
    peace, swallowed = _value(built), _value(avoided)
    if said is None:
        return ""
    if said < LOW and min(peace or 0.0, swallowed or 0.0) >= HIGH:
        return "silence"
    if felt is None:
        return ""
    if said >= HIGH:
        return "constructive" if felt < LOW else "stage" if felt >= HIGH else "between"
    if said < LOW:
        return "undercurrent" if felt >= HIGH else "quiet" if felt < LOW else "between"
    return "between"


def _value(figure: FigureCard | None) -> float | None:
    return figure.value if figure else None


def _patterns(crossed: tuple[Crossed, ...]) -> list[Pattern]:
    found = []
    for one in crossed:
        told = {
            "party": one.party.name,
            "voice": one.voice.text if one.voice else "",
            "leak": one.leak.text if one.leak else "",
            "built": one.built.text if one.built else "",
            "avoided": one.avoided.text if one.avoided else "",
        }
        if one.code == "silence":
            found.append(
                Pattern(
                    "peace-or-silence",
                    _("Is this peace or silence?"),
                    _("%(party)s builds harmony (%(built)s), leaves things alone (%(avoided)s), "
                      "and differences are seldom said (%(voice)s).") % told,
                    _("Let each write down in private one thing that has not been said. Then look "
                      "together at what can be."),
                    (one.party,),
                )
            )  # fmt: skip
        elif one.code == "undercurrent":
            found.append(
                Pattern(
                    "unsaid-and-felt",
                    _("Unsaid, and felt"),
                    _("At %(party)s differences are seldom said (%(voice)s), and irritation "
                      "about people is there (%(leak)s).") % told,
                    _("Take one difference about the work, and agree beforehand who speaks for "
                      "the other view."),
                    (one.party,),
                )
            )  # fmt: skip
        elif one.code == "stage":
            found.append(
                Pattern(
                    "said-and-hurts",
                    _("Said, and it hurts"),
                    _("At %(party)s differences are said (%(voice)s), and irritation about people "
                      "is there too (%(leak)s).") % told,
                    _("Before the next meeting, let a third person help to keep work and people "
                      "apart."),
                    (one.party,),
                )
            )  # fmt: skip
        elif one.code == "quiet":
            found.append(
                Pattern(
                    "little-said",
                    _("Little said, little felt"),
                    _("At %(party)s differences are seldom said (%(voice)s), and little "
                      "irritation is there (%(leak)s).") % told,
                    _("Ask what would change if more were said: it may be calm, and it may not "
                      "matter enough."),
                    (one.party,),
                )
            )  # fmt: skip
    return found
