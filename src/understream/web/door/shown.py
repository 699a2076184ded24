"""The numbers of the page that says what is shown of people, taken from where they rule."""

from dataclasses import dataclass

from django.conf import settings

from understream.domain.due import FEW
from understream.domain.release import FEWEST_TEXTS, KEPT
from understream.domain.round import COMMENT_COHORT
from understream.measurement.disclosure import (
    FINE_FROM,
    NOT_VISIBLE,
    SEVEN,
    SHARE_STEP,
    WORD_FROM,
    K,
    steps_of,
)
from understream.measurement.gap import ALIKE_AT, ASK_AT


@dataclass(frozen=True, slots=True)
class Rules:
    """What rules the display: people, points of a scale, per cent, days."""

    least: int
    least_step: int
    before_word: int
    word: int
    before_fine: int
    fine: int
    coarse_step: float
    fine_step: float
    low_end: float
    high_end: float
    share_step: int
    not_visible: int
    comment_invited: int
    comment_texts: int
    asking: float
    alike: float
    kept_days: int

    @classmethod
    def now(cls) -> "Rules":
        """Return the rules in force on this host."""
        least = max(K, settings.UNDERSTREAM_K)
        coarse, fine = (float(step) for step in steps_of(SEVEN))
        return cls(
            least=least,
            least_step=FEW,
            before_word=WORD_FROM - 1,
            word=WORD_FROM,
            before_fine=FINE_FROM - 1,
            fine=FINE_FROM,
            coarse_step=coarse,
            fine_step=fine,
            low_end=1 + coarse,
            high_end=SEVEN - coarse,
            share_step=SHARE_STEP,
            not_visible=round(NOT_VISIBLE * 100),
            comment_invited=COMMENT_COHORT,
            comment_texts=FEWEST_TEXTS,
            asking=ASK_AT,
            alike=ALIKE_AT,
            kept_days=KEPT.days,
        )
