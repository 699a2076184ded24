"""Pages that anybody may read."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from understream.access.rules import Act
from understream.domain.host import is_ready
from understream.domain.method import methods
from understream.domain.person import choose_language
from understream.domain.word import name_of_host
from understream.web.door.demo import DOORS, is_open
from understream.web.door.shown import Rules
from understream.web.language import remember
from understream.web.policy import Of, SeatedRequest, policy


@policy(Act.DOOR, Of.DOOR)
def index(request: HttpRequest) -> HttpResponse:
    """Show what the house is; in a demo world also its five doors."""
    card = {"doors": DOORS if is_open(request) else (), "host": name_of_host()}
    return render(request, "door/index.html", card)


@policy(Act.LANGUAGE_CHOOSE, Of.DOOR, "POST")
def language(request: SeatedRequest) -> HttpResponse:
    """Keep the language somebody chose, and return to where they were."""
    after = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure()):
        after = reverse("door:index")
    response = HttpResponseRedirect(after)
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        if request.seat:
            choose_language(request.seat, chosen)
        remember(response, chosen)
    return response


@policy(Act.DOOR, Of.DOOR)
def shown(request: HttpRequest) -> HttpResponse:
    """Show what is shown of people, and what remains impossible."""
    card = {"rules": Rules.now(), "host": name_of_host()}
    return render(request, "door/shown.html", card)


@policy(Act.DOOR, Of.DOOR)
def method(request: HttpRequest) -> HttpResponse:
    """Show how everything is measured."""
    return render(request, "door/method.html", {"chapters": methods(), "host": name_of_host()})


@policy(Act.DOOR, Of.DOOR)
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@policy(Act.DOOR, Of.DOOR)
def ready(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """Say whether the process can do its work."""
    good = is_ready()
    words = "ready\n" if good else "the database is not ready\n"
    return HttpResponse(words, status=200 if good else 503, content_type="text/plain")
