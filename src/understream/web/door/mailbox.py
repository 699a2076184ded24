"""The demo's mail: printed to the console, and kept as files that the demo's page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend

from understream.web import clock

PAGE = 40
_NUMBER = count()


@dataclass(frozen=True, slots=True)
class Kept:
    """One letter that was kept instead of sent."""

    key: str
    to: str
    subject: str
    body: str


class Backend(EmailBackend):
    """Print every letter, and keep each as a file in ``<data>/demo-mail``."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the letters and print them.

        :returns: how many there were.
        """
        box = _box()
        box.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{clock.now():%Y%m%dT%H%M%S%f}-{next(_NUMBER):06d}.txt"
            lines = (", ".join(message.to), " ".join(message.subject.split()), str(message.body))
            (box / name).write_text("\n".join(lines), encoding="utf-8")
        return super().send_messages(email_messages) or 0


def letters(*, to: str = "", page: int = 1) -> tuple[tuple[Kept, ...], bool]:
    """Return one page of letters, the newest first, and whether there are older ones.

    :param to: a part of the mail address they went to; "" for any.
    :param page: 1 for the newest.
    """
    names = sorted((path.name for path in _box().glob("*.txt")), reverse=True)
    kept = (letter(name.removesuffix(".txt")) for name in names)
    wanted = (one for one in kept if one and to.casefold() in one.to.casefold())
    first = (page - 1) * PAGE
    found = tuple(islice(wanted, first, first + PAGE + 1))
    return found[:PAGE], len(found) > PAGE


def letter(key: str) -> Kept | None:
    """Return one letter by its key; ``None`` for one that is not there."""
    if not key.replace("T", "").replace("-", "").isdigit():
        return None
    path = _box() / f"{key}.txt"
    if not path.is_file():
        return None
    to, subject, body = path.read_text(encoding="utf-8").split("\n", 2)
    return Kept(key, to, subject, body)


def _box() -> Path:
    return Path(settings.DATA) / "demo-mail"
