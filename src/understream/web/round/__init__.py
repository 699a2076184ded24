"""A round of listening: planning it together, opening, waiting, and what came of it."""
