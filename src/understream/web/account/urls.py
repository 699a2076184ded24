"""Addresses of signing in and of one's own card; names without a room are allauth's own."""

from django.urls import include, path, register_converter

from understream.web.account import views


class Letters:
    """The first part of a link for a new password: letters and digits, no dash."""

    regex = "[0-9A-Za-z]+"

    def to_python(self, value: str) -> str:
        """Return the part as it stands in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the part as it stands in the address."""
        return value


register_converter(Letters, "letters")

card = ([path("", views.card, name="card")], "account")

urlpatterns = [
    path("", include(card)),
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("reset/", views.reset, name="account_reset_password"),
    path("reset/sent/", views.reset_sent, name="account_reset_password_done"),
    path("reset/done/", views.reset_done, name="account_reset_password_from_key_done"),
    path(
        "reset/<letters:uidb36>-<str:key>/",
        views.reset_key,
        name="account_reset_password_from_key",
    ),
    path("password/", views.password, name="account_change_password"),
    path("none/sign-up/", views.nothing, name="account_signup"),
    path("none/mail/", views.nothing, name="account_email"),
    path("none/inactive/", views.nothing, name="account_inactive"),
    path("none/set/", views.nothing, name="account_set_password"),
    path("none/again/", views.nothing, name="account_reauthenticate"),
    path("none/sent/", views.nothing, name="account_email_verification_sent"),
    path("none/confirm/<str:key>/", views.nothing, name="account_confirm_email"),
]
