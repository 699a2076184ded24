"""What a mirror says in sentences: what we see, how sure we are, a sensible next conversation.

Every sentence is a function of displayed figures alone, so that it can give nobody away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

FINDINGS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: three sentences, in this order."""

    see: str
    sure: str
    talk: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One displayed figure, as findings need it.

    :ivar who: the party that said it.
    :ivar topic: the question, in words.
    :ivar value: the displayed mean as a share of the scale's length, 0 to 1, or ``None``.
    :ivar text: the displayed mean in words.
    :ivar word: the stored agreement word, "" for none.
    """

    who: str
    topic: str
    value: float | None
    text: str
    word: str
    not_visible: bool


@dataclass(frozen=True, slots=True)
class Between:
    """One displayed gap label between two parties."""

    topic: str
    first: Seen
    second: Seen
    label: str


def findings(seen: Sequence[Seen], between: Sequence[Between]) -> tuple[Finding, ...]:
    """Return at most three findings: the largest difference, two camps, the lowest figure.

    When all is alike, the one finding says what seems to carry the alliance.
    """
    telling = _most_telling(between)
    said = [
        *([_difference(telling)] if telling else []),
        *_camps(seen),
        *_hidden(seen),
        *_lowest(seen, telling.topic if telling else ""),
    ]
    return tuple((said or _all_alike(seen))[:FINDINGS])


def _distance(one: Between) -> float:
    if one.first.value is None or one.second.value is None:
        return 0.0
    return abs(one.first.value - one.second.value)


def _most_telling(between: Sequence[Between]) -> Between | None:
    telling = [one for one in between if one.label in ("clear", "possible", "worth asking")]
    return min(
        telling,
        key=lambda one: (one.label != "clear", -_distance(one), one.topic),
        default=None,
    )


def _difference(most: Between) -> Finding:
    low, high = sorted((most.first, most.second), key=lambda side: side.value or 0.0)
    sure = (
        _("Quite sure: the difference is larger than chance would easily make it.")
        if most.label == "clear"
        else _("Not sure: with so few people this can be chance. It is worth asking.")
    )
    see = _("%(high)s and %(low)s see this differently: “%(topic)s” (%(more)s and %(less)s).") % {
        "high": high.who,
        "low": low.who,
        "topic": most.topic,
        "more": high.text,
        "less": low.text,
    }
    talk = _(
        "Let each party tell one recent example. %(low)s begins; %(high)s repeats what it heard "
        "before it answers. Do not average the two."
    ) % {"low": low.who, "high": high.who}
    return Finding(see, sure, talk)


def _camps(seen: Sequence[Seen]) -> list[Finding]:
    return [
        Finding(
            _("Within %(party)s there are two camps about “%(topic)s”.")
            % {"party": one.who, "topic": one.topic},
            _("Fairly sure: an ordinary spread rarely looks like this."),
            _(
                "%(party)s talks about it at home first: what do those who rate it low meet in "
                "their work that the others do not?"
            )
            % {"party": one.who},
        )
        for one in seen
        if one.word == "two camps"
    ][:1]


def _hidden(seen: Sequence[Seen]) -> list[Finding]:
    return [
        Finding(
            _("Many people of %(party)s cannot judge “%(topic)s”.")
            % {"party": one.who, "topic": one.topic},
            _("Sure: they said so themselves. It says nothing about how good it is."),
            _("Ask who could show it to them, and when."),
        )
        for one in seen
        if one.not_visible
    ][:1]


def _lowest(seen: Sequence[Seen], told: str) -> list[Finding]:
    """Return the lowest figure, unless its topic was told of already or all are alike."""
    shown = [one for one in seen if one.value is not None]
    if not shown:
        return []
    low = min(shown, key=lambda one: (one.value or 0.0, one.topic, one.who))
    top = max(one.value or 0.0 for one in shown)
    if (low.value or 0.0) >= top or low.topic == told:
        return []
    return [
        Finding(
            _("The lowest figure is what %(party)s says about “%(topic)s”: %(text)s.")
            % {"party": low.who, "topic": low.topic, "text": low.text},
            _(
                "Careful: people answer such questions kindly, so the order of the figures says "
                "more than their height."
            ),
            _("Ask %(party)s what would make it half a point better by the next round.")
            % {"party": low.who},
        )
    ]


def _all_alike(seen: Sequence[Seen]) -> list[Finding]:
    shown = [one for one in seen if one.value is not None]
    if not shown:
        return [
            Finding(
                _("Nothing can be shown of this round."),
                _("Sure: fewer people answered than are needed to protect them."),
                _("Talk in the room: what would make answering safe, and worth the time?"),
            )
        ]
    top = max(shown, key=lambda one: (one.value or 0.0, one.topic))
    return [
        Finding(
            _("The figures lie close together. The highest is “%(topic)s” (%(text)s).")
            % {"topic": top.topic, "text": top.text},
            _("Careful: alike is not the same as good, and silence can look like agreement."),
            _("Ask each other: what is going well that we would miss if it stopped?"),
        )
    ]
