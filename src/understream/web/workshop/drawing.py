"""Codes and links into a workshop as people see them."""

import io

import segno
from django.conf import settings
from django.urls import reverse


def in_halves(code: str) -> str:
    """Return a code as it is shown: two times four signs."""
    return f"{code[:4]} {code[4:]}" if code else ""


def join_address(link: str) -> str:
    """Return the full address behind the QR."""
    return settings.UNDERSTREAM_URL.rstrip("/") + reverse("place:lobby", args=[link])


def qr_of(link: str) -> bytes:
    """Return the QR of the address into a workshop, as SVG with a title."""
    drawn = io.BytesIO()
    segno.make(join_address(link), error="m").save(
        drawn, kind="svg", scale=8, border=2, title="QR", light="#fff", dark="#10202a"
    )
    return drawn.getvalue()


def host_name() -> str:
    """Return where to type a code, without the beginning of the address."""
    return settings.UNDERSTREAM_URL.split("://", 1)[-1].rstrip("/") + reverse("place:code")
