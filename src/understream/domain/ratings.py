"""Import ratings from a file as a closed round with its mirror; no answer is ever stored.

Figures are made here in one go, from answers that are held in memory only. This module does not
know where voices are kept.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Refused, Unfit
from understream.access.rules import Act, require
from understream.access.seat import Role, Seat
from understream.domain.instrument import instrument_of, keep, questions_about
from understream.domain.journal import record
from understream.instruments.ratings import Person as Rater
from understream.instruments.ratings import Ratings
from understream.instruments.reader import SILENT, Facet, Instrument, Item, Scale, Text
from understream.measurement.disclosure import K, Policy, steps_of
from understream.measurement.release import (
    NOT_ANSWERED,
    PartyVoices,
    Question,
    RoundFigures,
    digest,
    release_round,
    to_plain,
)
from understream.records.alliance import Alliance, Party
from understream.records.organisation import Organisation
from understream.records.person import Person
from understream.records.release import Release
from understream.records.round import Cohort, Mode, Round, State
from understream.records.seat import SeatRow, Tier

FEWEST_UNITS = 2
MOST_UNITS = 200
MOST_ITEMS = 200
HIGHEST_K = 50
LONGEST_NAME = 200
LONGEST_TITLE = 120
LONGEST_WORDS = 300
CODE_DIGITS = 12
TIME_ZONE = "Europe/Amsterdam"


class Known(Refused):
    """A file is imported once under one name."""

    reason = _("There is an alliance of this name already. Nothing was imported.")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made.

    :ivar alliance: key of the alliance.
    :ivar round: key of its only round, whose mirror can be read.
    :ivar party: the name of the party whose manager's seat the importer was given.
    :ivar parties: how many units became parties.
    :ivar shown: of how many of them something is shown.
    :ivar people: how many rows were read.
    """

    alliance: int
    round: int
    party: str
    parties: int
    shown: int
    people: int


def seat_of_importer(email: str) -> Seat:
    """Return the seat, outside alliances, of the person who will hold what is imported.

    :raises Unfit: if nobody who can sign in has this mail address.
    """
    person = Person.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None or not person.has_usable_password():
        raise Unfit(
            {
                "manager": _(
                    "Nobody who can sign in has the mail address %(email)s. Add the person first."
                )
                % {"email": email}
            }
        )
    return reach.seat_of_person(person.pk)


@transaction.atomic
def import_ratings(
    seat: Seat, ratings: Ratings, *, name: str, title: str, k: int = K, now: datetime
) -> Imported:
    """Make an alliance, its parties and one closed round with its release out of ratings.

    Every unit becomes a party that speaks confidentially; of a unit below k nothing is shown. The
    answers themselves, and that somebody gave them, are stored nowhere. The importer becomes
    manager of the first party, and the round says for ever that it was imported.

    :param seat: the importer's, outside alliances.
    :param ratings: who stands where.
    :param name: of the new alliance; its parties' names begin with it, so that an imported unit
        is never taken for an organisation of that name.
    :param title: of the round.
    :param k: the smallest group shown, 5 to 50.
    :returns: what was made.
    :raises Known: if there is an alliance of this name.
    :raises Unfit: for anything else that does not fit.

    Source: the display table and the block rule (``docs/concepts/release.md``).
    """
    require(seat, Act.ALLIANCE_FOUND)
    name, title = name.strip(), title.strip()
    if Alliance.objects.filter(name__iexact=name).exists():
        raise Known
    units = ratings.by_unit()
    names = [f"{name}: {unit}" for unit in units]
    faults = _faults(ratings, names, name=name, title=title, k=k)
    if faults:
        raise Unfit(faults)

    alliance = Alliance.objects.create(name=name, time_zone=TIME_ZONE, founded_at=now)
    parties = _parties(alliance, names)
    row = Round.objects.create(
        alliance=alliance,
        instrument_id=keep(_instrument(ratings)),
        title=title,
        state=State.CLOSED,
        k=k,
        asks_comment=False,
        closes_at=now,
        opened_at=now,
        closed_at=now,
        imported=True,
    )
    Cohort.objects.bulk_create(
        Cohort(
            round=row,
            party=party,
            mode=Mode.CONFIDENTIAL,
            size=len(people),
            participation=Cohort.Step.CLOSED,
        )
        for party, people in zip(parties, units.values(), strict=True)
    )
    questions = questions_about(instrument_of(row.instrument), [])
    figures = _figures(ratings, parties, questions, k)
    content = to_plain(figures)
    fingerprint = digest(content)
    Release.objects.create(round=row, content=content, digest=fingerprint)
    mine = SeatRow.objects.create(
        alliance=alliance,
        party=parties[0],
        person_id=seat.person,
        role=Role.MANAGER,
        tier=Tier.MANAGER,
    )
    words = {"round": title, "hash": fingerprint[:16]}
    record(reach.seat_from(mine), "round.import", now=now, words=words)
    return Imported(
        alliance=alliance.pk,
        round=row.pk,
        party=names[0],
        parties=len(parties),
        shown=sum(1 for one in figures.parties if one.n),
        people=len(ratings.people),
    )


