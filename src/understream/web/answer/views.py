"""Pages behind a personal link: what is asked first, the form, and what came of it."""

import json
from datetime import timedelta
from hashlib import sha256
from math import ceil

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act
from understream.domain import voice
from understream.domain.reflection import readable_by_link
from understream.domain.result import result_by_link
from understream.domain.voice import FormCard, Utterance
from understream.web import clock
from understream.web.answer import forms
from understream.web.mirror.drawing import draw
from understream.web.policy import Of, policy
from understream.web.result.drawing import tell

BROWSER = "browser"
"""The cookie that binds a link to the browser that began; given before, it binds nothing yet."""
KEPT = "kept"
"""The cookie that holds the submission, so that answers can be changed until the round closes."""
LINK_LASTS = timedelta(days=60)
SECONDS_A_QUESTION = 15
REPLY_SIZE = 512

PAGES = {
    "begin": "answer/begin.html",
    "form": "answer/edit.html",
    "answered": "answer/answered.html",
    "elsewhere": "answer/elsewhere.html",
}
STATUS: tuple[tuple[type[Refused], int], ...] = (
    (forms.TooLong, 413),
    (Unfit, 400),
    (Missing, 404),
    (Refused, 409),
)


@policy(Act.VOICE_SPEAK, Of.LINK)
def show(request: HttpRequest, link: str) -> HttpResponse:
    """Show what stands before the holder of a link; nothing is bound or stored by looking."""
    card = _card(request, link)
    own = any(item.answer for item in card.items)
    if card.stage == "answered" and own and "change" in request.GET:
        return _form(request, link, card, change=True)
    if card.stage == "form":
        return _form(request, link, card)
    asks = card.stage == "answered" and own and "withdraw" in request.GET
    name = "answer/withdraw.html" if asks else PAGES.get(card.stage, "answer/still.html")
    told = _told(link, card) | {"own": own, "reading": _reading(request, link, card)}
    response = page(request, name, told)
    if card.stage == "begin" and BROWSER not in request.COOKIES:
        # Given beforehand, so that who taps twice, or never gets the reply, is not locked out.
        keep(request, response, link, BROWSER, clock.rng.randbytes(16).hex(), LINK_LASTS)
    return response


@policy(Act.VOICE_SPEAK, Of.LINK, "POST")
def begin(request: HttpRequest, link: str) -> HttpResponse:
    """Bind the link to this browser, in named mode with the person's own yes or no."""
    card = _card(request, link)
    response = _back(link)
    yes = request.POST.get("agrees", "")
    if card.stage != "begin" or (card.needs_yes and yes not in ("yes", "no")):
        return response
    try:
        browser = voice.begin(
            link,
            browser=request.COOKIES.get(BROWSER, ""),
            agrees=yes != "no",
            rng=clock.rng,
            now=clock.now(),
        )
    except (voice.OtherBrowser, voice.Closed):
        return response  # somebody or the clock was quicker: the page says which
    if browser:
        keep(request, response, link, BROWSER, browser, LINK_LASTS)
    return response


@policy(Act.VOICE_SPEAK, Of.LINK, "POST")
def send(request: HttpRequest, link: str) -> HttpResponse:
    """Store the answers, once, however often and by whichever way they are sent."""
    card = _card(request, link)
    script = request.content_type == "application/json"
    try:
        said = _said(request, card, script=script)
        _hear(request, link, said)
    except Refused as refusal:
        return _refuse(request, link, card, refusal, script=script)
    response = _reply({"heard": True}, 200) if script else _back(link)
    keep(request, response, link, KEPT, said.submission, card.closes_at - clock.now())
    return response


def _said(request: HttpRequest, card: FormCard, *, script: bool) -> forms.Said:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdigit() or int(length) > forms.LARGEST:
        raise forms.TooLong
    if script:
        return forms.from_script(request.body)
    return forms.from_page(request.POST, forms.names_of(card))


def _hear(request: HttpRequest, link: str, said: forms.Said) -> None:
    utterance = Utterance(
        link=link,
        browser=request.COOKIES.get(BROWSER, ""),
        submission=said.submission,
        answers=said.answers,
        comment=said.comment,
        wish=said.wish or "as written",
        replaces=request.COOKIES.get(KEPT, "") if said.change else "",
        words=said.words,
    )
    (reply,) = voice.speak([utterance], now=clock.now())
    if isinstance(reply, Refused):
        raise reply


def _refuse(
    request: HttpRequest, link: str, card: FormCard, refusal: Refused, *, script: bool
) -> HttpResponse:
    status = next(number for kind, number in STATUS if isinstance(refusal, kind))
    if script:
        final = not isinstance(refusal, Unfit)
        return _reply({"refused": str(refusal), "final": final}, status)
    if not isinstance(refusal, Unfit) or card.stage not in ("form", "answered"):
        raise refusal
    typed = forms.with_what_was_typed(card, request.POST)
    change = request.POST.get("change", "") == "1"
    return _form(request, link, typed, change=change, refusal=refusal, status=status)


