"""Numbers: pure functions on plain sequences; no Django, no files, no clock, no randomness."""
