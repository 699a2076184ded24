"""JSON: the same acts and cards."""
