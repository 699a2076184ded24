import os
import shutil

import pytest

from tests.site.house import run, serving


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory):
    if os.environ.get("UNDERSTREAM_TEST_DATABASE"):
        pytest.skip("a house on SQLite, whatever the tests run on; once is enough")
    folder = tmp_path_factory.mktemp("house")
    done = run(folder, "prepare")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(_prepared, tmp_path):
    """Return a prepared house of a test's own, on SQLite."""
    return shutil.copytree(_prepared, tmp_path / "house")


@pytest.fixture(scope="module")
def port(_prepared, tmp_path_factory):
    """Serve a prepared house that tests of one module share, which only ask; return its port."""
    folder = shutil.copytree(_prepared, tmp_path_factory.mktemp("served") / "house")
    with serving(folder) as (_, port):
        yield port