def _parties(alliance: Alliance, names: Sequence[str]) -> list[Party]:
    organisations = [Organisation.objects.create(name=one) for one in names]
    return [
        Party.objects.create(alliance=alliance, organisation=one, position=position)
        for position, one in enumerate(organisations)
    ]


def _faults(
    ratings: Ratings, names: Sequence[str], *, name: str, title: str, k: int
) -> dict[str, str | Promise]:
    faults: dict[str, str | Promise] = {}
    least = max(K, settings.UNDERSTREAM_K)
    if not name or any(len(one) > LONGEST_NAME for one in names):
        faults["name"] = _(
            "Give the alliance a short name: with a unit's name behind it, it has at most "
            "200 characters."
        )
    if not 0 < len(title) <= LONGEST_TITLE:
        faults["title"] = _("Give the round a title of at most 120 characters.")
    if not least <= k <= HIGHEST_K:
        faults["k"] = _("The smallest group shown is %(least)s to %(most)s people.") % {
            "least": least,
            "most": HIGHEST_K,
        }
    if not FEWEST_UNITS <= len(names) <= MOST_UNITS:
        faults["unit"] = _(
            "Each unit becomes a party, and an import has %(least)s to %(most)s of them; this "
            "file has %(number)s. Name another column for the unit."
        ) % {"least": FEWEST_UNITS, "most": MOST_UNITS, "number": len(names)}
    if sum(len(group.items) for group in ratings.groups) > MOST_ITEMS:
        faults["items"] = _("An import has at most 200 items. Leave some out.")
    if any(len(one) > LONGEST_WORDS for one in _words(ratings)):
        faults["items"] = _("The name of a column or a scale has at most 300 characters.")
    try:
        steps_of(ratings.scale.points)
    except ValueError as fault:
        faults["scale"] = str(fault)
    taken = Organisation.objects.filter(name__in=names).values_list("name", flat=True).first()
    if taken:
        faults["organisations"] = _(
            "There is an organisation called %(name)s already. Choose another name for the "
            "alliance."
        ) % {"name": taken}
    return faults


def _words(ratings: Ratings) -> list[str]:
    return [*ratings.items, *(group.name for group in ratings.groups)]


def _figures(
    ratings: Ratings, parties: Sequence[Party], questions: Sequence[Question], k: int
) -> RoundFigures:
    places = [ratings.items.index(item) for group in ratings.groups for item in group.items]
    said = []
    for party, people in zip(parties, ratings.by_unit().values(), strict=True):
        voices = [_packed(person, places) for person in people]
        said.append(
            PartyVoices(
                party=str(party.pk),
                mode=Mode.CONFIDENTIAL,
                questions=questions,
                voices=voices,
                hints=[0] * len(voices),
            )
        )
    return release_round(said, policy=Policy(k))


def _packed(person: Rater, places: Sequence[int]) -> bytes:
    answers = (person.answers[place] for place in places)
    return bytes(NOT_ANSWERED if answer is None else answer + 1 for answer in answers)


def _instrument(ratings: Ratings) -> Instrument:
    """Return the questions of a file as an instrument; equal questions give the same one."""
    told = [
        ratings.scale.low,
        ratings.scale.high,
        [[group.name, *group.items] for group in ratings.groups],
    ]
    code = sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:CODE_DIGITS]
    scale = Scale(
        "scale",
        ratings.scale.points,
        ratings.scale.low,
        low_end=Text("lowest", "laagst"),
        high_end=Text("highest", "hoogst"),
    )
    facets, items = [], []
    codes: set[str] = set()
    for number, group in enumerate(ratings.groups, start=1):
        facet = Facet(f"scale-{number}", Text(group.name, group.name), "context", "context")
        facets.append(facet)
        for column in group.items:
            known = column if column not in codes else f"{column} ({group.name})"
            codes.add(known)
            items.append(Item(known, facet.code, scale.code, Text(column, column)))
    return Instrument(
        code=f"import-{code}",
        version=1,
        title=Text("Imported ratings", "Geïmporteerde beoordelingen"),
        purpose=Text("Ratings from a file.", "Beoordelingen uit een bestand."),
        directed=False,
        time_frame=SILENT,
        not_validated=Text(
            "The questions come from a file; how they were tested is not known here.",
            "De vragen komen uit een bestand; hoe ze beproefd zijn, is hier niet bekend.",
        ),
        comment=None,
        facets=tuple(facets),
        items=tuple(items),
        scales=(scale,),
    )
