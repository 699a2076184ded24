"""Which rows a seat can reach. Questions start here; what cannot be reached is missing."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from understream.access.refusal import Missing
from understream.access.seat import Role, Seat
from understream.instruments.reader import EVALUATION
from understream.records.alliance import Alliance
from understream.records.attendee import Attendee
from understream.records.commitment import Commitment
from understream.records.evaluation import Evaluation
from understream.records.invitation import Invitation
from understream.records.organisation import Membership
from understream.records.participation import Participation
from understream.records.person import Person
from understream.records.reflection import Reflection
from understream.records.round import Cohort, Round
from understream.records.seat import SeatRow
from understream.records.workshop import Step, Workshop

LINK_BYTES = 16
LARGEST = 2**63
"""Beyond every key."""
TICKET_LASTS = timedelta(hours=12)
STANDING = Q(seat__left_at=None, seat__party=F("cohort__party"))
"""A right stands as long as its seat does, and only for the party with which it was given."""


def seat_of_person(person: int) -> Seat:
    """Return the seat of somebody who has signed in, outside every alliance.

    :raises Missing: if the person is not there or no longer active.
    """
    row = Person.objects.filter(pk=person, is_active=True).first()
    if row is None:
        raise Missing
    return Seat(0, row.pk, row.name, Role.HOST if row.is_host else Role.PARTICIPANT)


def seat_in_alliance(person: int, alliance: int) -> Seat:
    """Return the person's seat in this alliance.

    :raises Missing: without a seat there, or if the person has left it.
    """
    return _seat(person, alliance=alliance)


def seat_in_round(person: int, key: int) -> Seat:
    """Return the person's seat in the alliance that this round belongs to.

    :raises Missing: if there is no such round, or no such seat.
    """
    return _seat(person, alliance__rounds=key)


def seat_in_evaluation(person: int, key: int) -> Seat:
    """Return the person's seat in the alliance that this evaluation belongs to.

    :raises Missing: if there is no such evaluation, or no such seat.
    """
    return _seat(person, alliance__evaluations=key)


def seat_in_commitment(person: int, key: int) -> Seat:
    """Return the person's seat in the alliance that this commitment belongs to.

    :raises Missing: if there is no such commitment, or no such seat.
    """
    return _seat(person, alliance__commitments=key)


def seat_in_workshop(person: int, key: int) -> Seat:
    """Return the person's seat in the alliance of this workshop, or as who runs it outside one.

    :raises Missing: if there is no such workshop, or no such seat.
    """
    row = Workshop.objects.filter(pk=key).select_related("facilitator").first()
    if row is None:
        raise Missing
    if row.alliance_id is not None:
        return _seat(person, alliance=row.alliance_id)
    if row.facilitator_id != person or not row.facilitator.is_active:
        raise Missing
    return Seat(0, person, row.facilitator.name, Role.FACILITATOR, workshop=row.pk)


def _seat(person: int, **where: int) -> Seat:
    row = (
        SeatRow.objects.filter(person=person, left_at=None, person__is_active=True, **where)
        .select_related("person")
        .first()
    )
    if row is None:
        raise Missing
    return seat_from(row)


def seat_of_researcher(person: int, organisation: int) -> Seat:
    """Return the seat of a researcher of this organisation.

    :raises Missing: if the person is no researcher there.
    """
    row = (
        Membership.objects.filter(
            person=person,
            organisation=organisation,
            role=Membership.Role.RESEARCHER,
            person__is_active=True,
        )
        .select_related("person")
        .first()
    )
    if row is None:
        raise Missing
    return Seat(0, row.person_id, row.person.name, Role.RESEARCHER, organisation=organisation)


def seat_from(row: SeatRow) -> Seat:
    """Return the acting seat of a stored one; the person comes with it."""
    return Seat(
        row.pk, row.person_id, row.person.name, Role(row.role), row.alliance_id, row.party_id or 0
    )


def alliances_within(person: int) -> QuerySet[Alliance]:
    """Return the alliances in which this person holds a seat."""
    return Alliance.objects.filter(seats__person=person, seats__left_at=None)


def rounds_within(seat: Seat) -> QuerySet[Round]:
    """Return the rounds of the seat's own alliance, and of its evaluations as they are reached."""
    if not seat.alliance:
        return Round.objects.none()
    rows = Round.objects.filter(alliance=seat.alliance)
    if not seat.party:
        return rows
    own = Reflection.objects.filter(evaluation=OuterRef("evaluation"), party=seat.party)
    return rows.filter(Q(evaluation=None) | Q(evaluation__opened_at=None) | Exists(own))


