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
    # states and depths of an evaluation
    "preparing": pgettext_lazy("evaluation", "being prepared"),
    "running": pgettext_lazy("evaluation", "running"),
    "revealed": pgettext_lazy("evaluation", "revealed"),
    "agreed": pgettext_lazy("evaluation", "agreed"),
    "expired": pgettext_lazy("evaluation", "expired"),
    "cycle": pgettext_lazy("depth", "regular"),
    "deep": pgettext_lazy("depth", "deep"),
    "writing": pgettext_lazy("reflection", "writing"),
    "sealed": pgettext_lazy("reflection", "sealed"),
    # what a party concludes
    "not": pgettext_lazy("change", "not"),
    "little": pgettext_lazy("change", "a little"),
    "lot": pgettext_lazy("change", "a lot"),
    "cannot judge": pgettext_lazy("change", "can’t judge"),
    "helps": pgettext_lazy("effect", "helps"),
    "hurts": pgettext_lazy("effect", "hurts"),
    "neither": pgettext_lazy("effect", "neither"),
    "worse": pgettext_lazy("direction", "worse"),
    "same": pgettext_lazy("direction", "same"),
    "better": pgettext_lazy("direction", "better"),
    "high": pgettext_lazy("sure", "high"),
    "medium": pgettext_lazy("sure", "medium"),
    "low": pgettext_lazy("sure", "low"),
    # what the parties decide about their alliance
    "ED1": pgettext_lazy("decision", "continue"),
    "ED2": pgettext_lazy("decision", "deepen"),
    "ED3": pgettext_lazy("decision", "narrow"),
    "ED4": pgettext_lazy("decision", "redesign"),
    "ED5": pgettext_lazy("decision", "end"),
    "ED0": pgettext_lazy("decision", "not decided yet"),
    # commitments
    "proposed": pgettext_lazy("commitment", "proposed"),
    "standing": pgettext_lazy("commitment", "standing"),
    "withdrawn": pgettext_lazy("commitment", "withdrawn"),
    "kept": pgettext_lazy("commitment", "kept"),
    "renegotiated": pgettext_lazy("commitment", "renegotiated in time"),
    "broken": pgettext_lazy("commitment", "broken"),
    # workshops
    "workshop.preparing": pgettext_lazy("workshop", "being prepared"),
    "workshop.running": pgettext_lazy("workshop", "under way"),
    "workshop.ended": pgettext_lazy("workshop", "ended"),
    "step.waiting": pgettext_lazy("step", "to come"),
    "step.open": pgettext_lazy("step", "open"),
    "step.closed": pgettext_lazy("step", "closed"),
    "step.skipped": pgettext_lazy("step", "skipped"),
    "prompt": pgettext_lazy("step", "prompt"),
    "pairs": pgettext_lazy("step", "pairs"),
    "themes": pgettext_lazy("step", "themes"),
    "vote": pgettext_lazy("step", "vote"),
    "scale": pgettext_lazy("step", "scale"),
    "spotlight": pgettext_lazy("step", "spotlight"),
    "rehearsal": pgettext_lazy("step", "rehearsal"),
    "takeouts": pgettext_lazy("step", "takeouts"),
    "party-labelled": pgettext_lazy("identity", "with the organisation and no name"),
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
    # what became of a figure since an earlier round
    "higher": pgettext_lazy("moved", "higher"),
    "lower": pgettext_lazy("moved", "lower"),
    "clearly higher": pgettext_lazy("moved", "clearly higher"),
    "clearly lower": pgettext_lazy("moved", "clearly lower"),
    "perhaps higher": pgettext_lazy("moved", "perhaps higher"),
    "perhaps lower": pgettext_lazy("moved", "perhaps lower"),
    "about the same": pgettext_lazy("moved", "about the same"),
    "change unknown": pgettext_lazy("moved", "cannot tell from so few"),
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


def legible(text: str) -> str:
    """Return a text without the signs that nobody can read and not every database can keep."""
    return "".join(one for one in text.strip() if one in "\n\t" or one.isprintable())


def together(names: Sequence[str]) -> str:
    """Return names in a row: "Harbour", "Harbour and Mill", "Harbour, Mill and Quay"."""
    if len(names) < 2:  # noqa: PLR2004 - one name stands alone
        return "".join(names)
    return gettext("%(names)s and %(last)s") % {
        "names": ", ".join(names[:-1]),
        "last": names[-1],
    }
