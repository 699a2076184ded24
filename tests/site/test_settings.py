import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import hashers
from django.db import connection

from tests.site.house import environment_of, run
from understream.site import settings as deployed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_setting_is_described_and_every_described_one_exists(tmp_path):
    code = "from understream.site import settings as s; print(*s.environment.KNOWN)"
    asked_for = subprocess.run(
        [sys.executable, "-c", code],
        env=environment_of(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [row.split("|")[1] for row in PAGE.splitlines() if row.startswith("| `")]

    described = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}

    assert described == set(asked_for.split())


@pytest.mark.parametrize(
    ("address", "prefix", "secure"),
    [("https://house.example", "__Host-", True), ("http://127.0.0.1:8000", "", False)],
)
def test_cookies_are_out_of_reach_of_scripts_and_of_other_hosts(tmp_path, address, prefix, secure):
    parts = ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN")
    code = (
        "import django; django.setup(); from django.conf import settings as s; "
        f"print([[getattr(s, k + '_COOKIE_' + p) for p in {parts}] for k in ('SESSION', 'CSRF')])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=environment_of(
            tmp_path,
            UNDERSTREAM_URL=address,
            DJANGO_SETTINGS_MODULE="understream.site.settings",
        ),
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert ast.literal_eval(told) == [
        [f"{prefix}{name}", secure, True, "Lax", None] for name in ("session", "csrf")
    ]


def test_no_module_reads_the_environment_on_its_own():
    reading = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "src").rglob("*.py")
        if re.search(r"\bos\.environ\b|\bgetenv\(", file.read_text(encoding="utf-8"))
    }

    assert reading == {
        "src/understream/console/main.py",
        "src/understream/site/asgi.py",
        "src/understream/site/environment.py",
        "src/understream/site/preflight.py",
        "src/understream/site/wsgi.py",
    }


def test_nonsense_is_told_in_sentences_and_not_in_tracebacks(tmp_path):
    done = run(tmp_path, "check", PORT="door", UNDERSTREAM_LOG="loud")

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "understream check: PORT is 'door'; it must be a whole number from 1 to 65535.",
        "understream check: UNDERSTREAM_LOG is 'loud'; it must be one of text, json.",
    ]


def test_passwords_are_kept_with_argon2(settings):
    settings.PASSWORD_HASHERS = deployed.PASSWORD_HASHERS

    assert hashers.make_password("a long password").startswith("argon2$argon2id$")


@pytest.mark.django_db
@pytest.mark.skipif(
    bool(os.environ.get("UNDERSTREAM_TEST_DATABASE")), reason="about SQLite; runs on it"
)
def test_sqlite_keeps_what_it_was_told_and_forgets_what_it_should():
    found = {}
    with connection.cursor() as cursor:
        for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys"):
            cursor.execute(f"PRAGMA {name}")
            (found[name],) = cursor.fetchone()

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
    }
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert connection.settings_dict["OPTIONS"]["timeout"] == 5
