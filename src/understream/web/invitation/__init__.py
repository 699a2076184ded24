"""Take the seat that a mailed invitation offers."""
