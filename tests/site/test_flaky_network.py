"""Answers that travel through a network that loses, repeats and delays them (R-3)."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Lock, Thread

import pytest

from tests.site.house import serving
from tests.site.phones import phones, stored

LOST = REPEATED = 0.1
LONGEST_DELAY = 0.2


class Network:
    """Stands between phones and a house; chance comes from a seed, the order from the threads."""

    def __init__(self, port, seed):
        self.port = port
        self.rng, self.lock = Random(seed), Lock()
        self.happened = {"request lost": 0, "reply lost": 0, "repeated": 0, "passed": 0}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.address = self.listener.getsockname()[1]
        self.late = []

    def carry(self):
        """Carry everything until the network is switched off."""
        with ThreadPoolExecutor(64) as carriers:
            while True:
                try:
                    phone, _ = self.listener.accept()
                except OSError:
                    return
                carriers.submit(self.carry_one, phone)

    def carry_one(self, phone):
        """Carry one request and its reply, or not."""
        with phone:
            fate, delay = self.draw()
            request = whole_request(phone)
            time.sleep(delay)
            if fate == "request lost":
                return
            reply = self.ask(request)
            if fate == "repeated":
                # Again, behind the phone's back and behind whatever it does next.
                late = Thread(target=self.ask, args=(request, LONGEST_DELAY - delay))
                late.start()
                self.late.append(late)
            if fate != "reply lost":
                phone.sendall(reply)

    def draw(self):
        """Return what becomes of the next request, and how long it travels."""
        with self.lock:
            number = self.rng.random()
            fates = ("request lost", LOST), ("reply lost", 2 * LOST), ("repeated", 0.2 + REPEATED)
            fate = next((name for name, below in fates if number < below), "passed")
            self.happened[fate] += 1
            return fate, self.rng.uniform(0, LONGEST_DELAY)

    def ask(self, request, delay=0):
        """Hand a request to the house; return its reply."""
        time.sleep(delay)
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as house:
            house.sendall(request)
            return b"".join(iter(lambda: house.recv(65536), b""))


def whole_request(phone):
    """Return the bytes of one request."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += phone.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        more = phone.recv(65536)
        request, body = request + more, body + more
    return request


@contextmanager
def network_before(port, seed):
    """Give a network that leads to this port; wait for all that is still under way in it."""
    network = Network(port, seed)
    carrying = Thread(target=network.carry)
    carrying.start()
    try:
        yield network
    finally:
        network.listener.shutdown(socket.SHUT_RDWR)
        network.listener.close()
        carrying.join()
        for one in network.late:
            one.join()


def send_until_recorded(phone, port):
    """Try as a patient person does; return how often."""
    for tried in range(1, 30):
        if phone.send(port):
            return tried
    return 0


@pytest.mark.parametrize("people", [40, pytest.param(500, marks=pytest.mark.soak)])
def test_everybody_is_heard_exactly_once_through_a_network_that_is_not_to_be_trusted(
    folder, people
):
    everybody = phones(folder, people, Random(people))

    with (
        serving(folder) as (_, port),
        network_before(port, seed=people) as network,
        ThreadPoolExecutor(24) as at_once,
    ):
        tries = list(at_once.map(lambda one: send_until_recorded(one, network.address), everybody))

    assert all(tries)
    assert all(network.happened.values()), network.happened
    assert sum(tries) == sum(network.happened.values())
    voices, used = stored(folder)
    assert voices == {one.key: one.answers for one in everybody}
    assert used == len(everybody)
