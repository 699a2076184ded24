"""How this house uses django-allauth: by invitation only, in its own words and addresses."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _


class Adapter(DefaultAccountAdapter):
    """Our answers to allauth's questions."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This mail address and password do not belong together."),
        "account_inactive": _("This account has been closed. Your alliance manager knows why."),
        "too_many_login_attempts": _(
            "This did not work several times. Wait a few minutes, or choose a new password."
        ),
        "enter_current_password": _("This is not your present password."),
        "incorrect_password": _("This is not your present password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell that nobody opens an account by themselves; an invitation does that."""
        del request
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where somebody lands after signing in."""
        del request
        return reverse("alliance:index")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Return where somebody lands after signing out."""
        del request
        return reverse("door:index")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return where somebody lands with a new password."""
        del request
        return reverse("account:card")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link in a letter: on our own address, whatever the visitor claims it is."""
        number, _dash, secret = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[number, secret])
        return settings.UNDERSTREAM_URL.rstrip("/") + path

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as it is."""
        return subject

    def add_message(self, *args: object, **keys: object) -> None:
        """Say nothing beside the page: each page says what has happened."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write in the language of whom it is for."""
        person = context.get("user")
        language = getattr(person, "language", None) or translation.get_language() or "en"
        with translation.override(language):
            self.render_mail(template_prefix, email, {**context, "email": email}).send()
