"""What came of a workshop as rows: for CSV and XLSX, every cell a text or a number."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

import xlsxwriter

from understream.domain.outcome import OutcomeCard, StepOutcome
from understream.domain.scene import AnswerCard

Cell = str | int | float
HEAD: Final = (
    "step", "kind", "title", "what", "theme", "text", "context", "organisation", "name",
    "points", "people", "for", "before",
)  # fmt: skip
RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""
LONGEST: Final = 32_767
"""Characters that one cell of a workbook holds."""


def rows_of(card: OutcomeCard, *, language: str) -> list[dict[str, Cell]]:
    """Return what came of a workshop, one line a thing said, counted or shown.

    :param language: of the texts of steps.
    :returns: rows with the columns of :data:`HEAD`.
    """
    rows: list[dict[str, Cell]] = []
    for one in card.steps:
        rows += _of_step(one, card.parties, language)
    for takeout in card.takeouts:
        rows.append(
            {
                "kind": "takeouts",
                "what": "will do" if takeout.will_do else "takes home",
                "text": takeout.text,
                "organisation": takeout.party.name if takeout.party else "",
                "name": takeout.name,
                "for": takeout.receiver_name,
                "before": takeout.before.isoformat() if takeout.before else "",
            }
        )
    return rows


def _of_step(one: StepOutcome, parties: Mapping[int, str], language: str) -> list[dict[str, Cell]]:
    step = one.step
    base: dict[str, Cell] = {
        "step": step.number,
        "kind": step.kind,
        "title": step.title.get(language, ""),
    }
    rows: list[dict[str, Cell]] = [
        {**base, "what": "prompt", "text": step.prompt.get(language, "")}
    ]
    if step.kind != "takeouts":
        rows += [{**base, **_said(answer, one, parties, language)} for answer in one.answers]
    for theme, answers in one.themes:
        rows.append({**base, "what": "theme", "theme": theme.name, "text": theme.paraphrase,
                     "people": len(theme.answers) if theme.shows else ""})  # fmt: skip
        rows += [
            {**base, **_said(answer, one, parties, language), "theme": theme.name}
            for answer in answers
        ]
    rows += [
        {**base, "what": "choice", "text": count.name.get(language, ""), "points": count.points,
         "people": count.people}
        for count in one.counts
    ]  # fmt: skip
    for line in one.lines:
        figure = line.figure
        shown = f"{figure['mean']} {figure['end']}".strip() if figure else "not shown"
        rows.append({**base, "what": "scale", "organisation": line.name or "all", "text": shown,
                     "people": line.n})  # fmt: skip
    rows += [
        {**base, "what": "scale", "name": mark.name, "points": mark.point or "cannot judge",
         "organisation": parties.get(mark.position, "")}
        for mark in one.marks
    ]  # fmt: skip
    rows += [
        {**base, "what": "spoke", "name": speaker.name, "text": speaker.text,
         "organisation": speaker.party.name if speaker.party else ""}
        for speaker in one.speakers
    ]  # fmt: skip
    return rows


def _said(
    answer: AnswerCard, one: StepOutcome, parties: Mapping[int, str], language: str
) -> dict[str, Cell]:
    columns = one.step.columns
    what = columns[answer.column].get(language, "") if answer.column < len(columns) else "answer"
    names = [party.name or parties.get(party.position, "") for party in answer.parties]
    return {
        "what": what,
        "text": answer.text,
        "context": answer.context,
        "organisation": ", ".join(names),
        "name": answer.name,
    }


def as_csv(rows: Iterable[Mapping[str, Cell]]) -> str:
    """Return rows as CSV, with a mark before what a spreadsheet would take for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for row in rows:
        writer.writerow([_harmless(row.get(name, "")) for name in HEAD])
    return out.getvalue()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(RISKY):
        return f"'{cell}"
    return cell


def as_xlsx(rows: Iterable[Mapping[str, Cell]], *, title: str) -> bytes:
    """Return rows as a workbook; texts are written as texts, so that nothing in them runs.

    :param title: of the workshop, on the first sheet's header row of properties.
    """
    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
             "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(out, plain) as book:
        book.set_properties({"title": title})
        sheet = book.add_worksheet("workshop")
        bold = book.add_format({"bold": True})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.write_row(0, 0, HEAD, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 4, 14, wrap)
        sheet.set_column(5, 5, 60, wrap)
        sheet.set_column(6, len(HEAD) - 1, 18, wrap)
        for at, row in enumerate(rows, start=1):
            for column, name in enumerate(HEAD):
                cell = row.get(name, "")
                if isinstance(cell, str):
                    sheet.write_string(at, column, cell[:LONGEST])
                else:
                    sheet.write_number(at, column, cell)
    return out.getvalue()
