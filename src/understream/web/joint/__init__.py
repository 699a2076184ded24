"""The joint page: reflections side by side, and what is agreed about them."""
