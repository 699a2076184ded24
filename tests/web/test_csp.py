"""The headers every answer carries, and the templates that must live with them."""

import re
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from understream.web.csp import CONTENT, FEATURES, Guard

WEB = Path(__file__).parents[2] / "src" / "understream" / "web"
TEMPLATES = sorted(WEB.rglob("*.html"))


def answer_to(*, secure):
    guard = Guard(lambda _request: HttpResponse("x"))
    return guard(RequestFactory().get("/", secure=secure))


def test_every_answer_carries_the_headers():
    answer = answer_to(secure=False)

    headers = {name: value for name, value in answer.items() if name != "Content-Type"}
    assert headers == {
        "Content-Security-Policy": CONTENT,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def test_only_over_https_a_browser_is_asked_to_come_back_so():
    assert answer_to(secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in answer_to(secure=False)


def test_the_policy_allows_this_host_and_nothing_else():
    directives = dict(part.split(" ", 1) for part in CONTENT.split("; "))

    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "understream",
    }


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(WEB)))
def test_no_template_holds_a_style_a_script_or_another_host(file):
    text = file.read_text(encoding="utf-8")

    found = {
        "style": re.findall(r"<style|\sstyle\s*=", text, re.IGNORECASE),
        "script": re.findall(
            r"<script(?![^>]*\ssrc=)|\son[a-z]+\s*=|javascript:", text, re.IGNORECASE
        ),
        "host": re.findall(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//[^\"']+", text),
        "eval": re.findall(r"hx-on|hx-vals\s*=\s*[\"']js:|hx-trigger=\"[^\"]*\[", text),
    }
    assert found == {"style": [], "script": [], "host": [], "eval": []}


def test_one_template_alone_prints_markup_as_it_is():
    printing = [
        str(file.relative_to(WEB))
        for file in TEMPLATES
        if re.search(
            r"\|\s*safe\b|autoescape|\{\{\s*attrs\s*\}\}", file.read_text(encoding="utf-8")
        )
    ]

    assert printing == ["components/picture.html"]


def test_no_style_sheet_or_script_of_ours_asks_another_host():
    files = [*WEB.glob("static/css/*"), *WEB.glob("static/js/*")]

    asking = [file.name for file in files if re.search(r"https?://|//[a-z]", file.read_text())]

    assert asking == []
    assert len(files) >= 3
