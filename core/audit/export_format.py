"""The formats of an export, whose contents are harmless to spreadsheets and terminals."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence

JSON_SUFFIX = ".jsonl"
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
    "practice",
    "database",
    "stored_time",
    "log_source_number",
    "definition",
    "definition_error",
    "text_masked",
    "stored_hashes",
    "computed_hash",
)
"""The columns of a CSV file, and the names in each JSON object."""


def csv_lines(rows: Sequence[Sequence[str | int]]) -> str:
    """Format rows, whose values are in the order of `COLUMNS`, as CSV.

    Control characters are escaped. What a spreadsheet would take for a formula gets an apostrophe before it, also if
    the spreadsheet splits the lines at semicolons instead of commas.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def json_lines(rows: Sequence[Sequence[str | int]]) -> str:
    """Format rows, whose values are in the order of `COLUMNS`, as one JSON object per line, in ASCII."""
    return "".join(
        json.dumps({name: json_value(value) for name, value in zip(COLUMNS, row, strict=True)}) + "\n" for row in rows
    )


def json_value(value: str | int) -> str | int:
    """Return a number as text if it is beyond 2^53, where JavaScript, jq and many others would round it."""
    return str(value) if isinstance(value, int) and abs(value) > _MAX_EXACT else value


def _cell(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    printable = "".join(each if each.isprintable() or each == "\n" else _escape(each) for each in value)
    return _FORMULA.sub(r"\1'", printable)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


# Readers that split at semicolons don't see the quotes around a cell, so a new cell, or a new line, may begin inside.
# The apostrophe comes first in a cell; inside a text it comes right before the formula.
_FORMULA = re.compile(r"(\A(?=\s*[=+\-@＝＋－＠])|[;\n][\s\"']*(?=[=+\-@＝＋－＠]))")
_MAX_EXACT = 2**53 - 1
