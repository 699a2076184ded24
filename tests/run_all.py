"""Run all checks, all tests on SQLite, and what touches a database on PostgreSQL: `make test`.

Installs what Debian packages are missing when it may (as root, with apt), and starts a PostgreSQL
of its own on a socket in a folder of its own. Every part runs, whatever became of the others; the
summary at the end names each, and what had to be left out. With CI=true a part that was left out
is a failure.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
PACKAGES = {
    "chromium": "chromium",
    "msgfmt": "gettext",
    "initdb": "postgresql",
    "redis-server": "redis-server",
    "libatomic": "libatomic1",  # what drives the browser is linked with it
}
PURE = (
    "measurement", "instruments", "report", "live", "access/test_rules.py",
    "console/test_figures.py", "console/test_measure.py", "console/test_measure_release.py",
    "console/test_release_attack.py", "console/test_instrument.py", "console/test_main.py",
    "console/test_verify.py", "domain/test_word.py", "domain/test_finding.py",
    "site/test_environment.py", "site/test_log.py", "test_architecture.py", "test_docs.py",
    "test_packaging.py", "test_bench.py", "test_messages.py",
    "web",
    "test_matrix.py", "test_leaks.py", "test_noninterference.py", "test_injection.py",
    "test_noninterference_workshop.py", "test_injection_workshop.py",
    "console/test_world.py", "domain/test_result.py", "domain/test_method.py",
    "domain/test_attendee.py", "domain/test_scene.py",
    "domain/test_vote.py", "domain/test_scale.py", "domain/test_rehearsal.py",
    "domain/test_outcome.py", "domain/test_workshop.py",
)  # fmt: skip
"""Tests that no database can change the outcome of.

Among them all pages, and the long walks past every one: pages never query (a contract of the
architecture), so that what is asked of a database is asked by the tests of the domain, on both.
"""

FLEETING = ("join_collapse_limit=1", "from_collapse_limit=1", "jit=off", "autovacuum=off")
"""For a handful of rows, the search for the best order of joins costs most of all."""

SERVER_USER = "postgres"
"""Whom the Debian package makes; PostgreSQL refuses to be started by root."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that ran, and what became of it."""

    name: str
    passed: bool
    seconds: float

    def __str__(self) -> str:
        """Return its line of the summary."""
        return f"   {self.name:<28} {'passed' if self.passed else 'FAILED'} {self.seconds:>6.0f} s"


def main() -> int:
    """Run every part; return 0 if all passed and, in CI, nothing was left out."""
    install_packages()
    left_out = []
    if not SHARED.exists():
        left_out.append(f"tests against real data: there is no folder {SHARED}")
    if not shutil.which("msgfmt"):
        left_out.append("tests of the catalogues: gettext is missing")
    marks = ["not soak"]
    if not shutil.which("chromium"):
        marks.append("not browser")
        left_out.append("walks through pages in a browser: chromium is missing")

    parts = [
        ran("style, types, imports", ["make", "--no-print-directory", "check"]),
        pytest_on(f"SQLite {sqlite3.sqlite_version}", f"-m{' and '.join(marks)}"),
    ]
    if folder := server_programs():
        version = told([str(folder / "postgres"), "--version"]).split()[2]
        ignored = [f"--ignore=tests/{one}" for one in PURE]
        with postgresql(folder) as url:
            parts.append(
                pytest_on(
                    f"PostgreSQL {version}", "-mnot soak and not browser", *ignored, database=url
                )
            )
    else:
        left_out.append("everything on PostgreSQL: its server is missing")

    say("== summary")
    for one in parts:
        say(one)
    for line in left_out:
        say(f"!! LEFT OUT: {line}")
    insists = os.environ.get("CI") == "true"
    if left_out and insists:
        say("!! in CI nothing may be left out")
    return int(not all(one.passed for one in parts) or bool(left_out and insists))


def pytest_on(name: str, *options: str, database: str = "") -> Part:
    """Run pytest on one database."""
    command = [sys.executable, "-m", "pytest", "-n2", "--dist=worksteal", *options]
    # Kept, so that neither the other worker nor the other database has to compile it again.
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}
    return ran(f"tests on {name}", command, UNDERSTREAM_TEST_DATABASE=database, **compiled)


def ran(name: str, command: Sequence[str], **settings: str) -> Part:
    """Run one part, and tell what became of it."""
    say(f"== {name}")
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=False)
    return Part(name, done.returncode == 0, time.monotonic() - began)


def say(words: object) -> None:
    """Print to whoever runs the tests, in step with what the parts print."""
    print(words, flush=True)  # noqa: T201 - said to whoever runs the tests


def install_packages() -> None:
    """Install missing Debian packages, as root on Debian only; what fails is left out later."""
    missing = [package for program, package in PACKAGES.items() if not is_here(program)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"installing {' '.join(missing)} ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", "-qq", *arguments], env=environment, check=False)


def is_here(program: str) -> bool:
    """Tell whether a program, or a library, is there."""
    if program.startswith("lib"):
        return any(Path("/usr/lib").glob(f"*/{program}.so.*"))
    return bool(server_programs() if program == "initdb" else shutil.which(program))


def server_programs() -> Path | None:
    """Return the folder of PostgreSQL's newest server programs."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """Give the address of a PostgreSQL that exists only meanwhile, on a socket of its own."""
    folder = Path(tempfile.mkdtemp(prefix="understream-pg-"))
    within: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, SERVER_USER, SERVER_USER)
        within = ["setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--clear-groups"]
    data = folder / "data"
    try:
        told(
            [*within, str(programs / "initdb"), f"--pgdata={data}", "--username=understream",
             "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            folder,
        )  # fmt: skip
        settings = " ".join(f"-c {one}" for one in (
            "listen_addresses=''", f"unix_socket_directories={folder}", "max_connections=60",
            *FLEETING,
        ))  # fmt: skip
        control = [*within, str(programs / "pg_ctl"), f"--pgdata={data}", "--wait"]
        told([*control, f"--log={folder / 'log'}", f"--options={settings}", "start"], folder)
        try:
            yield f"postgres://understream@/postgres?host={folder}"
        finally:
            told([*control, "--mode=immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def told(command: list[str], folder: Path = ROOT) -> str:
    """Return what a command printed; what it complained of is shown if it fails."""
    # A file, not a pipe: the server keeps what it inherits open for as long as it runs.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(command, cwd=folder, stdout=said, stderr=said, check=False)
        said.seek(0)
        words = said.read()
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{words}")
    return words


if __name__ == "__main__":
    sys.exit(main())
