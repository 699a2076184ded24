"""Real houses for tests: a folder, an environment, and the product's own commands."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

COMMAND = Path(sys.executable).parent / "understream"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
LONG = 40
"""Seconds that a busy machine may take for what takes one."""


def environment_of(folder, **settings):
    """Return an environment with nothing of the tests' own but what is named."""
    own = {name: value for name, value in os.environ.items() if name in KEPT}
    return {**own, "UNDERSTREAM_DATA": str(folder), **settings}


def run(folder, *arguments, **settings):
    """Run a command to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment_of(folder, **settings),
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def serving(folder, *, command=COMMAND, port=0, **settings):
    """Serve a prepared folder; give the process and its port."""
    port = port or free_port()
    with subprocess.Popen(
        [command, "serve"],
        env=environment_of(folder, PORT=str(port), **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            assert line == f"ready: http://127.0.0.1:{port}/\n", process.stderr.read()
            yield process, port
        finally:
            if process.poll() is None:
                process.kill()


def stop(process, number=signal.SIGTERM):
    """Send a signal; return the exit code and how many seconds it took."""
    began = time.monotonic()
    process.send_signal(number)
    code = process.wait(LONG)
    return code, time.monotonic() - began


def get(port, path, method="GET", body=None, headers=None):
    """Return status, headers (names in small letters) and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return (
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(),
        )
    finally:
        connection.close()
