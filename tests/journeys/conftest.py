import os
import shutil

import pytest

from tests.journeys import visit


@pytest.fixture(scope="session")
def _built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "built"
    visit.build(folder)
    return folder


@pytest.fixture(scope="module")
def chromium():
    if not shutil.which("chromium"):
        assert os.environ.get("CI") != "true", "chromium is missing"
        pytest.skip("chromium is missing: nothing was walked through in a browser")
    # No longer than a module: while it runs, Django takes this thread for an asynchronous one.
    with visit.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def house(_built, tmp_path_factory):
    """Serve a demo world that the tests of one module share."""
    with visit.serving(_built, tmp_path_factory.mktemp("shared") / "house") as one:
        yield one


@pytest.fixture
def own_house(_built, tmp_path):
    """Serve a demo world that one test has for itself."""
    with visit.serving(_built, tmp_path / "house") as one:
        yield one


@pytest.fixture
def visitor(chromium):
    """Open browsers, each of somebody's own; what one complained of fails the test."""
    opened = []

    def come(house, **options):
        opened.append(visit.visit(chromium, house, **options))
        return opened[-1]

    yield come
    for one in opened:
        one.context.close()
    assert [fault for one in opened for fault in one.faults] == []
