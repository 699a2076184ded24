"""A workshop that is begun at a desk, in a browser, with a room of people beside it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from playwright.sync_api import expect

from tests.journeys.visit import DESK, House, Visitor
from tests.site.rooms import post

WALL = {"viewport": {"width": 1920, "height": 1080}}


class Room:
    """Thirty people with programs for phones, over the live protocol."""

    def __init__(self, port, link, people=30):
        self.port, self.rng = port, Random(3)
        lobby = post(port, "/live/lobby", {"link": link})[1]
        parties = [one["key"] for one in lobby["parties"]]
        self.key = lobby["workshop"]
        self.people = []
        for number in range(people):
            said = {"link": link, "name": f"P{number}", "party": parties[number % len(parties)]}
            status, joined = post(port, "/live/join", said)
            assert status == 200
            self.people.append(joined["token"])

    def act(self, path, body, token):
        """Do one thing as one person."""
        return post(self.port, f"/live/{self.key}/{path}", body, token)

    def everybody(self, body_of):
        """Let everybody answer at once; each must be stored."""

        def one(place):
            body = {"key": self.rng.randbytes(12).hex(), **body_of(place)}
            return self.act("answers", body, self.people[place])

        with ThreadPoolExecutor(10) as at_once:
            replies = list(at_once.map(one, range(len(self.people))))
        assert {status for status, _reply in replies} == {200}, replies


@dataclass
class Held:
    """A workshop under way, the browser of who leads it, and its room."""

    house: House
    come: Callable[..., Visitor]
    desk: Visitor
    number: str
    link: str
    wall_address: str
    room: Room
    looks: dict

    def wall(self) -> Visitor:
        """Open the wall in a browser of its own."""
        one = self.come(self.house, **self.looks, **WALL)
        one.go(self.wall_address)
        return one

    def console(self, one: Visitor | None = None) -> Visitor:
        """Open the console, at the desk or in somebody's browser."""
        one = one or self.desk
        one.go(f"/workshops/{self.number}/console/")
        expect(one.page.locator("#room")).to_be_visible()
        return one

    def onward(self) -> None:
        """Open the next step from the keyboard."""
        before = self.desk.page.locator("#now").inner_text()
        self.desk.page.locator("body").press("ArrowRight")
        expect(self.desk.page.locator("#now")).not_to_have_text(before)


def begin(
    visitor, house, *, language="en", agenda="one_question", people=0, change=None, **looks
) -> Held:
    """Write a workshop from an agenda, begin it, and stand at its console.

    :param change: is given the page of the workshop before it begins.
    """
    desk = visitor(house, **looks, **DESK)
    page = desk.page
    page.goto(f"{house.address}/")
    page.click('button[value="manager.b"]' if language == "en" else 'button[value="facilitator"]')
    page.goto(f"{house.address}/alliances/")
    page.get_by_role("link", name=re.compile("Cold chain")).first.click()
    home = re.search(r"/alliances/\d+/", page.url)[0]
    desk.go(f"{home}workshops/new/")
    page.fill("input[name=title]", "Building trust")
    page.check(f'input[name=agenda][value="{agenda}"]')
    page.check(f'input[name=language][value="{language}"]')
    page.locator("main form button").last.click()
    if change:
        change(desk)
    page.locator('form[action$="/begin/"] button').click()
    expect(page.locator("#room")).to_be_visible()
    number = re.search(r"/workshops/(\d+)/", page.url)[1]
    desk.go(f"/workshops/{number}/")
    wall = page.locator('a[href^="/wall/"]').get_attribute("href")
    link = re.search(r"/j/([\w-]{22})/", page.locator("a.address").get_attribute("href"))[1]
    held = Held(house, visitor, desk, number, link, wall, Room(house.port, link, people), looks)
    held.console()
    return held


def come_in(one: Visitor, *, name="Nora", party=0, link="") -> None:
    """Take a place with a phone that stands before the lobby, or that opens it."""
    if link:
        one.go(f"/j/{link}/")
    one.page.fill("input[name=name]", name)
    one.page.locator("input[name=party]").nth(party).check()
    one.page.locator("footer button").click()
    expect(one.page.locator("h1")).to_be_visible()
