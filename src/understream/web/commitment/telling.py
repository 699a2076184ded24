"""Say in one or two sentences how a commitment stands; a joint page does so dozens of times."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from understream.domain.commitment import CommitmentCard
from understream.domain.word import together


def standing(one: CommitmentCard) -> str:
    """Return how a commitment stands, with its day and who sees to it as long as that matters."""
    day = {"day": date_format(one.due_on, "j F Y")}
    match one.kind:
        case "kept":
            return _("Kept, both say so.")
        case "renegotiated":
            return _("Renegotiated in time, both say so.")
        case "broken":
            return _("Broken, both say so.")
        case "split":
            return _("Judged differently.")
        case "withdrawn":
            return _("Withdrawn.")
        case "proposed":
            told = [_("Proposed, due %(day)s.") % day, waiting(one)]
        case _:
            overdue = _("Overdue: it was due %(day)s.") % day
            told = [overdue if one.overdue else _("Open, due %(day)s.") % day]
            if one.judged_by:
                told.append(half_judged(one))
    told.append(_("%(name)s sees to it.") % {"name": one.owner})
    return " ".join(sentence for sentence in told if sentence)


def waiting(one: CommitmentCard) -> str:
    """Return whose yes is missing; "" if nobody's is."""
    if not one.waiting_for:
        return ""
    names = together([party.name for party in one.waiting_for])
    return _("Waits for %(parties)s.") % {"parties": names}


def half_judged(one: CommitmentCard) -> str:
    """Return which side has said what became of it, without what it says."""
    return _("%(party)s has said what became of it; the other side has not yet.") % {
        "party": one.judged_by[0].name
    }
