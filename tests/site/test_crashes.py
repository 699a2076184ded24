"""A serving process is killed again and again under answers that come in (R-4)."""

import time
from collections import deque
from random import Random
from threading import Event, Thread

import pytest

from tests.site.house import free_port, serving
from tests.site.phones import phones, stored

SENDERS = 6


def send_until(over, port, waiting, acknowledged):
    """Send what waits until the process is gone; what was not acknowledged waits again."""
    while not over.is_set():
        try:
            phone = waiting.popleft()
        except IndexError:
            return
        (acknowledged if phone.send(port) else waiting).append(phone)


def in_senders(port, waiting, acknowledged):
    """Let several send at once; return what ends them, and whom to wait for."""
    over = Event()
    senders = [
        Thread(target=send_until, args=(over, port, waiting, acknowledged)) for _ in range(SENDERS)
    ]
    for one in senders:
        one.start()
    return over, senders


@pytest.mark.parametrize(
    ("kills", "people"), [(3, 60), pytest.param(50, 400, marks=pytest.mark.soak)]
)
def test_no_acknowledged_answer_is_lost_and_none_is_half_there(folder, kills, people):
    rng = Random(kills)
    port = free_port()
    everybody = phones(folder, people, rng)
    waiting, acknowledged = deque(everybody), []
    share = len(everybody) / kills
    slowest = 0.0

    for number in range(1, kills + 1):
        began = time.monotonic()
        with serving(folder, port=port) as (process, _):
            slowest = max(slowest, time.monotonic() - began)
            over, senders = in_senders(port, waiting, acknowledged)
            deadline = time.monotonic() + 10
            while len(acknowledged) < number * share * 0.9 and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.02))
            process.kill()
            over.set()
            for one in senders:
                one.join()
        voices, used = stored(folder)
        assert used == len(voices)
        assert all(voices.get(one.key) == one.answers for one in acknowledged)

    assert waiting
    with serving(folder, port=port):
        _, senders = in_senders(port, waiting, acknowledged)
        for one in senders:
            one.join()

    voices, used = stored(folder)
    assert voices == {one.key: one.answers for one in everybody}
    assert used == len(acknowledged) == len(everybody)
    # Beside other tests, how long a start takes says more about them.
    assert kills < 50 or slowest < 5
