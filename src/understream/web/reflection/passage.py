"""Where an evaluation stands, as the passage under the waterline shows it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.domain.evaluation import EvaluationCard

STAGES: tuple[tuple[str, str | Promise, bool], ...] = (
    ("prepare", _("Prepare"), False),
    ("alone", _("Alone"), True),
    ("within", _("Within"), True),
    ("seal", _("Seal"), True),
    ("reveal", _("Reveal"), False),
    ("joint", _("Joint"), False),
)
"""The stages in order, and whether they lie under the waterline."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as the passage draws it; `state` is ``done``, ``now`` or ``later``."""

    name: str | Promise
    state: str
    below: bool


def stages(evaluation: EvaluationCard, *, sealing: bool = False) -> tuple[Stage, ...]:
    """Return the stages as they stand for the reader's party.

    A party that speaks with one voice has no step alone; an evaluation that ended unopened has no
    passage.

    :param sealing: whether the reader stands before the seal.
    """
    if evaluation.stage == "over":
        return ()
    known = [one for one in STAGES if one[0] != "alone" or not evaluation.one_voice]
    codes = [code for code, _name, _below in known]
    here = "seal" if sealing and evaluation.stage == "within" else evaluation.stage
    place = len(codes) if evaluation.state == "agreed" else codes.index(here)
    return tuple(
        Stage(name, "done" if at < place else "now" if at == place else "later", below)
        for at, (_code, name, below) in enumerate(known)
    )
