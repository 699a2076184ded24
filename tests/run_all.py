"""Run the whole suite on SQLite and what touches the database on PostgreSQL: `make test`.

Installs what Debian packages are missing when it may (as root, with apt), starts a PostgreSQL of
its own on a socket in a folder of its own, and says at the end what it had to leave out. With
CI=true a part that was left out is a failure.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
PACKAGES = {
    "chromium": "chromium",
    "msgfmt": "gettext",
    "initdb": "postgresql",
    "libatomic": "libatomic1",  # what drives the browser is linked with it
}
PURE = (
    "measurement", "instruments", "report", "console/test_figures.py", "console/test_measure.py",
    "console/test_measure_release.py", "console/test_instrument.py", "test_architecture.py",
    "test_docs.py",
)  # fmt: skip
"""Tests that no database can change the outcome of."""

SERVER_USER = "postgres"
"""Whom the Debian package makes; PostgreSQL refuses to be started by root."""


def main() -> int:
    """Run both halves; return 0 if everything passed and, in CI, nothing was left out."""
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

    failed = pytest_on("SQLite", f"-m{' and '.join(marks)}")
    if folder := server_programs():
        with postgresql(folder) as url:
            version = told([str(folder / "postgres"), "--version"]).split()[2]
            ignored = [f"--ignore=tests/{one}" for one in PURE]
            failed |= pytest_on(
                f"PostgreSQL {version}", "-mnot soak and not browser", *ignored, database=url
            )
    else:
        left_out.append("everything on PostgreSQL: its server is missing")

    for one in left_out:
        print(f"!! LEFT OUT: {one}")  # noqa: T201 - said to whoever runs the tests
    if left_out and os.environ.get("CI") == "true":
        print("!! in CI nothing may be left out")  # noqa: T201 - as above
        return 1
    return int(failed)


def pytest_on(name: str, *options: str, database: str = "") -> bool:
    """Run pytest on one database; return whether anything failed."""
    print(f"== tests on {name}", flush=True)  # noqa: T201 - as above
    environment = {**os.environ, "UNDERSTREAM_TEST_DATABASE": database}
    command = [sys.executable, "-m", "pytest", "-n2", "--dist=worksteal", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0


def install_packages() -> None:
    """Install missing Debian packages, as root on Debian only; what fails is left out later."""
    missing = [package for program, package in PACKAGES.items() if not is_here(program)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"installing {' '.join(missing)} ...", flush=True)  # noqa: T201 - as above
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
        settings = (
            f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=60"
        )
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
