"""In which language a page is told: the person's own, else what this browser chose or wishes."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

Answer = Callable[[HttpRequest], HttpResponse]

YEAR = 365 * 24 * 60 * 60


class Language:
    """Speak the reader's language; stands behind sessions and sign-in."""

    def __init__(self, answer: Answer) -> None:
        """Keep the rest of the chain."""
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on in the reader's language, and say which it was."""
        language = spoken(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.answer(request)
        response.headers.setdefault("Content-Language", language)
        return response


def spoken(request: HttpRequest) -> str:
    """Return ``en`` or ``nl``."""
    if request.user.is_authenticated:
        return request.user.language
    return translation.get_language_from_request(request)


def remember(response: HttpResponse, language: str) -> None:
    """Let this browser keep a language for readers who are not signed in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
