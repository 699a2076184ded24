"""Understream: work on the hard and the soft side of an alliance, together."""

__version__ = "0.1.0"
