"""Agendas of workshops that come with the product: steps as data, with both languages together.

An agenda is a TOML file in ``agendas/``: a code, a title and a purpose in English and Dutch, and
its steps in order. A step names its kind, its minutes, and its texts; ``source`` is the code of
the earlier step whose answers or themes it works with; what is not in the short form says
``long_only``.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from understream.instruments.reader import LANGUAGES, SILENT, Text

#: The agendas that come with the product, in the order in which they are offered.
_BUILTIN: Final = ("building_trust", "one_question")

KINDS: Final = (
    "prompt", "pairs", "themes", "vote", "scale", "spotlight", "rehearsal", "takeouts",
)  # fmt: skip
IDENTITIES: Final = ("named", "party-labelled", "confidential")
_TEXTS: Final = ("title", "prompt", "hint", "note", "card")
_FIELDS: Final = frozenset(
    {*_TEXTS, "code", "kind", "identity", "minutes", "columns", "choices", "most", "points",
     "ranking", "asks_context", "promises", "reveals", "moderated", "source", "long_only"}
)  # fmt: skip
LONGEST: Final = 480
"""Minutes that a step may be planned for at most."""


class AgendaError(ValueError):
    """A file is no agenda; the message says where."""


@dataclass(frozen=True, slots=True)
class AgendaStep:
    """One step, as a workshop takes it over.

    :ivar columns: what the fields of an answer are called; without any there is one.
    :ivar most: how many answers one person gives to each field, or dots to a vote.
    :ivar source: code of an earlier step, "" for none.
    """

    code: str
    kind: str
    title: Text
    prompt: Text
    hint: Text = SILENT
    note: Text = SILENT
    card: Text = SILENT
    identity: str = "party-labelled"
    minutes: int = 10
    columns: tuple[Text, ...] = ()
    choices: tuple[Text, ...] = ()
    most: int = 1
    points: int = 7
    ranking: bool = False
    asks_context: bool = False
    promises: bool = False
    reveals: bool = False
    moderated: bool = False
    source: str = ""
    long_only: bool = False


@dataclass(frozen=True, slots=True)
class Agenda:
    """The steps of a workshop, in order."""

    code: str
    title: Text
    purpose: Text
    steps: tuple[AgendaStep, ...]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(step.minutes for step in self.steps)

    def short(self) -> "Agenda":
        """Return the agenda without the steps that only the long form has."""
        kept = tuple(step for step in self.steps if not step.long_only)
        return replace(self, steps=kept)


def builtin() -> tuple[str, ...]:
    """Return the codes of the agendas that come with the product."""
    return _BUILTIN


@cache
def load(code: str) -> Agenda:
    """Return an agenda that comes with the product; read once a process.

    :raises KeyError: if there is no such agenda.
    :raises AgendaError: if its file was damaged.
    """
    if code not in _BUILTIN:
        raise KeyError(code)
    return read(files(__package__).joinpath(f"agendas/{code}.toml").read_text(encoding="utf-8"))


def read(content: str) -> Agenda:
    """Read an agenda from the text of its file.

    :raises AgendaError: with the place of the first fault.
    """
    try:
        told = tomllib.loads(content)
    except tomllib.TOMLDecodeError as fault:
        raise AgendaError(f"the file is no TOML: {fault}") from None
    steps: list[AgendaStep] = []
    for number, one in enumerate(told.get("steps", ()), start=1):
        steps.append(_step(one, f"step {number}", {step.code for step in steps}))
    if not steps:
        raise AgendaError("an agenda has a step or more")
    return Agenda(
        str(told.get("code", "")), _text(told, "title", "the agenda"),
        _text(told, "purpose", "the agenda"), tuple(steps),
    )  # fmt: skip


def _step(one: Mapping[str, Any], where: str, earlier: set[str]) -> AgendaStep:
    unknown = set(one) - _FIELDS
    if unknown:
        raise AgendaError(f"{where}: nothing is called {', '.join(sorted(unknown))}")
    plain = {
        name: value for name, value in one.items() if name not in (*_TEXTS, "columns", "choices")
    }
    texts: dict[str, Any] = {name: _text(one, name, where) for name in _TEXTS if name in one}
    if "title" not in texts or "prompt" not in texts:
        raise AgendaError(f"{where}: a title and a prompt are needed")
    step = AgendaStep(
        **plain,
        **texts,
        columns=tuple(_both(text, where) for text in one.get("columns", ())),
        choices=tuple(_both(text, where) for text in one.get("choices", ())),
    )
    if step.kind not in KINDS:
        raise AgendaError(f"{where}: {step.kind!r} is no kind of step")
    if step.identity not in IDENTITIES:
        raise AgendaError(f"{where}: {step.identity!r} is no identity")
    if not 0 <= step.minutes <= LONGEST:
        raise AgendaError(f"{where}: a step takes 0 to {LONGEST} minutes")
    if step.source and step.source not in earlier:
        raise AgendaError(f"{where}: no earlier step is called {step.source!r}")
    if not step.code or step.code in earlier:
        raise AgendaError(f"{where}: a step needs a code of its own")
    return step


def _text(told: Mapping[str, Any], name: str, where: str) -> Text:
    return _both(told.get(name, {}), f"{where}: {name}")


def _both(told: object, where: str) -> Text:
    if not isinstance(told, dict) or set(told) != set(LANGUAGES) or not all(told.values()):
        raise AgendaError(f"{where}: words are needed in English and in Dutch")
    return Text(en=" ".join(told["en"].split()), nl=" ".join(told["nl"].split()))
