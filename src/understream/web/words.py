"""What templates need to tell names and digests as people do."""

from textwrap import wrap

from django import template

from understream.domain.word import together
from understream.web.commitment.telling import standing, waiting
from understream.web.party import tagged

register = template.Library()
register.filter(together)
register.filter(standing)
register.filter(waiting)
register.filter(tagged)


@register.filter
def in_fours(digest: str) -> str:
    """Return a digest as people compare it: in groups of four, with or without its prefix."""
    return " ".join(wrap(digest.removeprefix("sha-256").replace(" ", ""), 4))


@register.filter
def on_clock(seconds: int) -> str:
    """Return seconds as a clock shows them: 4:05, and 1:20 over as -1:20."""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes}:{rest:02}"
