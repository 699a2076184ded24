"""What is kept: one Django app, all tables, one file a concept."""
