"""Who acts: a person's seat, as acts and questions receive it."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a seat is there for; the last three are seats outside alliances."""

    PARTICIPANT = "participant"
    MANAGER = "manager"
    SPONSOR = "sponsor"
    FACILITATOR = "facilitator"
    RESEARCHER = "researcher"
    HOST = "host"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Seat:
    """A human acting in one role: for a party in an alliance, or outside alliances.

    :ivar key: key of the stored seat; 0 outside alliances.
    :ivar person: key of the person; 0 for the system itself.
    :ivar name: the name others read.
    :ivar alliance: key of the alliance; 0 outside alliances.
    :ivar party: key of the party acted for; 0 for facilitators and outside alliances.
    :ivar organisation: key of the organisation a researcher belongs to; 0 for all others.
    :ivar workshop: key of the only workshop that a facilitator outside alliances runs; else 0.
    """

    key: int
    person: int
    name: str
    role: Role
    alliance: int = 0
    party: int = 0
    organisation: int = 0
    workshop: int = 0


SYSTEM = Seat(key=0, person=0, name="Understream", role=Role.SYSTEM)
