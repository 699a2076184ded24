"""Answer with a personal link, on a phone, without an account."""
