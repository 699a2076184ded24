"""Pages: one folder a concept, with views, forms, addresses and templates together."""
