"""The door: what the house is, signing in, what is shown of people, and whether it runs."""
