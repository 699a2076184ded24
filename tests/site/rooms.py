"""A workshop in a real house, and readers and writers of it over HTTP."""

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from tests.site.house import environment_of

ROOT = Path(__file__).parents[2]
MADE = """
import json, sys
import django
django.setup()
from django.utils import timezone
from random import SystemRandom
from understream.access import reach
from understream.domain import attendee, step, workshop
from understream.domain.workshop import StepDraft
from understream.records.person import Person
rng, now = SystemRandom(), timezone.now()
person = Person.objects.create(email=f"{rng.random()}@example.org", name="Lead")
seat = reach.seat_of_person(person.pk)
key = workshop.prepare_workshop(seat, title="T", organisations=["A", "B"], now=now, rng=rng)
lead = reach.seat_in_workshop(person.pk, key)
both = {"en": "x", "nl": "x"}
first = workshop.write_step(lead, key, StepDraft("prompt", both, both, most=20))
workshop.write_step(lead, key, StepDraft("pairs", both, both))
workshop.begin_workshop(lead, key, now=now, rng=rng)
card = workshop.workshop_before(lead, key, now=now)
tokens = [rng.randbytes(16).hex() for _ in range(int(sys.argv[1]))]
for at, token in enumerate(tokens):
    party = card.parties[at % 2].key
    attendee.take_place(card.join, name=f"n{at}", party=party, token=token, now=now)
step.open_step(lead, key, first, at=0, now=now, rng=rng)
ticket = workshop.console_ticket(lead, key, now=now)
print(json.dumps([key, first, card.wall, card.join, ticket, tokens]))
"""


@dataclass
class Hall:
    """A workshop with its links and the secrets of its people."""

    key: int
    step: int
    wall: str
    join: str
    ticket: str
    tokens: list[str]


def hall(folder, people, **settings) -> Hall:
    """Begin a workshop with so many people in this house."""
    done = subprocess.run(
        [sys.executable, "-c", MADE, str(people)],
        cwd=ROOT,
        env=environment_of(folder, DJANGO_SETTINGS_MODULE="understream.site.settings", **settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Hall(*json.loads(done.stdout.splitlines()[-1]))


def post(port, path, body, token="", headers=None, timeout=20):
    """Return status and body of one POST; (0, None) if no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    head = {"content-type": "application/json", "connection": "close", **(headers or {})}
    if token:
        head["authorization"] = f"Bearer {token}"
    try:
        connection.request("POST", path, json.dumps(body), head)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


@dataclass
class Reader:
    """Somebody who listens to a stream, in a thread, until it ends."""

    port: int
    path: str
    token: str = ""
    events: list = field(default_factory=list)
    status: int = 0

    def start(self):
        """Begin."""
        self.thread = Thread(target=self._read, daemon=True)
        self.thread.start()
        return self

    def _read(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        head = {"authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            self.connection.request("GET", self.path, headers=head)
            answer = self.connection.getresponse()
            self.status = answer.status
            name = ""
            while line := answer.readline():
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text[7:]
                elif text.startswith("data: "):
                    self.events.append((name, json.loads(text[6:])))
        except (OSError, http.client.HTTPException, ValueError):
            return

    def of(self, name):
        """Return what came under one name."""
        return [data for kind, data in list(self.events) if kind == name]

    def order(self):
        """Return the keys a wall saw, in the order in which they first came, and its picture."""
        seen, picture = [], {}
        for news in self.of("wall"):
            if news["whole"]:
                picture = {}
            for one in sorted(news["answers"], key=lambda each: (each["number"], each["key"])):
                if one["key"] not in seen:
                    seen.append(one["key"])
                if one["state"] == "gone":
                    picture.pop(one["key"], None)
                else:
                    picture[one["key"]] = one["text"]
        return seen, picture
