import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.site.house import environment_of, get, run, serving, stop

LIMIT = 4 * 1024 * 1024
POSTGRESQL = os.environ.get("UNDERSTREAM_TEST_DATABASE", "")


def test_a_page_and_a_style_sheet_are_served_with_the_guarding_headers(port):
    status, headers, body = get(port, "/")
    sheet = re.search(rb'href="(/static/css/[^"]+)"', body)[1].decode()
    sheet_status, sheet_headers, _ = get(port, sheet)

    assert (status, sheet_status) == (200, 200)
    assert re.fullmatch(r"/static/css/understream\.[0-9a-f]{12}\.css", sheet)
    assert "immutable" in sheet_headers["cache-control"]
    for told in (headers, sheet_headers):
        assert told["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in told["content-security-policy"]
        assert "server" not in told


def test_the_live_address_says_when_the_process_is_ready(port):
    assert get(port, "/live/ready")[::2] == (200, b"ready\n")
    assert get(port, "/live/other")[0] == 404


def stopped(folder, number):
    """Stop a house before which one waits idly and another is halfway; return code and seconds."""
    with (
        serving(folder) as (process, port),
        socket.create_connection(("127.0.0.1", port)) as idle,
        socket.create_connection(("127.0.0.1", port)) as halfway,
    ):
        idle.sendall(b"GET /live/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        halfway.sendall(
            b"POST /language/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"
        )
        time.sleep(0.2)
        return stop(process, number)


def test_a_signal_stops_it_cleanly_within_five_seconds(folder, tmp_path):
    """Two houses at once, as both wait for who is halfway."""
    houses = folder, shutil.copytree(folder, tmp_path / "other")
    with ThreadPoolExecutor(2) as at_once:
        told = list(at_once.map(stopped, houses, (signal.SIGTERM, signal.SIGINT)))

    assert [code for code, _ in told] == [0, 0]
    assert max(seconds for _, seconds in told) < 5


def test_an_idle_process_stops_at_once(folder):
    with serving(folder) as (process, _):
        code, seconds = stop(process)

    assert code == 0
    assert seconds < 2


def test_a_taken_port_is_told_in_a_sentence(folder, port):
    second = run(folder, "serve", PORT=str(port))

    assert second.returncode == 2
    assert second.stderr == (
        f"understream serve: PORT {port} is taken by another program; set PORT to another.\n"
    )


def test_senders_who_never_finish_keep_nobody_waiting(port):
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
    for one in slow:
        one.sendall(
            b"POST /language/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\na"
        )

    began = time.monotonic()
    status = get(port, "/healthz")[0]
    seconds = time.monotonic() - began
    for one in slow:
        one.close()

    assert status == 200
    assert seconds < 2


def test_a_body_beyond_the_limit_is_refused_and_not_kept(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sender:
        sender.sendall(b"POST /language/ HTTP/1.1\r\nHost: localhost\r\n")
        sender.sendall(f"Content-Length: {LIMIT + 1}\r\n\r\n".encode())
        sender.sendall(b"a" * (LIMIT + 1))
        answer = sender.recv(1000)

    assert answer.startswith(b"HTTP/1.1 413")
    assert get(port, "/healthz")[0] == 200


def test_a_body_sent_in_chunks_arrives_whole(port):
    page = get(port, "/")
    cookie = page[1]["set-cookie"].partition(";")[0]
    mark = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page[2])[1].decode()
    form = f"csrfmiddlewaretoken={mark}&language=nl".encode()
    status, headers, _ = get(
        port,
        "/language/",
        "POST",
        body=iter([form[:20], form[20:]]),
        headers={"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"},
    )

    assert status == 302
    assert "language=nl" in headers["set-cookie"]


def test_a_header_with_an_underscore_cannot_pass_for_one_with_a_dash(port):
    with socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept_Language: nl\r\n")
        sender.sendall(b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sender.recv(65536), b""))

    assert b"content-language: en" in answer.lower()


def test_an_unknown_host_name_is_not_served(port):
    assert get(port, "/", headers={"Host": "evil.example"})[0] == 400


