"""Tell the browser what a page may do: run and show what this host serves, and nothing else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

YEAR = 365 * 24 * 60 * 60

CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types understream"
)
"""The content security policy: no text of a page is ever style or script, so it needs no nonce."""

FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "usb",
    "xr-spatial-tracking",
)  # fmt: skip

HEADERS = {
    "Content-Security-Policy": CONTENT,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
    # With "no-referrer" browsers post forms with the origin "null", and Django must refuse them.
    # This tells other hosts as little: nothing (docs/decisions/0007).
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer. Source: privacy design SEC-6; OWASP ASVS 5.0, section 3.4."""


class Guard:
    """Send the headers with every answer, and over HTTPS ask to be visited so for a year."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the rest of the chain."""
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on and guard what comes back."""
        response = self.answer(request)
        for name, value in HEADERS.items():
            response[name] = value
        if request.is_secure():
            response["Strict-Transport-Security"] = f"max-age={YEAR}"
        return response
