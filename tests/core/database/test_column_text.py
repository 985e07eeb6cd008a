"""Text adapted to what a column can hold."""

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
def test_an_unrepresentable_character_is_replaced(text: str, character_set: str, expected: str) -> None:
    assert fit_to_column(text, 100, character_set) == expected
    assert fit_to_length(text, 100, character_set) == expected


def test_a_text_of_the_maximum_length_is_unchanged() -> None:
    assert fit_to_column("é" * 10, 20, "utf8") == "é" * 10
    assert fit_to_length("é" * 10, 10, "utf8") == "é" * 10


def test_a_longer_text_is_marked_as_shortened_and_no_character_is_split() -> None:
    assert fit_to_column("é" * 20, 39, "utf8") == f"{'é' * 13} [shortened]"
    assert fit_to_length("é" * 21, 20, "utf8") == f"{'é' * 8} [shortened]"


def test_a_windows_character_survives_shortening() -> None:
    assert fit_to_column("€" * 30, 20, "latin1") == f"{'€' * 8} [shortened]"
