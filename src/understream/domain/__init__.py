"""What is done: one module a concept, with typed acts and questions."""
