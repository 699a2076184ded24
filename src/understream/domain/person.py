"""A person's own things: name and language; and adding the first person on a new host."""

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext_lazy

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain import world
from understream.records.organisation import Membership, Organisation
from understream.records.person import Person

LONGEST_NAME = 120
# Django's own sentences: one has "de" before "naam" in Dutch, the other no Dutch at all.
gettext_noop("The password is too similar to the %(verbose_name)s.")
ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
    LONGEST_NAME,
)


@dataclass(frozen=True, slots=True)
class PersonCard:
    """What a person keeps about themselves."""

    key: int
    name: str
    email: str
    language: str
    is_host: bool
    research: tuple[tuple[int, str], ...]


def person_before(seat: Seat) -> PersonCard:
    """Return the person's own card.

    :raises Missing: if the person is not there.
    """
    row = Person.objects.filter(pk=seat.person, is_active=True).first()
    if row is None:
        raise Missing
    research = Membership.objects.filter(person=row, role=Membership.Role.RESEARCHER)
    return PersonCard(
        row.pk,
        row.name,
        row.email,
        row.language,
        row.is_host,
        tuple(research.values_list("organisation", "organisation__name")),
    )


@transaction.atomic
def keep_person(seat: Seat, *, name: str, language: str) -> None:
    """Change one's own name and language.

    :raises Unfit: for a missing or too long name, or another language than English or Dutch.
    """
    require(seat, Act.ACCOUNT_KEEP)
    name = name.strip()
    faults: dict[str, str | Promise] = {}
    if not 0 < len(name) <= LONGEST_NAME:
        faults["name"] = _("Give a name of at most 120 characters.")
    if language not in Person.Language.values:
        faults["language"] = _("Choose English or Dutch.")
    if faults:
        raise Unfit(faults)
    Person.objects.filter(pk=seat.person).update(name=name, language=language)


@transaction.atomic
def choose_language(seat: Seat, language: str) -> None:
    """Keep the language in which this person reads."""
    if language in Person.Language.values:
        Person.objects.filter(pk=seat.person).update(language=language)


@transaction.atomic
def add_person(
    *,
    email: str,
    name: str,
    password: str,
    language: str = "en",
    host: bool = False,
    researcher_of: str = "",
) -> int:
    """Add somebody who can sign in; used by the host on the server itself.

    :param researcher_of: the name of an organisation whose releases the person may read, or "".
    :returns: the key of the person.
    :raises Unfit: for a name, mail address or password that will not do, or one that is there.
    """
    email, name = email.strip().lower(), name.strip()
    faults: dict[str, str | Promise] = {}
    if not 0 < len(name) <= LONGEST_NAME:
        faults["name"] = _("Give a name of at most 120 characters.")
    try:
        validate_email(email)
    except ValidationError:
        faults["email"] = _("This cannot be a mail address. Check the part around the @.")
    if Person.objects.filter(email=email).exists():
        faults["email"] = _("Somebody with this mail address is there already.")
    person = Person(email=email, name=name, language=language, is_host=host)
    try:
        validate_password(password, person)
    except ValidationError as weak:
        faults["password"] = " ".join(weak.messages)
    if faults:
        raise Unfit(faults)
    person.set_password(password)
    person.save()
    if researcher_of:
        organisation, _made = Organisation.objects.get_or_create(name=researcher_of)
        Membership.objects.create(
            person=person, organisation=organisation, role=Membership.Role.RESEARCHER
        )
    return person.pk


def demo_person(email: str) -> int:
    """Return the key of somebody of the demo world, who is let in without a password.

    :raises Missing: in a real world, or for somebody who is not there.
    """
    key = (
        Person.objects.filter(email=email, is_active=True).values_list("pk", flat=True).first()
        if world.is_demo()
        else None
    )
    if key is None:
        raise Missing
    return key
