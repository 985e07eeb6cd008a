"""Lines of an export, harmless to spreadsheets and terminals."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence

COLUMNS = (
    "number",
    "time",
    "user_number",
    "user",
    "permission_number",
    "permission",
    "computer",
    "text",
    "log_source",
    "patient_number",
    "last_edit",
    "hash",
)
"""The columns of a CSV file, and the names in a line of JSON."""


def csv_lines(rows: Sequence[Sequence[str | int]]) -> str:
    """Rows as CSV, in the order of `COLUMNS`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: str | int) -> str | int:
    """A cell that a spreadsheet takes for a text, and a terminal too."""
    if isinstance(value, int):
        return value
    harmless = "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in value)
    return f"'{harmless}" if _FORMULA.match(harmless) else harmless


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def json_lines(rows: Sequence[Sequence[str | int]]) -> str:
    """Rows as one JSON object a line; every character beyond ASCII is escaped."""
    return "".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows)


_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠]")
