"""Let things happen at the same moment, each in a thread with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Call all at the same moment; return what each returned, or the exception it raised.

    Needs a test with real transactions: threads see only what has been committed.
    """
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            start.wait(timeout=30)
            return call()
        except Exception as fault:  # noqa: BLE001 - a refusal is an outcome like another
            return fault
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