def test_a_visitor_cannot_choose_an_address_without_a_trusted_proxy(folder):
    told = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}
    with serving(folder) as (_, port):
        plain = get(port, "/", headers=told)[1]
    with serving(folder, UNDERSTREAM_PROXY="127.0.0.1") as (_, port):
        believed = get(port, "/", headers=told)[1]

    assert "strict-transport-security" not in plain
    assert "strict-transport-security" in believed


def test_over_https_cookies_belong_to_this_host_alone(folder):
    address = {"UNDERSTREAM_URL": "https://house.example", "UNDERSTREAM_PROXY": "127.0.0.1"}
    with serving(folder, **address) as (_, port):
        told = {"Host": "house.example", "X-Forwarded-Proto": "https"}
        cookie = get(port, "/", headers=told)[1]["set-cookie"]

    assert cookie.startswith("__Host-csrf=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_many_visitors_at_once_leave_no_connection_to_the_database_behind(folder):
    database = str(folder / "understream.sqlite3")
    with serving(folder) as (process, port):
        with ThreadPoolExecutor(30) as visitors:
            answers = list(visitors.map(lambda _: get(port, "/readyz")[0], range(120)))
        links = Path(f"/proc/{process.pid}/fd").iterdir()
        opened = [link for link in links if link.exists() and str(link.readlink()) == database]

    assert answers == [200] * 120
    # Eight threads of pages, the ticker, and what watches for changes of workshops.
    assert len(opened) <= 10


def test_at_rest_it_takes_less_than_150_mb(folder):
    with serving(folder) as (process, port):
        get(port, "/")
        status = Path(f"/proc/{process.pid}/status").read_text()

    assert int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) < 150 * 1024


def test_what_people_do_leaves_no_trace_of_where(folder):
    with serving(folder) as (process, port):
        get(port, "/i/a-personal-link-of-somebody")
        get(port, "/", headers={"Host": "a-name-somebody-typed"})
        stop(process)
        told = process.stderr.read() + process.stdout.read()

    assert "personal" not in told
    assert "somebody" not in told


def test_readers_who_never_read_do_not_keep_it_from_stopping(folder):
    with serving(folder) as (process, port):
        page = get(port, "/")[2]
        sheet = re.search(rb'href="(/static/css/[^"]+)"', page)[1]
        wish = b"GET " + sheet + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        deaf = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for one in deaf:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(wish * 200)
        trickling = socket.create_connection(("127.0.0.1", port))
        trickling.sendall(b"GET / HT")
        time.sleep(0.5)

        code, seconds = stop(process)
        for one in (*deaf, trickling):
            one.close()

    assert code == 0
    assert seconds < 5


@pytest.mark.skipif(bool(POSTGRESQL), reason="about SQLite; runs on it")
def test_every_thread_of_a_real_process_has_a_connection_that_keeps_what_it_is_told(folder):
    code = """
import django
django.setup()
from threading import Thread
from django.db import connection
def tell():
    with connection.cursor() as cursor:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "busy_timeout")
        print(*(cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names))
for thread in [Thread(target=tell) for _ in range(3)]:
    thread.start()
    thread.join()
"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=environment_of(folder, DJANGO_SETTINGS_MODULE="understream.site.settings"),
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert told.splitlines() == ["wal 2 1 1 5000"] * 3


@pytest.mark.skipif(not POSTGRESQL, reason="needs PostgreSQL; runs on it")
def test_one_address_moves_the_whole_house_to_postgresql(tmp_path):
    with psycopg.connect(POSTGRESQL, autocommit=True) as server:
        name = f"house_{os.getpid()}"
        server.execute(f"CREATE DATABASE {name}")
        address = urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        try:
            prepared = run(tmp_path, "prepare", UNDERSTREAM_DATABASE_URL=address)
            assert prepared.returncode == 0, prepared.stderr
            with serving(tmp_path, UNDERSTREAM_DATABASE_URL=address) as (process, port):
                with ThreadPoolExecutor(30) as visitors:
                    answers = list(visitors.map(lambda _: get(port, "/readyz")[0], range(90)))
                counted = server.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name]
                )
                (connections,) = counted.fetchone()
                code, seconds = stop(process)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    assert answers == [200] * 90
    # Eight threads of pages, the ticker, and two by which processes tell of changes.
    assert connections <= 11
    assert (code, seconds < 5) == (0, True)
    assert not list(tmp_path.glob("*.sqlite3*"))
