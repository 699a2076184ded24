"""Show what became of a mirror's figures since an earlier round."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from understream.access.refusal import Missing
from understream.access.rules import Act
from understream.domain.change import change_between
from understream.web.alliance.desk import desk
from understream.web.alliance.instrument import number
from understream.web.change.drawing import draw
from understream.web.policy import Of, SeatedRequest, policy


@policy(Act.MIRROR_READ, Of.ROUND)
def show(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Show both mirrors beside each other: since the round that is named, or else the last one."""
    card = change_between(request.seat, round, _since(request), language=get_language() or "en")
    told = {"change": card, "drawn": draw(card), **desk(request.seat, "rounds")}
    return render(request, "change/show.html", told)


def _since(request: SeatedRequest) -> int:
    """Return the key that the address names, 0 if it names none; what is no key names nothing."""
    named = request.GET.get("since")
    if named is None:
        return 0
    key = number(named)
    if not key:
        raise Missing
    return key
