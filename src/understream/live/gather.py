"""Group commit: what arrives while one batch is being written is the next batch.

There is no timer. A batch begins as soon as the one before has been stored; under a light load it
holds one answer, under a heavy one hundreds, and each waits for one commit at most beside its own.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

log = logging.getLogger(__name__)

LARGEST: Final = 400
"""What one transaction holds at most, so that nobody waits long behind others."""

Given = TypeVar("Given")
Told = TypeVar("Told")


class Full(Exception):
    """More is waiting than can be written in reasonable time."""


class Gather(Generic[Given, Told]):
    """Writes what is given, in order, many at once, through one thread.

    All of it runs in the event loop but for the writing itself, so that no wake-up can be lost:
    whoever adds something either finds the writing going on, and it looks again when it has
    written, or begins it.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Given]], Sequence[Told]],
        *,
        most_waiting: int = 20_000,
    ) -> None:
        """Write by this function, which stores all it is given or raises.

        :param write: runs in a thread of its own, one call at a time.
        :param most_waiting: beyond that nothing more is taken.
        """
        self._write = write
        self._most = most_waiting
        self._waiting: deque[tuple[Given, asyncio.Future[Told]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gather")
        self._writing: asyncio.Task[None] | None = None

    def add(self, one: Given) -> "asyncio.Future[Told]":
        """Take something in; its future is done when it is stored.

        :raises Full: if too much is waiting.
        """
        if len(self._waiting) >= self._most:
            raise Full
        told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, told))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._go())
        return told

    async def end(self) -> None:
        """Write what is waiting, and end the thread."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown(wait=False)

    async def _go(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), LARGEST)
                batch = [self._waiting.popleft() for _one in range(size)]
                await self._store(batch)
        finally:
            # No await lies between the last look at what waits and this line.
            self._writing = None

    async def _store(self, batch: list[tuple[Given, "asyncio.Future[Told]"]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            told = await loop.run_in_executor(self._thread, self._write, [one for one, _ in batch])
        except Exception as fault:  # noqa: BLE001 - whoever waits for it gets it
            if len(batch) > 1:
                # One that cannot be stored must not keep the others from being stored.
                log.warning("gather.apart", extra={"fault": type(fault).__name__})
                for one in batch:
                    await self._store([one])
                return
            _settle(batch[0][1], fault)
            return
        for (_one, waits), answer in zip(batch, told, strict=True):
            if not waits.done():
                waits.set_result(answer)


def _settle(waits: "asyncio.Future[Told]", fault: Exception) -> None:
    if not waits.done():
        waits.set_exception(fault)
