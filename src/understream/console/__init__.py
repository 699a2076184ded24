"""Commands: the same acts."""
