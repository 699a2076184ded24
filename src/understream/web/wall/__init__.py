"""The wall: what the projector shows, and nothing else."""
