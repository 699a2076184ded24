"""Show the wall: its link reads and never writes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from understream.access.rules import Act
from understream.domain.scene import wall_of, workshop_on_wall
from understream.domain.workshop import wall_before
from understream.web import clock
from understream.web.policy import Of, policy
from understream.web.workshop.drawing import host_name, qr_of

LANGUAGES = ("en", "nl")


@policy(Act.WORKSHOP_WATCH, Of.LINK)
def show(request: HttpRequest, link: str) -> HttpResponse:
    """Show the wall in the workshop's own language; a script fills it as the room goes on."""
    card = wall_before(link)
    asked = request.GET.get("language", "")
    language = asked if asked in LANGUAGES else card.language
    page = {"card": card, "link": link, "host": host_name(), "language": language}
    with translation.override(language):
        return render(request, "wall/show.html", page)


@policy(Act.WORKSHOP_WATCH, Of.LINK)
def qr(_request: HttpRequest, link: str) -> HttpResponse:
    """Draw the QR into the workshop."""
    told = wall_of(workshop_on_wall(link), now=clock.now())
    return HttpResponse(qr_of(told.join), content_type="image/svg+xml")