def cohorts_within(seat: Seat) -> QuerySet[Cohort]:
    """Return the cohorts of the seat's own party; none for a seat of no party."""
    if not (seat.alliance and seat.party):
        return Cohort.objects.none()
    return Cohort.objects.filter(party=seat.party, round__alliance=seat.alliance)


def evaluations_within(seat: Seat) -> QuerySet[Evaluation]:
    """Return the evaluations of the seat's alliance; for a party those it takes part in.

    A party that joined the alliance later takes no part in what had begun before.
    """
    if not seat.alliance:
        return Evaluation.objects.none()
    rows = Evaluation.objects.filter(alliance=seat.alliance)
    if not seat.party:
        return rows
    own = Reflection.objects.filter(evaluation=OuterRef("pk"), party=seat.party)
    return rows.filter(Q(opened_at=None) | Exists(own))


def locked_evaluation(seat: Seat, key: int) -> Evaluation:
    """Return an evaluation of the seat's alliance; who else would change it waits.

    Locks are taken in one order: evaluation, round, reflection, log. They leave the key alone, so
    that a closing round, which holds the log, can still refer to its evaluation.

    :raises Missing: for one out of reach.
    """
    found = evaluations_within(seat).filter(pk=key).values_list("pk", flat=True).first()
    if found is None:
        raise Missing
    return (
        Evaluation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("alliance")
        .get(pk=found)
    )


def earlier_evaluation(evaluation: Evaluation) -> Evaluation | None:
    """Return the evaluation that was revealed before this one, to which it is compared."""
    earlier = Evaluation.objects.filter(
        alliance=evaluation.alliance_id, revealed_at__isnull=False
    ).exclude(pk=evaluation.pk)
    if evaluation.opened_at is not None:
        earlier = earlier.filter(opened_at__lt=evaluation.opened_at)
    return earlier.order_by("-revealed_at").first()


def cohort_about_topics(evaluation: Evaluation, party: int) -> Cohort:
    """Return how a party's people are asked about the topics of an evaluation.

    :raises Missing: if the party takes no part.
    """
    row = (
        Cohort.objects.filter(
            round__evaluation=evaluation, round__instrument__code=EVALUATION, party=party
        )
        .select_related("round__instrument", "round__evaluation")
        .defer("round__instrument__content")
        .first()
    )
    if row is None:
        raise Missing
    return row


def reflections_within(seat: Seat) -> QuerySet[Reflection]:
    """Return the reflections of the seat's own party; none for a seat of no party."""
    if not (seat.alliance and seat.party):
        return Reflection.objects.none()
    return Reflection.objects.filter(party=seat.party, evaluation__alliance=seat.alliance)


def commitments_within(seat: Seat) -> QuerySet[Commitment]:
    """Return the commitments of the seat's alliance."""
    if not seat.alliance:
        return Commitment.objects.none()
    return Commitment.objects.filter(alliance=seat.alliance)


def workshops_within(seat: Seat) -> QuerySet[Workshop]:
    """Return the workshops of the seat's alliance, or the one it runs outside alliances."""
    if seat.alliance:
        return Workshop.objects.filter(alliance=seat.alliance)
    if seat.workshop:
        return Workshop.objects.filter(pk=seat.workshop, alliance=None)
    return Workshop.objects.none()


def workshops_of_person(person: int) -> QuerySet[Workshop]:
    """Return the workshops outside alliances that this person runs."""
    return Workshop.objects.filter(alliance=None, facilitator=person)


def locked_workshop(seat: Seat, key: int) -> Workshop:
    """Return a workshop within reach; who else would change it, or speak in it, waits.

    This is the only lock of a workshop, and is taken before anything of it is read.

    :raises Missing: for one out of reach.
    """
    row = workshops_within(seat).filter(pk=key).select_for_update(of=("self",), no_key=True)
    found = row.first()
    if found is None:
        raise Missing
    return found


def step_within(workshop: Workshop, key: int) -> Step:
    """Return a step of this workshop.

    :raises Missing: for one of another.
    """
    row = Step.objects.filter(workshop=workshop, pk=key).first()
    if row is None:
        raise Missing
    row.workshop = workshop
    return row


