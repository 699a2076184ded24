"""Read the catalogue of translations, and collect the sentences of the code, without gettext."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

HOUSE = Path(__file__).parents[1] / "src" / "understream"
CATALOGUE = HOUSE / "locale" / "nl" / "LC_MESSAGES" / "django.po"

Key = tuple[str, str, str]
"""Context, sentence and plural, "" where there is none."""

PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
BOTH = {"npgettext", "npgettext_lazy"}
MARKS = PLAIN | PLURAL | CONTEXT | BOTH
"""What marks a sentence in a module."""
TEXT = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CALL = re.compile(rf"\b(?:_|n?p?gettext)\((?:\s*(?:{TEXT}|count)\s*,?)+\)", re.DOTALL)


@dataclass
class Entry:
    """One sentence of the catalogue with its Dutch."""

    key: Key
    dutch: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)

    @property
    def english(self) -> list[str]:
        """Return the sentence, and its plural if it has one."""
        return [text for text in self.key[1:] if text]


def read_catalogue(path: Path = CATALOGUE) -> list[Entry]:
    """Return every entry but the head, in the order in which they stand."""
    entries = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        flags = {
            flag.strip()
            for line in re.findall(r"^#,(.*)$", block, re.MULTILINE)
            for flag in line.split(",")
        }
        if "#~" in block:
            flags.add("obsolete")
        texts = {
            name: "".join(ast.literal_eval(part) for part in re.findall(r'".*"', quoted))
            for name, quoted in re.findall(
                r'^(?:#~ )?(msg\w+(?:\[\d\])?) ((?:(?:#~ )?".*"\n?)+)', block, re.MULTILINE
            )
        }
        if not texts.get("msgid"):
            continue
        key = (texts.get("msgctxt", ""), texts["msgid"], texts.get("msgid_plural", ""))
        dutch = [text for name, text in texts.items() if name.startswith("msgstr")]
        entries.append(Entry(key, dutch, flags))
    return entries


def sentences_of(path: Path) -> set[Key]:
    """Return what a module or a template gives to be translated."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        tree = ast.parse(source)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        return {key for call in calls if (key := _key(call))}
    found = (match.group() for match in CALL.finditer(templatize(source)))
    calls = [ast.parse(call, mode="eval").body for call in found]
    return {key for call in calls if isinstance(call, ast.Call) and (key := _key(call))}


def sentences() -> set[Key]:
    """Return what the whole house gives to be translated."""
    return {key for path in (*modules(), *templates()) for key in sentences_of(path)}


def modules() -> list[Path]:
    """Return every module of the product."""
    return sorted(HOUSE.rglob("*.py"))


def templates() -> list[Path]:
    """Return every template of a page or a letter."""
    web = HOUSE / "web"
    found = [*web.rglob("*.html"), *web.rglob("*.txt")]
    return sorted(path for path in found if "static" not in path.parts)


def name_of(call: ast.Call) -> str:
    """Return the name of the function that is called."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _key(call: ast.Call) -> Key | None:
    name = name_of(call)
    texts = [
        part.value
        for part in call.args
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    if name in PLAIN and len(texts) == 1:
        return ("", texts[0], "")
    if name in PLURAL and len(texts) == 2:
        return ("", texts[0], texts[1])
    if name in CONTEXT and len(texts) == 2:
        return (texts[0], texts[1], "")
    if name in BOTH and len(texts) == 3:
        return (texts[0], texts[1], texts[2])
    return None
