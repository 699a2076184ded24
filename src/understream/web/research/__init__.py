"""Released figures of the own organisation, as data for its researchers."""
