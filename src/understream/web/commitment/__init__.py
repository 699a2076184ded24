"""Commitments: what parties promise each other, and what became of it."""
