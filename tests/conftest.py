"""What every test may ask for, and what is put back behind each."""

import gc
import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import client as browser
from pytest_django.plugin import blocking_manager_key

from understream.domain import release, world
from understream.records import guard

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
EMPTIED = pytest.StashKey[bool]()
"""Set on a test whose database was emptied behind it."""


LONGEST = (
    {"test_matrix.py", "test_leaks.py"},
    {"test_noninterference.py", "test_injection.py", "test_bench.py", "journeys"},
)
"""What each of two workers begins with, so that none is left with a long test at the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the longest first, and where the second worker's half begins."""
    first, second = (
        [one for one in items if {one.path.name, one.path.parent.name} & files]
        for files in LONGEST
    )
    begun = {*first, *second}
    rest = [one for one in items if one not in begun]
    place = max(len(items) // 2 - len(first), 0)
    items[:] = [*first, *rest[:place], *second, *rest[place:]]


def pytest_collection_finish():
    """Look for garbage seldom: what was collected to be tested is none, and is very much."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def _keep_templates(kept, signal, sender, template, context, **more):  # noqa: ARG001 - Django's
    kept.setdefault("templates", []).append(template)


# Django's own also copies the context of each template, which nobody asks for here.
browser.store_rendered_templates = _keep_templates


@pytest.fixture
def shared():
    """Return the path of a shared file; without the folder, only CI insists."""

    def find(path):
        if not (SHARED / path).exists():
            if os.environ.get("CI") == "true":
                pytest.fail(f"shared data are missing: {SHARED / path}")
            pytest.skip(f"no shared data at {SHARED / path}")
        return SHARED / path

    return find


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Let no test know what another's process remembered."""
    world.forget()
    cache.clear()
    yield
    world.forget()


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_neighbours():
    """Let no test wait for what another worker's test does on the same server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "LOOKS", 1)
        yield


@pytest.fixture(scope="module")
def lasting(request, django_db_blocker):
    """Make something for all tests of a module; what each does to it itself is undone behind it.

    Not for a module with tests that need real transactions.
    """
    request.getfixturevalue("django_db_setup")
    outer = transaction.atomic()
    outer._from_testcase = True  # as the one that Django puts around every test
    with django_db_blocker.unblock(), outer:
        yield lambda make: make()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _unguarded_emptying(request, _django_db_marker):
    """Lift the guard of what is written once before a test with real transactions is emptied."""
    emptied = _is_emptied(request)
    yield
    if emptied:
        guard.lift()
        request.node.stash[EMPTIED] = True


def pytest_fixture_post_finalizer(fixturedef, request):
    """Set the guard up again once the database has been emptied."""
    if fixturedef.argname == "_django_db_helper" and request.node.stash.get(EMPTIED, False):
        del request.node.stash[EMPTIED]
        with request.config.stash[blocking_manager_key].unblock():
            guard.set_up()


def _is_emptied(request):
    marker = request.node.get_closest_marker("django_db")
    asked = {"transactional_db", "live_server", "django_db_reset_sequences"}
    by_marker = marker is not None and (marker.kwargs.get("transaction") or any(marker.args[:1]))
    return bool(by_marker or asked & set(request.fixturenames))
