"""Refusals become pages; missing and forbidden are one page; the rest is ours to mend."""

import logging
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from understream.access.refusal import Missing, Refused

log = logging.getLogger(__name__)

Answer = Callable[[HttpRequest], HttpResponse]


class Errors:
    """Turn what a view raises into a page, and serve nothing that declares no policy."""

    def __init__(self, answer: Answer) -> None:
        """Keep the rest of the chain."""
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.answer(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        _args: object,
        _keys: object,
    ) -> HttpResponse | None:
        """Refuse a route without a policy: it was forgotten, so it is closed."""
        if hasattr(view, "policy"):
            return None
        log.error("route.undeclared", extra={"route": getattr(view, "__name__", "")})
        return missing(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """Show a refusal; let everything else become a numbered 500."""
        if isinstance(fault, Missing):
            return missing(request)
        if isinstance(fault, Refused):
            card = {"reason": str(fault), "back": _page_before(request)}
            return _page(request, "refused.html", 409, card)
        number = secrets.token_hex(4)
        log.error("page.failed", extra={"number": number}, exc_info=fault)
        return _page(request, "broken.html", 500, {"number": number})


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404: the same page whether something is not there or not for this seat."""
    del exception
    return _page(request, "missing.html", 404, {})


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 for what fails outside views."""
    return _page(request, "broken.html", 500, {"number": secrets.token_hex(4)})


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 when the page's own mark is missing (Django's CSRF check)."""
    del reason
    return _page(request, "stale.html", 403, {})


def _page_before(request: HttpRequest) -> str:
    """Return the address of the page of this house that led here, or nothing."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(
        came_from, {request.get_host()}, require_https=request.is_secure()
    )
    return came_from if ours and urlsplit(came_from).netloc else ""


def _page(request: HttpRequest, name: str, status: int, card: dict[str, str]) -> HttpResponse:
    response = render(request, f"errors/{name}", card, status=status)
    response["Cache-Control"] = "no-store"
    return response
