"""A thread of the serving process that looks, every few seconds, for what has fallen due."""

import logging
from threading import Event, Thread
from typing import Final

from django.db import close_old_connections, connections

from understream.domain.due import tick
from understream.web import clock

log = logging.getLogger(__name__)

EVERY: Final = 15.0
"""Seconds between two looks."""

PATIENCE: Final = 1.5
"""Seconds that stopping waits for a look that is under way; each thing due is one transaction."""


class Ticker:
    """Looks at once when started, then every `EVERY` seconds until it is stopped."""

    def __init__(self, every: float = EVERY) -> None:
        """Make a thread that does not keep the process alive.

        :param every: seconds between two looks.
        """
        self.every = every
        self._over = Event()
        self._thread = Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; wait a little for a look that is under way."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._over.is_set():
            self._look()
            self._over.wait(self.every)
        connections.close_all()

    def _look(self) -> None:
        close_old_connections()
        try:
            tick(now=clock.now(), rng=clock.rng)
        except Exception:
            log.exception("ticker.failed")
        finally:
            close_old_connections()
