"""How it is set up: settings and the entry points of a deployment."""
