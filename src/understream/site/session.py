"""Sessions in the database that end a fixed time after signing in, however busy one is."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.utils import timezone

BEGAN = "_began"


class SessionStore(Stored):
    """A session that is over `SESSION_COOKIE_AGE` seconds after it began.

    Django counts from the last change. A new key, as signing in gives, begins anew.
    """

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Write the session, with the moment it began."""
        self.setdefault(BEGAN, int(timezone.now().timestamp()))
        super().save(must_create)

    def cycle_key(self) -> None:
        """Begin anew under a new key, with the same contents."""
        self[BEGAN] = int(timezone.now().timestamp())
        super().cycle_key()

    def get_expiry_age(self, **kwargs: object) -> int:
        """Return how many seconds are left; 0 when it is over."""
        del kwargs
        now = int(timezone.now().timestamp())
        left = int(self.get(BEGAN, now)) + settings.SESSION_COOKIE_AGE - now
        return max(0, left)

    def get_expiry_date(self, **kwargs: object) -> datetime:
        """Return the moment at which it is over."""
        del kwargs
        return timezone.now() + timedelta(seconds=self.get_expiry_age())
