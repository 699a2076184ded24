"""What every page of an alliance shows around its work: where, who, and which rooms there are."""

from understream.access.seat import Seat
from understream.domain.alliance import AllianceCard, alliance_before


def desk(seat: Seat, here: str, card: AllianceCard | None = None) -> dict[str, object]:
    """Return what `alliance/desk.html` needs.

    :param here: the room the page lies in: home, evaluations, commitments, rounds, people or
        journal.
    :param card: the alliance, if the page has asked for it already.
    """
    return {"alliance": card or alliance_before(seat), "here": here}