@policy(Act.VOICE_SPEAK, Of.LINK, "POST")
def withdraw(request: HttpRequest, link: str) -> HttpResponse:
    """Take one's own answers back."""
    choose_language(request, link)
    response = _back(link)
    voice.withdraw(
        link,
        browser=request.COOKIES.get(BROWSER, ""),
        submission=request.COOKIES.get(KEPT, ""),
        now=clock.now(),
    )
    response.delete_cookie(KEPT, path=reverse("answer:show", args=[link]))
    response["Location"] += "?withdrawn"
    return response


@policy(Act.VOICE_SPEAK, Of.LINK, "POST")
def again(request: HttpRequest, link: str) -> HttpResponse:
    """Mail a new link to the address on file, and say the same whatever happened."""
    choose_language(request, link)
    voice.send_link_again(link, rng=clock.rng, now=clock.now())
    return page(request, "answer/again.html", {})


@policy(Act.MIRROR_READ, Of.LINK)
def mirror(request: HttpRequest, link: str) -> HttpResponse:
    """Show the mirror that the holder of the link may read, without an account."""
    choose_language(request, link)
    browser = request.COOKIES.get(BROWSER, "")
    try:
        now = clock.now()
        card, read = result_by_link(link, browser=browser, language=language_here(), now=now)
    except Missing:
        return elsewhere(request, link)
    told = {
        "mirror": card,
        "drawn": draw(card),
        "told": tell(read),
        "link": link,
        "reading": readable_by_link(link, browser=browser),
    }
    return page(request, "answer/mirror.html", told)


def elsewhere(request: HttpRequest, link: str) -> HttpResponse:
    """Say of a link that cannot be read here where it can, and how to get another.

    :raises Missing: if no other browser is the reason.
    """
    if _card(request, link).stage != "elsewhere":
        raise Missing
    return page(request, PAGES["elsewhere"], {"link": link}, 404)


def _reading(request: HttpRequest, link: str, card: FormCard) -> str:
    """Return what this link can read of an evaluation, once nothing is asked any more."""
    if card.stage not in ("closed", "one voice"):
        return ""
    return readable_by_link(link, browser=request.COOKIES.get(BROWSER, ""))


def _card(request: HttpRequest, link: str) -> FormCard:
    choose_language(request, link)
    return voice.form_before(
        link,
        browser=request.COOKIES.get(BROWSER, ""),
        submission=request.COOKIES.get(KEPT, ""),
        language=language_here(),
        now=clock.now(),
    )


def choose_language(request: HttpRequest, link: str) -> None:
    """Speak the person's own language, until a reader signs in or chooses one in this browser."""
    own = voice.language_of(link)
    if not (request.user.is_authenticated or settings.LANGUAGE_COOKIE_NAME in request.COOKIES):
        translation.activate(own)


def language_here() -> str:
    """Return ``en`` or ``nl``: the language in force."""
    return "nl" if (translation.get_language() or "").startswith("nl") else "en"


def _told(link: str, card: FormCard) -> dict[str, object]:
    """Return what every page of a link reads beside its card."""
    return {
        "card": card,
        "link": link,
        "others": card.k - 1,
        "minutes": max(2, ceil(card.answers * SECONDS_A_QUESTION / 60)),
        "draft": sha256(f"understream.draft.v1\n{link}".encode()).hexdigest()[:24],
    }


def _form(
    request: HttpRequest,
    link: str,
    card: FormCard,
    *,
    change: bool = False,
    refusal: Unfit | None = None,
    status: int = 200,
) -> HttpResponse:
    faults = refusal.faults if refusal else {}
    told = _told(link, card) | {
        "change": change,
        "faults": faults,
        "asked": forms.screens(card, faults),
        "withdrawn": "withdrawn" in request.GET,
        "submission": clock.rng.randbytes(16).hex(),
    }
    return page(request, "answer/edit.html", told, status)


def page(
    request: HttpRequest, name: str, told: dict[str, object], status: int = 200
) -> HttpResponse:
    """Return a page under a link, in the language that was chosen for it."""
    response = render(request, name, told, status=status)
    response["Content-Language"] = language_here()
    return response


def _back(link: str) -> HttpResponse:
    response = HttpResponseRedirect(reverse("answer:show", args=[link]))
    response.status_code = 303
    return response


def _reply(said: dict[str, object], status: int) -> HttpResponse:
    """Return JSON of one size, so that nobody who counts bytes learns what was said."""
    text = json.dumps(said, ensure_ascii=False).encode().ljust(REPLY_SIZE)
    return HttpResponse(text, content_type="application/json", status=status)


def keep(
    request: HttpRequest,
    response: HttpResponse,
    link: str,
    name: str,
    secret: str,
    lasts: timedelta,
) -> None:
    """Let the browser keep a secret of a link, for the pages of that link alone."""
    response.set_cookie(
        name,
        secret,
        max_age=max(1, int(lasts.total_seconds())),
        path=reverse("answer:show", args=[link]),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
