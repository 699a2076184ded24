"""The mirror of a round, its comments, signed answers and downloads."""
