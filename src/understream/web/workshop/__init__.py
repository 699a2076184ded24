"""Workshops at the desk: the agenda, the console, the report."""
