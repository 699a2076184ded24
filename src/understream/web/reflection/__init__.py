"""Reflections: what a party concludes within itself, and its seal."""
