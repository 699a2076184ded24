"""A place in a workshop: coming in, and the phone."""
