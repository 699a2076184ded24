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
