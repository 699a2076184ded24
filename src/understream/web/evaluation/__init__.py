"""Evaluations: preparing them together, following their course, checking what was sealed."""
