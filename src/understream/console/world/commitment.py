"""What the parties of the demo world promise each other, and what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from understream.access.seat import Seat
from understream.console.world.people import DAY, HARBOUR, MILL, NEXT, ZONE, Alliance, moment
from understream.domain import commitment as commitments
from understream.records.seat import SeatRow


@dataclass(frozen=True, slots=True)
class Said:
    """What one side says became of a promise, so many days before now."""

    outcome: str
    note: str
    days_ago: int


@dataclass(frozen=True, slots=True)
class Promise:
    """One commitment: who sees to it, for whom, and due so many days from now.

    :ivar asked_by: the party that proposes it; `accepted` whether every party says yes.
    """

    topic: str
    owner: str
    receiver: str
    action: str
    due: int
    asked_by: str
    accepted: bool = True
    withdrawn: bool = False
    judged: Mapping[str, Said] = field(default_factory=dict)


FIRST_PROMISES = (
    Promise(
        "EV10",
        "Peter Grainger",
        HARBOUR,
        "Share the forecast for the week every Monday before noon.",
        -120,
        MILL,
        judged={
            MILL: Said("kept", "Missed once, in the week of the audit.", 115),
            HARBOUR: Said("kept", "", 114),
        },
    ),
    Promise(
        "EV7",
        "Wim Terpstra",
        MILL,
        "Move the end of the last delivery window to 16:00.",
        -110,
        HARBOUR,
        judged={
            HARBOUR: Said("renegotiated", "Het werd half vijf, in overleg, op tijd gezegd.", 112),
            MILL: Said("renegotiated", "Half past four works for us.", 111),
        },
    ),
    Promise(
        "EV8",
        "Lotte Kuipers",
        MILL,
        "Name one person who answers for all claims.",
        -90,
        MILL,
        judged={
            HARBOUR: Said("broken", "Na de reorganisatie heeft niemand dit overgenomen.", 85),
            MILL: Said("broken", "We still call three people.", 84),
        },
    ),
    Promise(
        "EV13",
        "Ruth Castell",
        HARBOUR,
        "Tell Harbour's office of a stopped load within the hour, before the driver is told.",
        -75,
        HARBOUR,
        judged={
            MILL: Said("kept", "Within the hour, every time that we know of.", 70),
            HARBOUR: Said("broken", "Twee keer hoorden we het toch van de chauffeur.", 69),
        },
    ),
    Promise(
        "EV9",
        "Joost Brandsma",
        MILL,
        "Let a planner of Mill sit in on our planning on Thursdays, four times.",
        -21,
        MILL,
        judged={HARBOUR: Said("kept", "Vier keer gedaan, de laatste keer met de sluiting.", 18)},
    ),
    Promise(
        "EV8",
        "Eleanor Marsh",
        HARBOUR,
        "Put both sums on one page: what the alliance costs and brings each of us.",
        -10,
        HARBOUR,
    ),
    Promise(
        "EV16",
        "Kees Molenaar",
        HARBOUR,
        "Invite a driver to the steering group, twice a year.",
        35,
        MILL,
    ),
    Promise(
        "EV10",
        "Priya Raman",
        MILL,
        "Connect both planning systems before the end of the year.",
        40,
        HARBOUR,
        accepted=False,
        withdrawn=True,
    ),
)

SECOND_PROMISES = (
    Promise(
        "EV8",
        "Priya Raman",
        MILL,
        "Work out what a half empty truck costs, and bring one proposal to divide it.",
        21,
        HARBOUR,
    ),
    Promise(
        "EV11",
        "James Whitlock",
        HARBOUR,
        "Give the volumes we expect for two quarters ahead, on the first Monday of each quarter.",
        45,
        MILL,
        accepted=False,
    ),
)


def promise(
    alliance: Alliance,
    evaluation: int,
    promises: Sequence[Promise],
    now: datetime,
    since: datetime,
) -> None:
    """Let the parties promise, one thing after another, and say later what became of it."""
    judged: list[tuple[Said, Seat, int]] = []
    for number, one in enumerate(promises):
        at = since + number * NEXT
        asking = alliance.managers[one.asked_by]
        key = commitments.propose_commitment(
            asking,
            receiver=alliance.parties[one.receiver],
            action=one.action,
            owner=seat_called(alliance, one.owner),
            due_on=(now + one.due * DAY).astimezone(ZoneInfo(ZONE)).date(),
            evaluation=evaluation,
            topic=one.topic,
            now=at,
        )
        if one.accepted:
            for party, manager in alliance.managers.items():
                if party != one.asked_by:
                    commitments.accept_commitment(manager, key, now=at + NEXT)
        if one.withdrawn:
            commitments.withdraw_commitment(asking, key, now=at + DAY)
        judged += [(said, alliance.managers[party], key) for party, said in one.judged.items()]
    for said, manager, key in sorted(judged, key=lambda one: -one[0].days_ago):
        commitments.judge_commitment(
            manager,
            key,
            outcome=said.outcome,
            note=said.note,
            now=moment(now - said.days_ago * DAY),
        )


def seat_called(alliance: Alliance, name: str) -> int:
    """Return the key of the seat of somebody in an alliance."""
    return SeatRow.objects.values_list("pk", flat=True).get(
        alliance=alliance.key, person__name=name
    )
