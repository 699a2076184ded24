"""Two workshops of the demo world: one held and finished, one that waits to be joined."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from understream.console.world.people import (
    DAY,
    HARBOUR,
    MILL,
    PEOPLE,
    QUAY,
    Alliance,
    known,
    moment,
)
from understream.domain import (
    attendee,
    pair,
    rehearsal,
    scene,
    spotlight,
    step,
    takeout,
    theme,
    voice,
    workshop,
)
from understream.domain.answer import Contribution, Kept
from understream.domain.workshop import StepCard, StepDraft

MINUTE = timedelta(minutes=1)
HELD, WAITING = "Building trust in the cold chain", "Fresh for longer: what can go wrong"

RISKS: Mapping[str, Sequence[tuple[str, str]]] = {
    HARBOUR: (
        ("We spreken iets af en daarna denkt iedereen er het zijne van.", "Koelketen, derde jaar"),
        ("Elk jaar een nieuwe planner, en het verhaal begint opnieuw.", "Twee vervoerders"),
        ("Nobody dares to say that the numbers do not add up.", "Cost sharing, a shared depot"),
        ("De mensen die het begrepen zijn weg.", "Na de reorganisatie"),
        ("Het contract wordt nagekomen, de bedoeling niet.", ""),
        ("Stilte wordt voor een ja gehouden.", "Stuurgroep"),
    ),
    MILL: (
        ("We agree in the meeting, and then the emails begin.", "Retail chain, two years"),
        ("Both want the same customer to see their own name first.", "Joint brand"),
        ("They say quality, we say quality, and it is not the same word.", "Three suppliers"),
        ("Silence is taken for a yes.", "Consortium of five"),
        ("My boss will not like it, so I do not bring it up.", ""),
    ),
}
THEMES: Sequence[tuple[str, Sequence[str]]] = (
    ("Said in the meeting, thought afterwards",
     ("afgesproken", "We spreken", "We agree", "Stilte", "Silence", "Nobody dares", "My boss")),
    ("People leave, the story starts again", ("Elk jaar", "De mensen")),
    ("The same word, another meaning", ("They say quality", "Het contract")),
    ("Each wants to be seen first", ("Both want",)),
)  # fmt: skip
MEASURES = (
    "Close each meeting with: who does what, and what did we not say.",
    "Een overdracht van een dag bij elke nieuwe planner, aan beide kanten.",
    "One page with the words we both use, read every quarter.",
    "Ask the quietest person first.",
)
JOINT = (
    "You notice it only when it is gone, and by then you call it something else: delay, price.",
    "Omdat je het niet in een plan kunt zetten. Het is wat overblijft als het plan niet klopt.",
    "It is in all seven of them, a little. So nobody owns it.",
    "Because it sounds soft, and the list was made for a board.",
    "Vertrouwen groeit van kleine dingen die op tijd gezegd worden.",
)
SEEN = (
    "Cold stores with a certificate.",
    "Hun wagens en hun routes.",
    "A planner who knew ports.",
)
WHY = ("Alleen komen we er niet.", "The inland ports want one door.", "Minder lege kilometers.")
WHAT = ("Alles wat gekoeld naar het binnenland gaat.", "The planning, not the prices.", "De data.")
HOW = ("Elke donderdag samen plannen.", "Small steps, said aloud.", "Eén meldpunt.")
RUNGS = (
    "The two planners: a hunch, the same day.",
    "De managers: een patroon, binnen vijf dagen.",
    "Directors: money or people, within ten days.",
    "De zin waarmee we samen omhooggaan: we komen er niet uit, en dat is geen schande.",
)
LEARNED = (
    "That they call before a load is late, not after.",
    "Dat ze een fout toegeven.",
    "Whether a no is a no.",
)
PRACTICES = (
    ("Every Monday ten minutes on what went badly, standing.", "Two depots, one year"),
    ("Knoop: wie belt de klant als het misgaat?", "Wij allebei, dus niemand"),
    ("We swapped a planner for a week; now both sides pick up the phone.", "Mill and Harbour"),
    ("Een gedeelde agenda voor sluitingen.", "Havens"),
)
HOME = (
    "Being critic on purpose made it easier to hear.",
    "Dat zij hetzelfde over stilte zeggen als wij.",
    "Ability I can check; the rest I have to give a chance.",
)
DOING = (
    ("Marieke van Dijk", MILL, "Bel James elke maandag over wat vorige week niet goed ging.", 4),
    ("James Whitlock", HARBOUR, "Send the one-page list of shared words to Harbour.", 10),
    ("Ruth Castell", HARBOUR, "Invite a planner of Harbour to our Thursday meeting.", 12),
)
FIRST_ANSWERS = (
    (HARBOUR, "We weten niet wie er beslist als een proef tegenvalt.", "Proef met wagens"),
    (MILL, "The trial is ours on paper and theirs in practice.", "Fresh goods"),
    (QUAY, "Wij zien de meetgegevens pas als het verhaal al klaar is.", "Onderzoek en bedrijf"),
    (HARBOUR, "Everyone waits for the results before saying what they fear.", ""),
)
MOST_MEASURES = 2
"""Answers that the step about measures takes from one person; the ladder takes more."""
FREE_TO_SPEAK = {HARBOUR: (6, 6, 5, 7, 6, 5, 6, 5, 4, 6), MILL: (5, 5, 6, 4, 5, 6, 5)}


def hold(alliance: Alliance, now: datetime, rng: Random) -> None:
    """Hold a workshop nine days ago, from the opening to the takeouts and a commitment of one."""
    begins = moment(now - 9 * DAY).replace(minute=0)
    lead = alliance.facilitator
    key = workshop.prepare_workshop(
        lead, title=HELD, agenda="building_trust", now=begins - 3 * DAY, rng=rng
    )
    workshop.write_step(lead, key, _SCALE)
    card = workshop.workshop_before(lead, key, now=begins)
    workshop.move_step(lead, key, card.steps[-1].key, by=-1)
    workshop.begin_workshop(lead, key, now=begins, rng=rng)
    room = _Room(alliance, key, begins, rng)
    room.come_in({HARBOUR: 10, MILL: 7})
    attendee.admit_attendees(lead, key, now=room.now)
    at = 0
    for one in workshop.workshop_before(lead, key, now=begins).steps:
        room.pass_time(one.minutes)
        step.open_step(lead, key, one.key, at=at, now=room.now, rng=rng)
        at = one.key
        room.play(one)
    room.pass_time(5)
    step.end_workshop(lead, key, now=room.now, rng=rng)
    _keep_first_takeout(alliance, key, room.now + DAY)


def wait(alliance: Alliance, now: datetime, rng: Random) -> None:
    """Begin a workshop ten minutes ago in which four people have answered the first prompt."""
    begins = now - 10 * MINUTE
    lead = alliance.facilitator
    key = workshop.prepare_workshop(
        lead, title=WAITING, agenda="building_trust", short=True, now=begins - DAY, rng=rng
    )
    workshop.begin_workshop(lead, key, now=begins, rng=rng)
    room = _Room(alliance, key, begins, rng)
    steps = workshop.workshop_before(lead, key, now=begins).steps
    first = next(one for one in steps if one.prompt["en"].startswith("What, in your own"))
    step.open_step(lead, key, first.key, at=0, now=now - 2 * MINUTE, rng=rng)
    room.now = now - MINUTE
    names = ("Joost", "Anouk", "Grace", "Priya")
    for name, (party, text, context) in zip(names, FIRST_ANSWERS, strict=True):
        room.take(name, party)
        room.say(first, name, text=text, context=context)
    step.reveal_step(lead, key, first.key, now=now - MINUTE)


_SCALE = StepDraft(
    kind="scale",
    identity="confidential",
    minutes=4,
    title={"en": "How free was it to speak?", "nl": "Hoe vrij kon u spreken?"},
    prompt={
        "en": "Today I could say what I thought.",
        "nl": "Vandaag kon ik zeggen wat ik dacht.",
    },
)


class _Room:
    """The people of one workshop, and what they say."""

    def __init__(self, alliance: Alliance, key: int, begins: datetime, rng: Random) -> None:
        self.alliance, self.key, self.now, self.rng = alliance, key, begins, rng
        card = workshop.workshop_before(alliance.facilitator, key, now=begins)
        self.link = card.join
        self.parties = {one.name: one.key for one in card.parties}
        self.tokens: dict[str, str] = {}
        self.party_of: dict[str, str] = {}

    def pass_time(self, minutes: int) -> None:
        """Let minutes pass; everybody is still there."""
        self.now += minutes * MINUTE
        people = attendee.attendees_of(self.alliance.facilitator, self.key, now=self.now)
        attendee.mark_seen(self.key, here=[one.key for one in people], gone=(), now=self.now)

    def take(self, name: str, party: str, person: int = 0) -> None:
        """Let somebody take a place."""
        self.tokens[name] = self.rng.randbytes(16).hex()
        self.party_of[name] = party
        attendee.take_place(
            self.link,
            name=name,
            party=self.parties[party],
            person=person,
            token=self.tokens[name],
            now=self.now,
        )

    def come_in(self, sizes: Mapping[str, int]) -> None:
        """Let so many people of each party take a place, those with a seat as that seat."""
        for party, size in sizes.items():
            for one in PEOPLE[party][:size]:
                self.take(one.name, party, known(one))

    def of(self, party: str) -> list[str]:
        """Return the names of a party's people."""
        return [name for name, own in self.party_of.items() if own == party]

    def say(self, one: StepCard, name: str, **told: object) -> None:
        """Let somebody contribute to a step.

        :raises Refused: if it was not taken.
        """
        said = Contribution(
            token=self.tokens[name],
            workshop=self.key,
            step=one.key,
            key=self.rng.randbytes(12).hex(),
            **told,  # type: ignore[arg-type] # fields of a contribution
        )
        (reply,) = voice.speak([said], now=self.now)
        if not isinstance(reply, Kept):
            raise reply  # type: ignore[misc] # what is not kept was refused

    def play(self, one: StepCard) -> None:
        """Do what the room does in a step."""
        acts = {
            "prompt": self._write_in_columns if one.columns else self._write,
            "themes": self._gather,
            "vote": self._vote,
            "pairs": self._write_in_pairs,
            "spotlight": self._speak_up,
            "rehearsal": self._change_roles,
            "scale": self._choose_points,
            "takeouts": self._take_home,
        }
        (self._look_back if one.promises else acts[one.kind])(one)
        if one.card:
            lead = self.alliance.facilitator
            step.show_card(lead, self.key, one.key, shown=True, now=self.now)

    def _look_back(self, one: StepCard) -> None:
        names = list(self.tokens)
        self.say(one, names[0], text="Twee van de vijf zijn gehouden. Eén is vergeten.")
        self.say(one, names[-1], text="Half past four works; the claims do not, yet.")

    def _write_in_columns(self, one: StepCard) -> None:
        said = (WHY, WHAT, HOW) if len(one.columns) > len((SEEN, LEARNED)) else (SEEN, LEARNED)
        for at, texts in enumerate(said):
            for name, text in zip(self.tokens, texts, strict=False):
                self.say(one, name, slot=at * one.most, text=text)
        step.reveal_step(self.alliance.facilitator, self.key, one.key, now=self.now)

    def _change_roles(self, one: StepCard) -> None:
        rehearsal.turn_roles(self.alliance.facilitator, self.key, one.key, now=self.now)

    def _choose_points(self, one: StepCard) -> None:
        for party, points in FREE_TO_SPEAK.items():
            for name, point in zip(self.of(party), points, strict=False):
                self.say(one, name, value={"point": point})

    def _write(self, one: StepCard) -> None:
        told = (
            RISKS
            if one.asks_context and one.most > 1
            else {HARBOUR: PRACTICES[::2], MILL: PRACTICES[1::2]}
            if one.asks_context
            else _without_context(RUNGS if one.most > MOST_MEASURES else MEASURES)
        )
        for party, texts in told.items():
            for name, (text, context) in zip(self.of(party), texts, strict=False):
                self.say(one, name, text=text, context=context)
        if one.reveals:
            step.reveal_step(self.alliance.facilitator, self.key, one.key, now=self.now)

    def _gather(self, one: StepCard) -> None:
        lead = self.alliance.facilitator
        answers = scene.answers_to_read(lead, self.key, one.source)
        for name, beginnings in THEMES:
            chosen = [
                said.key for said in answers if any(said.text.startswith(w) for w in beginnings)
            ]
            theme.make_theme(lead, self.key, one.key, name=name, answers=chosen, now=self.now)

    def _vote(self, one: StepCard) -> None:
        card = workshop.workshop_before(self.alliance.facilitator, self.key, now=self.now)
        choices = len(next(told for told in card.steps if told.key == one.key).choices)
        for name in self.tokens:
            chosen = sorted(range(choices), key=lambda at: (at + 1) * self.rng.random())
            if one.ranking:
                self.say(one, name, value={"order": chosen})
            else:
                dots = {str(at): 1 for at in chosen[: one.most]}
                self.say(one, name, value={"dots": dots})

    def _write_in_pairs(self, one: StepCard) -> None:
        places: dict[int, list[str]] = {}
        for name, token in self.tokens.items():
            group = scene.own_of(token, self.key, now=self.now).personal.group
            if group is not None:
                places.setdefault(group.number, []).append(name)
        for text, (_number, people) in zip(JOINT, sorted(places.items()), strict=False):
            at = (self.key, one.key)
            pair.write_together(self.tokens[people[0]], *at, text=text, revision=0, now=self.now)
            for name in people:
                pair.agree_together(self.tokens[name], *at, revision=1, agrees=True, now=self.now)

    def _speak_up(self, one: StepCard) -> None:
        lead = self.alliance.facilitator
        for _time in range(3):
            spotlight.draw_speaker(lead, self.key, one.key, now=self.now, rng=self.rng)
            for token in self.tokens.values():
                asked = scene.own_of(token, self.key, now=self.now).personal.invited
                if asked is not None and not asked.speaking:
                    spotlight.answer_turn(
                        token, self.key, one.key, accepts=True, now=self.now, rng=self.rng
                    )
                    break

    def _take_home(self, one: StepCard) -> None:
        for name, text in zip(list(self.tokens)[3:], HOME, strict=False):
            self.say(one, name, slot=0, text=text)
        for name, receiver, text, days in DOING:
            before = (self.now + days * DAY).date().isoformat()
            value = {"for": self.parties[receiver], "before": before}
            self.say(one, name, slot=one.most, text=text, value=value)


def _without_context(texts: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Return texts in turn for the two parties."""
    return {
        HARBOUR: [(text, "") for text in texts[::2]],
        MILL: [(text, "") for text in texts[1::2]],
    }


def _keep_first_takeout(alliance: Alliance, key: int, at: datetime) -> None:
    """Let a manager make a commitment of the first takeout that says what somebody will do."""
    manager = alliance.managers[HARBOUR]
    told = takeout.takeouts_of(manager, key)
    first = next(one for one in told if one.name == DOING[0][0] and one.will_do)
    takeout.keep_takeout(
        manager,
        key,
        first.key,
        receiver=first.receiver,
        owner=first.owner,
        due_on=first.before or at.date(),
        now=at,
    )
