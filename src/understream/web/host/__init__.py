"""What the host sees: how the house runs."""
