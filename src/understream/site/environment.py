"""Read settings from the environment, each by a small reader that refuses nonsense.

A reader that cannot use a value notes a sentence, so that whoever starts the house reads all that
is wrong at once: `settle` then refuses. What lies in a file is read by ``NAME_FILE``.
"""

import os
import secrets
import stat
from collections.abc import Collection, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET: Final = 32
"""Characters; Django's own warning begins at 50, which what we generate has."""
PRIVATE: Final = 0o700
OTHERS: Final = 0o077
YES: Final = frozenset({"1", "true", "yes", "on"})
NO: Final = frozenset({"", "0", "false", "no", "off"})


class Unusable(ImproperlyConfigured):
    """Settings that cannot be used; every sentence names its setting.

    :param faults: one sentence a fault.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        """Keep the faults."""
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


FAULTS: Final[list[str]] = []
"""What the readers could not use so far."""

KNOWN: Final[set[str]] = set()
"""Every setting that was asked for; the documentation is held against it."""


def settle() -> None:
    """Go on if everything could be used.

    :raises Unusable: with all sentences noted so far, which are then forgotten.
    """
    faults = tuple(FAULTS)
    FAULTS.clear()
    if faults:
        raise Unusable(faults)


def refuse(sentence: str) -> None:
    """Note what cannot be used; the sentence begins with the setting's name."""
    FAULTS.append(sentence)


def text(name: str, default: str = "") -> str:
    """Return a setting as it stands, without white space around it."""
    KNOWN.add(name)
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """Return whether a setting is switched on: 1, true, yes or on; 0, false, no or off."""
    value = text(name, "1" if default else "0").lower()
    if value not in YES | NO:
        refuse(f"{name} is {value!r}; say 1 for yes or 0 for no.")
    return value in YES


def number(name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number between two bounds, both included."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        refuse(f"{name} is {value!r}; it must be a whole number from {least} to {most}.")
        return default
    return int(value)


def choice(name: str, default: str, choices: Collection[str]) -> str:
    """Return one of some words; capitals do not matter."""
    value = text(name, default)
    found = [one for one in choices if one.lower() == value.lower()]
    if not found:
        refuse(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
        return default
    return found[0]


def secret(name: str) -> str:
    """Return a setting that may lie in a file named by ``NAME_FILE``; empty if there is none."""
    given, path = text(name), text(f"{name}_FILE")
    if given and path:
        refuse(f"{name} and {name}_FILE are both set; keep one of them.")
    if not path:
        return given
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        refuse(f"{name}_FILE names {path}, which cannot be read ({type(fault).__name__}).")
        return given


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return the words of a list that is separated by commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default)


def address(name: str, default: str) -> str:
    """Return the address under which people reach the house, without a slash at its end."""
    value = text(name, default)
    parts = _split(value.rstrip("/"))
    fits = (
        parts is not None
        and parts.scheme in ("http", "https")
        and parts.hostname
        and not (parts.path or parts.query or parts.fragment or parts.username)
    )
    if not fits:
        refuse(f"{name} is {value!r}; it must look like https://understream.example.org.")
        return default
    return value.rstrip("/")


def data_folder(name: str, default: Path) -> Path:
    """Return the folder of everything that is kept; make it, for nobody else to read.

    An existing folder that others can read is closed to them, or noted if that fails.
    """
    folder = Path(text(name, str(default))).expanduser().absolute()
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as fault:
        refuse(f"{name} is {folder}, which cannot be made ({type(fault).__name__}).")
        return folder
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & OTHERS:
        try:
            folder.chmod(PRIVATE)
        except OSError:
            refuse(f"{name} is {folder}, which others can read, and that cannot be changed here.")
    elif not os.access(folder, os.W_OK | os.X_OK):
        refuse(f"{name} is {folder}, in which this program may not write.")
    return folder


def kept_secret(name: str, folder: Path) -> str:
    """Return the server's secret: as given, else generated once into the data folder."""
    given = secret(name)
    if given:
        if len(given) < SHORTEST_SECRET:
            refuse(
                f"{name} has {len(given)} characters; it must have {SHORTEST_SECRET} or more, "
                "or be left out, so that one is generated."
            )
        return given
    path = folder / "secret"
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        path.chmod(0o600)
    except OSError as fault:
        refuse(f"{name} is not set and {path} cannot be written ({type(fault).__name__}).")
        return ""
    kept = path.read_text(encoding="utf-8").strip()
    if len(kept) < SHORTEST_SECRET:
        refuse(
            f"{name}: {path} holds fewer than {SHORTEST_SECRET} characters; put back what "
            "stood there, or remove the file to start with a new secret."
        )
    return kept


def database(name: str, folder: Path) -> dict[str, Any]:
    """Return Django's description of the database: PostgreSQL by its address, else SQLite.

    SQLite's promises can be asked for differently here; the server then refuses to start.
    """
    synchronous = choice(
        "UNDERSTREAM_SQLITE_SYNCHRONOUS", "FULL", ("OFF", "NORMAL", "FULL", "EXTRA")
    )
    journal = choice("UNDERSTREAM_SQLITE_JOURNAL", "WAL", ("WAL", "DELETE", "MEMORY", "OFF"))
    deletion = choice("UNDERSTREAM_SQLITE_SECURE_DELETE", "ON", ("ON", "OFF", "FAST"))
    url = secret(name)
    if url:
        return _postgresql(name, url)
    pragmas = (
        f"journal_mode={journal}",
        f"synchronous={synchronous}",
        f"secure_delete={deletion}",
        "foreign_keys=ON",
    )
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "understream.sqlite3",
        # One connection a thread, kept: opening one costs more than a small page.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
        },
    }


