"""Write a party's mark and name as `c-party` does, where they stand hundreds of times."""

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString

from understream.domain.alliance import PartyCard


def tagged(party: PartyCard) -> SafeString:
    """Return a party's mark and name."""
    return _tagged(party.letter, party.name)


@lru_cache(maxsize=128)
def _tagged(letter: str, name: str) -> SafeString:
    return format_html(
        '<span class="party"><svg class="mark party-{0}" viewBox="-7 -7 14 14" aria-hidden="true">'
        '<use href="#mark-{0}"/></svg><span>{1}</span></span>',
        letter,
        name,
    )
