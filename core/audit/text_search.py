"""The condition that a text column contains a text, whatever its character set."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Dialect, cast


def contains(dialect: Dialect, column: Column[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text, in upper or lower case."""
    if dialect.name != "sqlite" and not text.isascii():
        from sqlalchemy.dialects import mysql

        # Columns with an old character set can't hold every character, and comparing them with one that they can't
        # hold is an error.
        return cast(column, mysql.CHAR(charset="utf8mb4")).contains(text, autoescape=True)
    return column.contains(text, autoescape=True)
