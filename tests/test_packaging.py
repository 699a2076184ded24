"""What is installed, from where, and what the wheel carries."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.site.house import environment_of, get, serving

ROOT = Path(__file__).parents[1]
LOCKED = ("core.txt", "dev.txt")
LEFT_BEHIND = re.compile(r"(^|/)(__pycache__|\.\w+)/")
"""What tools leave in the folders they were in."""

BUILDING = {"hatchling", "editables"}
"""What installs the checkout itself, and is no part of the product."""


def lines(name):
    """Return what a file in requirements says, without comments."""
    told = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return [line for line in told if line and not line.startswith(("#", "-r"))]


def versions(name):
    """Return the locked version of everything."""
    found = (re.match(r"([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", line) for line in lines(name))
    return {one[1]: one[2] for one in found if one}


# ------------------------------------------------------------------ what is installed


@pytest.mark.parametrize("name", LOCKED)
def test_everything_is_locked_by_hash_and_nothing_by_address(name):
    entries = "\n".join(lines(name)).split("\n")
    heads = [line for line in entries if not line.startswith(" ")]
    assert len(heads) > 25

    for head in heads:
        assert re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.]+( ; .+)? \\", head), head
    for line in entries:
        assert line in heads or re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?", line), line


def test_who_tests_has_the_very_versions_that_run():
    core, dev = map(versions, LOCKED)

    assert core.items() < dev.items()


def test_the_wheel_asks_for_what_the_lock_was_made_from():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert {*project["dependencies"], *BUILDING} == set(lines("core.in"))


def test_a_second_call_installs_nothing():
    for kind in ("dev", "core"):
        done = subprocess.run(
            ["sh", "requirements/install.sh", kind],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == ("", "")


def test_every_command_of_the_makefile_has_its_line_of_help():
    told = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    listed = {line.split()[1]: line.split(maxsplit=2)[2] for line in told.splitlines()}
    phony = (
        (ROOT / "Makefile").read_text(encoding="utf-8").partition(".PHONY: ")[2].splitlines()[0]
    )

    assert set(listed) == {*phony.split()} - {"core", "dev", "fmt-check"}


# ------------------------------------------------------------------ the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel as `make release` does."""
    place = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (built,) = place.glob("understream-*-py3-none-any.whl")
    return built


def test_the_wheel_holds_all_of_the_package_and_nothing_else(wheel):
    source = ROOT / "src"
    wanted = {
        str(path)
        for path in (file.relative_to(source) for file in source.rglob("*") if file.is_file())
        if path.name != "ruff.toml" and not LEFT_BEHIND.search(str(path))
    }

    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert held == wanted
    for ending in (".html", ".css", ".js", ".woff2", ".toml", ".mo", ".txt", ".svg"):
        assert any(name.endswith(ending) for name in held), ending


def test_the_wheel_carries_its_licence_and_its_command(wheel):
    held = zipfile.ZipFile(wheel)
    (command,) = (name for name in held.namelist() if name.endswith("/entry_points.txt"))

    assert any(name.endswith("/licenses/LICENSE") for name in held.namelist())
    assert "understream = understream.console.main:main" in held.read(command).decode()


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install the wheel beside what it needs, and not beside this checkout; return its command."""
    place = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    (packages,) = (place / "venv" / "lib").glob("*/site-packages")
    needed = next(path for path in sys.path if path.endswith("site-packages"))
    # A line, not a folder of its own: the checkout's line in there is not followed.
    (packages / "needed.pth").write_text(needed)
    subprocess.run(
        ["python3", "-m", "pip", "--python", place / "venv" / "bin" / "python", "install",
         "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", wheel],
        check=True,
    )  # fmt: skip
    return place / "venv" / "bin" / "understream"


@pytest.mark.skipif(not shutil.which("python3"), reason="no python3 to install with")
def test_what_is_installed_builds_its_demo_in_the_home_folder_and_serves_it(
    installed, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("UNDERSTREAM_DATA", raising=False)
    environment = environment_of(tmp_path)
    del environment["UNDERSTREAM_DATA"]

    built = subprocess.run(
        [installed, "demo", "--no-serve"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert built.returncode == 0, built.stderr
    assert built.stdout.startswith("The demo world is built, from seed 7.\n")
    home = tmp_path / ".understream"
    assert (home / "understream.sqlite3").exists()
    with serving(home, command=installed) as (_, port):
        page = get(port, "/", headers={"Accept-Language": "nl"})
        sheet = re.search(rb'href="(/static/css/[^"]+)"', page[2])[1].decode()
        assert page[0] == get(port, sheet)[0] == 200
        assert b'lang="nl"' in page[2]
        assert "Wat iedereen ziet." in page[2].decode()
