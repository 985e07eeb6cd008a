"""Text made to fit a column, visibly."""

from __future__ import annotations

import pytest

from core.database.column_text import fit_to_column, fit_to_length


@pytest.mark.parametrize(
    ("text", "character_set", "expected"),
    [
        ("José 🔑", "utf8mb4", "José 🔑"),
        ("José 🔑", "utf8mb3", "José \ufffd"),
        ("José 🔑", "utf8", "José \ufffd"),
        ("José — 日本", "latin1", "José — ??"),
        ("José", "ascii", "Jos?"),
        ("José", "", "Jos?"),
        ("José", "greek", "Jos?"),
        ("a\ud800b", "utf8mb4", "a?b"),
    ],
)
def test_a_character_that_cannot_stand_is_replaced(text: str, character_set: str, expected: str) -> None:
    assert fit_to_column(text, 100, character_set) == expected
    assert fit_to_length(text, 100, character_set) == expected


def test_a_text_that_just_fits_stays_whole() -> None:
    assert fit_to_column("é" * 10, 20, "utf8") == "é" * 10
    assert fit_to_length("é" * 10, 10, "utf8") == "é" * 10


def test_a_text_that_does_not_fit_says_so_and_no_character_is_halved() -> None:
    assert fit_to_column("é" * 20, 39, "utf8") == f"{'é' * 13} [shortened]"
    assert fit_to_length("é" * 21, 20, "utf8") == f"{'é' * 8} [shortened]"


def test_a_windows_character_survives_shortening() -> None:
    assert fit_to_column("€" * 30, 20, "latin1") == f"{'€' * 8} [shortened]"
