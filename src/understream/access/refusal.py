"""The two roots of what can go wrong, and the refusals every concept shares."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Broken(Exception):
    """Ours to mend; a person is told only that."""


class Refused(Exception):
    """A person may be told why, in words that say what to do next.

    :param reason: a sentence, translated when it is shown.
    """

    reason: str | Promise = _("This cannot be done now.")

    def __init__(self, reason: str | Promise | None = None) -> None:
        """Keep the reason; without one, the refusal's own sentence stands."""
        if reason is not None:
            self.reason = reason
        super().__init__(self.reason)

    def __str__(self) -> str:
        """Return the reason in the language in force."""
        return str(self.reason)


class Missing(Refused):
    """Not there, or not for this seat: the same page, so that nothing tells the two apart."""

    reason = _("There is nothing here for you.")


class Forbidden(Missing):
    """The seat may not do this."""


class Unfit(Refused):
    """What was given does not fit.

    :param faults: sentences by field; the empty field speaks of the whole.
    """

    def __init__(self, faults: Mapping[str, str | Promise]) -> None:
        """Keep the faults by field."""
        self.faults = dict(faults)
        super().__init__(next(iter(faults.values())))