def mail(name: str) -> dict[str, Any]:
    """Return Django's settings of mail: an SMTP server by its address, or the console.

    ``smtps`` speaks TLS from the start, ``smtp`` switches to it, ``smtp+plain`` never does.
    """
    value = secret(name) or "console"
    kept = {
        "console": "django.core.mail.backends.console.EmailBackend",
        "demo": "understream.web.door.mailbox.Backend",
    }
    if value in kept:
        return {"EMAIL_BACKEND": kept[value]}
    parts = _split(value)
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts is None or parts.scheme not in ports or not parts.hostname:
        refuse(f"{name} must be console, or look like smtps://name:password@mail.example.org.")
        return {"EMAIL_BACKEND": kept["console"]}
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_TIMEOUT": 20,
    }


def redis(name: str) -> str:
    """Return the address of a Redis or Valkey server that tells processes of changes.

    Nothing anybody said ever goes there; "" leaves it to the database.
    """
    value = secret(name)
    if not value:
        return ""
    parts = _split(value.replace("valkey", "redis", 1) if value.startswith("valkey") else value)
    if parts is None or parts.scheme not in ("redis", "rediss", "unix"):
        refuse(f"{name} must look like redis://:password@host:6379/0.")
        return ""
    return parts.geturl()


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def in_brackets(host: str) -> str:
    """Return a host as it stands in an address: version 6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _postgresql(name: str, url: str) -> dict[str, Any]:
    parts = _split(url)
    if parts is None or parts.scheme not in ("postgres", "postgresql") or len(parts.path) < 2:  # noqa: PLR2004 - a slash and a letter
        refuse(f"{name} must look like postgres://name:password@host:5432/database.")
        return {"ENGINE": "django.db.backends.dummy"}
    asked = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": asked.pop("host", parts.hostname or ""),
        "PORT": asked.pop("port", str(parts.port or "")),
        "OPTIONS": {
            "connect_timeout": 5,
            # Eight threads of pages, the ticker, and a few to spare.
            "pool": {"min_size": 1, "max_size": 12, "timeout": 10},
            **asked,
        },
    }


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is no number shows here
    except ValueError:
        return None
    return parts


def _write_once(path: Path, words: str) -> None:
    """Write a file that is whole or not there, even if the power fails; the first to come wins."""
    draft = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
    with open(draft, "x", encoding="utf-8", opener=_only_mine) as file:
        file.write(words)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _only_mine(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
