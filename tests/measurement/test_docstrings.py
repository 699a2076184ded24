"""What the docstrings of measurement show is what happens."""

import doctest
import importlib
import pkgutil

import pytest

from understream import measurement

MODULES = [one.name for one in pkgutil.iter_modules(measurement.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_every_example_is_true(name):
    found = doctest.testmod(importlib.import_module(f"understream.measurement.{name}"))

    assert found.failed == 0
