"""The words of the field as people read them, by the value that is stored."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

WORDS = {
    # roles
    "participant": _("participant"),
    "manager": _("manager"),
    "sponsor": _("sponsor"),
    "facilitator": _("facilitator"),
    "researcher": _("researcher"),
    "host": _("host"),
    # tiers
    "steering": _("steering group"),
    "team": _("team"),
    # working calendars
    "weekdays": _("Monday to Friday"),
    "netherlands": _("Monday to Friday without Dutch public holidays"),
    # modes
    "named": pgettext_lazy("mode", "named"),
    "one voice": pgettext_lazy("mode", "one voice"),
    "confidential": pgettext_lazy("mode", "confidential"),
    # states of a round
    "planned": pgettext_lazy("round", "planned"),
    "open": pgettext_lazy("round", "open"),
    "closed": pgettext_lazy("round", "closed"),
    "cancelled": pgettext_lazy("round", "cancelled"),
    # participation
    "fewer than 5": _("fewer than 5"),
    "5 or more": _("5 or more"),
    # agreement within a party
    "close": pgettext_lazy("agreement", "close"),
    "spread": pgettext_lazy("agreement", "spread"),
    "two camps": pgettext_lazy("agreement", "two camps"),
    "not enough answers": _("not enough answers to tell"),
    # gaps between parties
    "clear": _("clear gap"),
    "possible": _("possible gap: worth asking"),
    "same picture": _("same picture"),
    "worth asking": _("worth asking"),
    "alike": _("alike"),
    "cannot tell": _("cannot tell"),
    # sides and levels
    "upper": _("upper stream"),
    "under": _("undercurrent"),
    "context": _("context"),
    "content": _("content"),
    "procedure": _("procedure"),
    "interaction": _("interaction"),
    "person": _("person"),
}
"""Stored value -> the word in the language in force."""


def name_of_host() -> str:
    """Return who keeps the server, in words; a host that has not said so is described."""
    return str(settings.UNDERSTREAM_HOST_NAME) or gettext("whoever set it up")


def together(names: Sequence[str]) -> str:
    """Return names in a row: "Harbour", "Harbour and Mill", "Harbour, Mill and Quay"."""
    if len(names) < 2:  # noqa: PLR2004 - one name stands alone
        return "".join(names)
    return gettext("%(names)s and %(last)s") % {
        "names": ", ".join(names[:-1]),
        "last": names[-1],
    }
