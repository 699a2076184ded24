"""Every component in every state: the demo and the reference of the look."""
