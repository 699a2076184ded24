"""How the house runs, and nothing of what is said in it."""

from django.http import HttpResponse
from django.shortcuts import render

from understream.access.rules import Act
from understream.domain.host import host_before
from understream.domain.person import person_before
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
