"""Signing in and out, one's password, one's own card."""
