"""What waits is written together; no wake-up is lost, one bad row harms nobody."""

import asyncio
import threading
from random import Random

import pytest

from understream.live.gather import LARGEST, Full, Gather


def run(work):
    return asyncio.run(work())


@pytest.mark.parametrize("seed", range(20))
def test_everything_is_written_once_and_in_order_however_adding_and_writing_meet(seed):
    chance = Random(seed)
    batches = []

    def write(batch):
        batches.append(list(batch))
        if chance.random() < 0.5:
            threading.Event().wait(chance.random() / 500)
        return [one * 2 for one in batch]

    async def work():
        gather = Gather(write)
        told = []
        for number in range(60):
            told.append(gather.add(number))
            if chance.random() < 0.4:
                await asyncio.sleep(chance.choice([0, 0, 0.001, 0.003]))
        answers = await asyncio.wait_for(asyncio.gather(*told), 5)
        await gather.end()
        return answers

    assert run(work) == [number * 2 for number in range(60)]
    assert [one for batch in batches for one in batch] == list(range(60))


def test_the_next_after_everything_was_written_is_written_too():
    async def work():
        gather = Gather(list)
        for number in range(200):  # each comes just as the one before has been answered
            assert await asyncio.wait_for(gather.add(number), 2) == number
        await gather.end()

    run(work)


def test_what_arrives_while_one_is_written_is_one_batch():
    sizes, gate = [], threading.Event()

    def write(batch):
        sizes.append(len(batch))
        gate.wait(5)
        return batch

    async def work():
        gather = Gather(write)
        first = gather.add(0)
        await asyncio.sleep(0.05)
        rest = [gather.add(number) for number in range(LARGEST + 50)]
        gate.set()
        await asyncio.gather(first, *rest)
        await gather.end()

    run(work)
    assert sizes == [1, LARGEST, 50]


def test_one_that_cannot_be_stored_keeps_no_other_from_being_stored():
    def write(batch):
        if "bad" in batch:
            raise ValueError
        return batch

    async def work():
        gather = Gather(write)
        told = [gather.add(one) for one in ("a", "bad", "b")]
        answers = await asyncio.gather(*told, return_exceptions=True)
        await gather.end()
        return answers

    first, bad, last = run(work)
    assert (first, last) == ("a", "b")
    assert isinstance(bad, ValueError)


def test_more_than_can_be_written_is_refused_at_once_and_the_end_writes_what_waits():
    gate = threading.Event()

    def write(batch):
        gate.wait(5)
        return batch

    async def work():
        gather = Gather(write, most_waiting=3)
        told = [gather.add(0)]
        await asyncio.sleep(0.05)
        told += [gather.add(number) for number in range(1, 4)]
        with pytest.raises(Full):
            gather.add(9)
        gate.set()
        await gather.end()
        assert [one.result() for one in told] == [0, 1, 2, 3]

    run(work)


def test_who_no_longer_waits_disturbs_nobody():
    async def work():
        gather = Gather(list)
        gone, stays = gather.add(1), gather.add(2)
        gone.cancel()
        assert await stays == 2
        await gather.end()

    run(work)