def attendee_by(token: str, workshop: int) -> Attendee:
    """Return whose secret this is in a workshop, with its workshop and party.

    :raises Missing: for a secret nobody there holds, or of somebody who was asked to leave.
    """
    if workshop >= LARGEST:
        raise Missing
    row = (
        Attendee.objects.filter(
            token_hash=hash_of(token), workshop=workshop, left_at=None, proxy=False
        )
        .select_related("workshop", "party")
        .first()
    )
    if row is None:
        raise Missing
    return row


def workshop_by_join(link: str) -> Workshop:
    """Return the workshop that this link leads into.

    :raises Missing: for a link nobody was ever given.
    """
    return _workshop(join_hash=hash_of(link))


def workshop_by_wall(link: str) -> Workshop:
    """Return the workshop whose wall this link shows.

    :raises Missing: for a link nobody was ever given.
    """
    return _workshop(wall_hash=hash_of(link))


def _workshop(**where: bytes) -> Workshop:
    row = Workshop.objects.filter(**where).first()
    if row is None:
        raise Missing
    return row


def ticket_of(seat: Seat, workshop: int, *, now: datetime) -> str:
    """Return what opens the stream of a console for twelve hours: person, workshop, end, proof."""
    until = int((now + TICKET_LASTS).timestamp())
    told = f"{seat.person}.{workshop}.{until}"
    return f"{told}.{_derived(told.encode(), b'understream.console.v1')}"


def seat_by_ticket(ticket: str, *, now: datetime) -> tuple[Seat, int]:
    """Return who holds a ticket, and for which workshop; the seat is looked up anew.

    :raises Missing: for a ticket that is false or over, or whose holder has left.
    """
    told, _dot, proof = ticket.rpartition(".")
    right = _derived(told.encode(), b"understream.console.v1")
    if not hmac.compare_digest(proof.encode(), right.encode()):
        raise Missing
    person, workshop, until = (int(part) for part in told.split("."))
    if datetime.fromtimestamp(until, UTC) <= now:
        raise Missing
    return seat_in_workshop(person, workshop), workshop


def link_of(nonce: bytes | memoryview) -> str:
    """Return the secret part of a personal link (128 bits, 22 letters, digits, ``-`` or ``_``).

    The link can be made again from what is stored and the server's secret, and from neither alone.
    """
    return _derived(bytes(nonce), b"understream.link.v1")


def join_link_of(nonce: bytes | memoryview) -> str:
    """Return the secret part of the link into a workshop, as long as a personal one."""
    return _derived(bytes(nonce), b"understream.join.v1")


def wall_link_of(nonce: bytes | memoryview) -> str:
    """Return the secret part of the link to a workshop's wall, which reads and never writes."""
    return _derived(bytes(nonce), b"understream.wall.v1")


def _derived(told: bytes, purpose: bytes) -> str:
    digest = hmac.new(settings.SECRET_KEY.encode(), purpose + told, sha256).digest()
    return base64.urlsafe_b64encode(digest[:LINK_BYTES]).rstrip(b"=").decode()


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret that somebody else keeps."""
    return sha256(b"understream.kept.v1" + secret.encode()).digest()


def participation_by(link: str) -> Participation:
    """Return the right that belongs to a personal link, with its round, party and person.

    :raises Missing: for a link nobody was ever given, that was replaced by a newer one, or whose
        person has left the party it was given for.
    """
    row = (
        Participation.objects.filter(STANDING, link_hash=hash_of(link))
        .select_related(
            "cohort__round__instrument",
            "cohort__round__evaluation",
            "cohort__round__alliance",
            "cohort__party__organisation",
            "seat__person",
        )
        .defer("cohort__round__instrument__content")
        .first()
    )
    if row is None:
        raise Missing
    return row


def reading_by(link: str, browser: str) -> Participation:
    """Return the right of somebody who reads with a personal link, in the browser it belongs to.

    :param browser: the secret this browser keeps, "" for none.
    :raises Missing: for a link without a right, and in another browser.
    """
    right = participation_by(link)
    bound = right.browser_hash
    if bound is not None and (not browser or bytes(bound) != hash_of(browser)):
        raise Missing
    return right


def invitation_by(link: str) -> Invitation:
    """Return the invitation that belongs to a mailed link.

    :raises Missing: for a link nobody was ever given.
    """
    row = (
        Invitation.objects.filter(token_hash=hash_of(link))
        .select_related("alliance", "party__organisation", "invited_by__person")
        .first()
    )
    if row is None:
        raise Missing
    return row
