import shutil

import pytest

from tests.site.house import run


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    done = run(folder, "prepare")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(_prepared, tmp_path):
    """Return a prepared house of a test's own, on SQLite."""
    return shutil.copytree(_prepared, tmp_path / "house")
