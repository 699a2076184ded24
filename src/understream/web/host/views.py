"""How the house runs, and nothing of what is said in it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from understream.access.rules import Act
from understream.domain.host import host_before
from understream.domain.person import person_before
from understream.domain.pool import quality_before
from understream.web import clock
from understream.web.policy import Of, SeatedRequest, policy


@policy(Act.HOST_OPERATE, Of.PERSON)
def show(request: SeatedRequest) -> HttpResponse:
    """Show version, database, disk, mail and what falls due."""
    card = {
        "card": host_before(request.seat, now=clock.now()),
        "person": person_before(request.seat),
        "here": "host",
    }
    return render(request, "host/show.html", card)


@policy(Act.HOST_OPERATE, Of.PERSON)
def quality(request: SeatedRequest) -> HttpResponse:
    """Show how well the questions hang together, over all rounds of this host."""
    card = {
        "quality": quality_before(request.seat, language=get_language() or "en"),
        "person": person_before(request.seat),
        "here": "host",
    }
    return render(request, "host/quality.html", card)
