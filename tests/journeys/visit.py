"""A real house with its demo world, and real browsers before it."""

import shutil
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.site.house import COMMAND, LONG, environment_of, free_port, run

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
EXECUTABLE = shutil.which("chromium")
OFF = (
    # as Playwright has it, whose list this one replaces
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "OptimizationHints", "NetworkTimeServiceQuerying",
    "AimEnabled", "PreconnectToSearch",
    # pages of the address bar that every window would load: two thirds of what a window costs
    "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup",
)  # fmt: skip
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
    f"--disable-features={','.join(OFF)}",
)  # fmt: skip
PATIENCE = 20_000
"""Milliseconds that a busy machine may take for what takes a tenth of it."""

RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
OPENING = """() => {
  const wide = () => document.documentElement.scrollWidth;
  const closed = wide();
  document.querySelectorAll("details:not([open])").forEach((one) => {
    one.open = true;
    one.dataset.looked = "";
  });
  return [closed, wide()];
}"""
CLOSING = """() => document.querySelectorAll("details[data-looked]").forEach((one) => {
  one.open = false;
  delete one.dataset.looked;
})"""
SHAPES = """() => {
  const shape = (one) => [one.localName, ...[...one.classList].sort(), one.type ?? "",
    ...one.getAttributeNames().filter((name) => /^(aria-|role|hidden|open|tabindex)/.test(name))]
    .join(".");
  return [...new Set([...document.querySelectorAll("body *")]
    .map((one) => `${shape(one.parentElement)} > ${shape(one)}`))];
}"""

expect.set_options(timeout=PATIENCE)


@dataclass
class House:
    """A demo world that is served on this machine, in a process that can be stopped."""

    folder: Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, and wait until a page really answers."""
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [COMMAND, "demo"],
                env=environment_of(self.folder, PORT=str(self.port)),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        for line in self.process.stdout:
            if line.startswith("ready: "):
                break
        else:
            raise AssertionError((self.folder / "log").read_text())
        # Letters are printed too: somebody has to read them, or the pipe fills and all stands.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop, and wait until it has."""
        self.process.send_signal(number)
        self.process.wait(LONG)

    def told(self, question: str, *values: object) -> list[tuple]:
        """Return rows of the database, past all pages."""
        file = f"file:{self.folder}/understream.sqlite3?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as one:
            return one.execute(question, values).fetchall()


def build(folder: Path) -> None:
    """Build the demo world in a folder."""
    done = run(folder, "demo", "--no-serve")
    assert done.returncode == 0, done.stderr


@contextmanager
def serving(built: Path, folder: Path):
    """Serve a copy of a demo world that was built before."""
    house = House(shutil.copytree(built, folder), free_port())
    house.start()
    try:
        yield house
    finally:
        if house.process.poll() is None:
            house.process.kill()
            house.process.wait(LONG)


@dataclass
class Visitor:
    """Somebody with a browser of their own; what the browser complains of is kept."""

    house: House
    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of complaints that belong to what is tried, such as a network that is gone."""

    def go(self, path: str) -> None:
        """Go to a page of the house."""
        self.page.goto(f"{self.house.address}{path}")

    def enter(self, name: str) -> None:
        """Come in by one of the demo world's doors, as ``manager.a`` and so on."""
        self.go("/")
        self.page.locator(f'button[name="as"][value="{name}"]').click()
        self.page.wait_for_url("**/alliances/")

    def note(self, words: str) -> None:
        """Keep a complaint, unless it belongs to what is tried."""
        if not any(part in words for part in self.expected):
            self.faults.append(f"{urlsplit(self.page.url).path}: {words}")


@contextmanager
def launched():
    """Give a headless Chromium that asks nobody but the house for anything."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=EXECUTABLE, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Browser, house: House, **options: object) -> Visitor:
    """Open a browser of somebody's own before a house."""
    context = browser.new_context(**{"locale": "en-GB", **PHONE, **options})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    visitor = Visitor(house, context, page)
    watch(visitor, page)
    context.on("page", lambda other: watch(visitor, other))
    return visitor


def watch(visitor: Visitor, page: Page) -> None:
    """Keep what a page logs as wrong, throws, or asks of another host."""

    def told(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            visitor.note(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith((f"{visitor.house.address}/", "data:")):
            visitor.note(f"asked elsewhere: {request.url}")

    page.on("console", told)
    page.on("pageerror", lambda error: visitor.note(f"threw: {error}"))
    page.on("request", asked)


def look(one: Visitor, path: str, seen: set[str], *, status: int = 200) -> None:
    """Look at a page, or at the one that is open: is it there, narrow enough, and in order?

    Whatever can be opened on it is opened, and closed again.
    """
    if path:
        assert one.page.goto(f"{one.house.address}{path}").status == status, path
    else:
        one.page.wait_for_load_state()
    here = urlsplit(one.page.url).path
    width, wide = one.page.viewport_size["width"], one.page.evaluate(OPENING)
    assert max(wide) <= width, f"{here} is {wide} px wide, closed and opened: wider than {width}"
    fresh = set(one.page.evaluate(SHAPES)) - seen
    if fresh:
        seen |= fresh
        one.page.evaluate(AXE_SCRIPT)
        found = one.page.evaluate("(rules) => axe.run(rules)", RULES)["violations"]
        told = [f"{here}: {one['id']}: {one['nodes'][0]['html']}" for one in found]
        assert told == [], told
    one.page.evaluate(CLOSING)
