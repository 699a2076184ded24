"""Plain functions that make workshops and their people, through the acts."""

from dataclasses import dataclass, field
from random import Random

from tests.factories import NOON, World
from understream.access.seat import Seat
from understream.domain import attendee, scene, step, voice, workshop
from understream.domain.answer import Contribution
from understream.domain.workshop import StepDraft

BOTH = {
    "title": {"en": "A step", "nl": "Een stap"},
    "prompt": {"en": "What do you think?", "nl": "Wat denkt u?"},
}


def draft(kind: str, **keys) -> StepDraft:
    """Return a step as a facilitator would write it."""
    return StepDraft(**{"kind": kind, **BOTH, "minutes": 5, **keys})


@dataclass
class Meeting:
    """A workshop under way, with the secrets of its people at hand."""

    key: int
    lead: Seat
    steps: list[int]
    rng: Random
    tokens: dict[str, str] = field(default_factory=dict)
    at: int = 0
    link: str = ""
    wall: str = ""
    parties: dict[str, int] = field(default_factory=dict)

    def open(self, place: int = 0, *, now=NOON, **keys) -> int:
        """Open a step by its place, and return its key."""
        key = self.steps[place]
        step.open_step(self.lead, self.key, key, at=self.at, now=now, rng=self.rng, **keys)
        self.at = key
        return key

    def close(self, place: int = 0, *, now=NOON) -> None:
        """Close a step by its place."""
        step.close_step(self.lead, self.key, self.steps[place], now=now, rng=self.rng)

    def said(self, name: str, place: int = 0, *, key: str = "", **keys) -> Contribution:
        """Return somebody's contribution to a step."""
        fresh = key or self.rng.randbytes(12).hex()
        return Contribution(self.tokens[name], self.key, self.steps[place], fresh, **keys)

    def say(self, name: str, text: str = "", place: int = 0, *, now=NOON, **keys):
        """Let somebody contribute, and return what became of it."""
        return voice.speak([self.said(name, place, text=text, **keys)], now=now)[0]

    def scene(self, *, since: int = 0, now=NOON):
        """Return what the wall shows."""
        return scene.wall_of(self.key, since=since, now=now)

    def own(self, name: str, *, now=NOON):
        """Return what somebody has put in."""
        return scene.own_of(self.tokens[name], self.key, now=now)

    def person(self, name: str) -> int:
        """Return the key of somebody's place."""
        return scene.attendee_of(self.tokens[name], self.key)


def make_meeting(
    world: World, *drafts: StepDraft, people: int = 4, seed: int = 5, lead=None, now=NOON, **keys
) -> Meeting:
    """Begin a workshop of the world's alliance with these steps, and let people of each party in.

    They are called ``a0``, ``b0``, ``a1``, ``b1`` ... after their party.
    """
    rng, lead = Random(f"{seed} {world.alliance}"), lead or world.facilitator
    key = workshop.prepare_workshop(lead, **{"title": "A meeting", "now": now, "rng": rng, **keys})
    for one in workshop.workshop_before(lead, key, now=now).steps:
        workshop.remove_step(lead, key, one.key)
    made: list[int] = []
    for one in drafts or (draft("prompt", most=3),):
        source = {"source": made[one.source - 1]} if one.source else {}
        fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
        made.append(workshop.write_step(lead, key, StepDraft(**fields | source)))
    workshop.begin_workshop(lead, key, now=now, rng=rng)
    card = workshop.workshop_before(lead, key, now=now)
    meeting = Meeting(key, lead, made, rng, link=card.join, wall=card.wall)
    meeting.parties = {one.name: one.key for one in card.parties}
    for number in range(people):
        for letter, party in zip("abcdef", card.parties, strict=False):
            come_in(meeting, f"{letter}{number}", party.key, now=now)
    return meeting


def come_in(meeting: Meeting, name: str, party: int = 0, *, now=NOON, person: int = 0) -> str:
    """Let somebody take a place, and return their secret."""
    token = meeting.rng.randbytes(16).hex()
    attendee.take_place(meeting.link, name=name, party=party, person=person, token=token, now=now)
    meeting.tokens[name] = token
    return token
