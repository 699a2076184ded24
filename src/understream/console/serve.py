"""`understream serve`: one process that answers people and does what falls due."""

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Generator, Sequence
from typing import Final, Protocol

import uvicorn
from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

GRACE: Final = 3
"""Seconds that an answer under way gets after the signal to stop."""

SLACK: Final = 0.5
"""Seconds that threads get after that; what they do is in transactions."""

UNUSABLE: Final = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing, as settings say where.

    :param parser: the parser of this command alone.
    """
    parser.epilog = "HOST and PORT say where; docs/settings.md lists what else can be set."


def run(_options: argparse.Namespace) -> int:
    """Serve until a signal says stop.

    :returns: 0 after a clean stop, 2 if something must be set otherwise first.
    """
    return serve()


def serve() -> int:
    """Serve until SIGTERM or SIGINT; print the ready line when a page really answers.

    :returns: 0 after a clean stop, 2 if something must be set otherwise first.
    """
    faults = import_string(settings.UNDERSTREAM_PREFLIGHT)()
    connections.close_all()
    if faults:
        return _refuse(faults)
    try:
        listener = _listen(settings.HOST, settings.PORT)
    except OSError as fault:
        return _refuse([_why_not(fault)])
    application = import_string(settings.ASGI_APPLICATION.replace(":", "."))
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.UNDERSTREAM_PROXY),
        forwarded_allow_ips=settings.UNDERSTREAM_PROXY,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, application)
    with contextlib.suppress(SystemExit):  # uvicorn's way to say that it could not start
        server.run(sockets=[listener])
    if not server.answered:
        return UNUSABLE
    _end_of_threads()
    return 0


class _Live(Protocol):
    async def end(self) -> None: ...


class _Site(Protocol):
    live: _Live


class _Server(uvicorn.Server):
    """Say when people can come in; stop on a signal with exit code 0."""

    answered = False

    def __init__(self, config: uvicorn.Config, application: _Site) -> None:
        super().__init__(config)
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: uvicorn waits for answers under way, and a stream never ends."""
        await self._application.live.end()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        """Visit the house as a browser would, and tell when it answers."""
        line = await _status_of("/readyz")
        if b" 200 " in line:
            self.answered = True
            sys.stdout.write(f"ready: {_here()}/\n")
            sys.stdout.flush()
        else:
            sys.stderr.write("understream serve: the first page failed; the log says where.\n")
            self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on a signal, and do not raise it again behind the clean stop."""
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def _status_of(path: str) -> bytes:
    host = _reachable(settings.HOST)
    reader, writer = await asyncio.open_connection(host, settings.PORT)
    name = next((one for one in settings.ALLOWED_HOSTS if "*" not in one), "localhost")
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    line = await reader.readline()
    writer.close()
    return line


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _why_not(fault: OSError) -> str:
    place = f"{settings.HOST}, port {settings.PORT}"
    if isinstance(fault, socket.gaierror):
        return f"HOST is {settings.HOST}, which is no address of this machine."
    reasons = {
        "EADDRINUSE": f"PORT {settings.PORT} is taken by another program; set PORT to another.",
        "EACCES": f"PORT {settings.PORT} is reserved for the system; set PORT to 1024 or more.",
        "EADDRNOTAVAIL": f"HOST is {settings.HOST}, which is no address of this machine.",
    }
    code = _name_of(fault)
    return reasons.get(code, f"HOST and PORT: this machine refuses {place} ({code}).")


def _name_of(fault: OSError) -> str:
    return errno.errorcode.get(fault.errno or 0, type(fault).__name__)


def _refuse(sentences: Sequence[str]) -> int:
    for sentence in sentences:
        sys.stderr.write(f"understream serve: {sentence}\n")
    return UNUSABLE


def _reachable(host: str) -> str:
    """Return the address to visit when a server listens on all of this machine's."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host.strip("[]"))  # noqa: S104 - compared, not bound


def _here() -> str:
    host = _reachable(settings.HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


def _end_of_threads() -> None:
    """Give threads a moment; a request that hangs must not keep the process from ending."""
    others = [one for one in threading.enumerate() if one is not threading.current_thread()]
    for one in others:
        one.join(SLACK / len(others))
    if any(one.is_alive() and not one.daemon for one in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
