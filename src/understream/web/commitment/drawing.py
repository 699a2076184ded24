"""Write commitments as lines of `c-promises`, at once: a joint page has dozens of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from understream.domain.commitment import CommitmentCard
from understream.web.commitment.telling import standing
from understream.web.party import tagged


@dataclass(frozen=True, slots=True)
class Line:
    """A commitment as a line, written once for both lists in which a page may have it."""

    one: CommitmentCard
    head: SafeString
    foot: SafeString | str


def written(cards: Iterable[CommitmentCard], *, linked: bool) -> tuple[Line, ...]:
    """Return commitments as lines.

    :param linked: whether their pages can be opened.
    """
    to = _("promised to")
    return tuple(
        Line(
            one,
            format_html(
                '<li class="{}"><svg class="glyph" aria-hidden="true"><use href="#glyph-{}"/>'
                '</svg><div><span>{}</span> <span class="between-parties">{}<span class="to">'
                '<span class="arrow" aria-hidden="true">→</span>'
                '<span class="aside-voice">{}</span>{}</span></span>{} <small>{}</small>',
                one.kind,
                "withheld" if one.kind == "withdrawn" else one.kind,
                _link("commitment:show", one, one.action) if linked else one.action,
                tagged(one.giver),
                to,
                tagged(one.receiver),
                _judged(one),
                standing(one),
            ),
            _next(one) if linked else "",
        )
        for one in cards
    )


def lines(of: Iterable[Line], *, topical: bool = False) -> SafeString:
    """Return lines as they stand in a list.

    :param topical: whether to say which topic each came from.
    """
    return format_html_join(
        "",
        "{} {} {}</div></li>\n",
        ((line.head, _origin(line.one) if topical else "", line.foot) for line in of),
    )


def _link(name: str, one: CommitmentCard, words: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(name, args=[one.key]), words)


def _judged(one: CommitmentCard) -> SafeString | str:
    """Return what each side says became of it, where they differ."""
    if one.kind != "split":
        return ""
    said = ((tagged(each.party), each.word) for each in one.judgements)
    return format_html('<ul class="judged">{}</ul>', format_html_join("", "<li>{} {}</li>", said))


def _origin(one: CommitmentCard) -> SafeString | str:
    if not one.topic_title:
        return ""
    return format_html("<small>{}</small>", _("From “%(topic)s”.") % {"topic": one.topic_title})


def _next(one: CommitmentCard) -> SafeString | str:
    """Return what the reader can do with it, as a link."""
    if one.may_accept:
        link = _link("commitment:show", one, _("Read and accept"))
    elif one.may_judge and one.kind == "open":
        link = _link("commitment:judge", one, _("Say what became of it"))
    else:
        return ""
    return format_html("<small>{}</small>", link)
