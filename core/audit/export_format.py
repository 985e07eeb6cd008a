"""The formats of an export, whose contents are harmless to spreadsheets and terminals."""

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
"""The columns of a CSV file, and the names in each JSON object."""


def csv_lines(rows: Sequence[Sequence[str | int]]) -> str:
    """Format rows, whose values are in the order of `COLUMNS`, as CSV.

    Control characters are escaped, and a text that a spreadsheet would take for a formula gets a leading quote.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def json_lines(rows: Sequence[Sequence[str | int]]) -> str:
    """Format rows, whose values are in the order of `COLUMNS`, as one JSON object per line, in ASCII."""
    return "".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows)


def _cell(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    printable = "".join(each if each.isprintable() or each == "\n" else _escape(each) for each in value)
    return f"'{printable}" if _FORMULA.match(printable) else printable


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠]")
