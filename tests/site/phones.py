"""Phones that answer a real house over the network, and what the house has stored of it."""

import http.client
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.site.house import environment_of, get
from understream.domain import voice
from understream.instruments import reader

ROOT = Path(__file__).parents[2]
MARK = "a" * 32
"""What a browser sends twice, in a cookie and beside it, to show that it was on a page."""

MADE = """
import json, sys
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from tests.factories import NOON, links_of, make_alliance, open_round
from understream.domain import voice
world = make_alliance(people=int(sys.argv[1]))
key = open_round(world, closes_at=timezone.now() + timedelta(days=7))
links = [link for party in world.parties.values() for link in links_of(key, party)]
begun = [(one, voice.begin(one, browser="", rng=world.rng, now=NOON)) for one in links]
print(json.dumps(begun))
"""


@dataclass(frozen=True, slots=True)
class Phone:
    """The browser of somebody who has begun, and what will be sent from it."""

    link: str
    browser: str
    submission: str
    answers: tuple[int, ...]

    def send(self, port):
        """Send the answers; tell whether they were acknowledged, which a broken network is not."""
        body = json.dumps({"submission": self.submission, "answers": self.answers})
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"csrf={MARK}; browser={self.browser}",
            "X-CSRFToken": MARK,
            "Connection": "close",
        }
        try:
            status, _, told = get(port, f"/r/{self.link}/send/", "POST", body, headers)
        except (OSError, http.client.HTTPException):
            return False
        assert status in (200, 502, 503), (status, told)
        return status == 200 and json.loads(told)["heard"]

    @property
    def key(self):
        """Return the key of the row in which the answers are found."""
        return voice._key("voice", self.link, self.submission)


def phones(folder, people, rng):
    """Open a round of two parties of so many people in this house; return everybody's phone."""
    done = subprocess.run(
        [sys.executable, "-c", MADE, str(people)],
        cwd=ROOT,
        env=environment_of(folder, DJANGO_SETTINGS_MODULE="understream.site.settings"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    questions = len(reader.load("pulse").items)
    return [
        Phone(
            link,
            browser,
            rng.randbytes(16).hex(),
            tuple(rng.randint(1, 7) for _ in range(questions)),
        )
        for link, browser in json.loads(done.stdout.splitlines()[-1])
    ]


def stored(folder):
    """Return the answers that are stored, by their keys, and how many rights are used."""
    with closing(sqlite3.connect(folder / "understream.sqlite3")) as database:
        assert database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        voices = dict(database.execute("SELECT key, answers FROM records_voice"))
        ((used,),) = database.execute("SELECT count(*) FROM records_participation WHERE used")
    return {key: tuple(answers) for key, answers in voices.items()}, used
