"""The columns of the tables of an Open Dental database, read from `opendental_columns.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OLD = "21.1.8.0"
NEW = "24.3.10.0"


@dataclass(frozen=True)
class Column:
    """A column as a database of one version of Open Dental has it."""

    table: str
    name: str
    type: str
    nullable: bool
    default: str
    primary: bool
    indexed: bool

    @property
    def ddl(self) -> str:
        """The column's definition in a CREATE TABLE of MySQL."""
        words = [f"`{self.name}`", self.type, "NULL" if self.nullable else "NOT NULL"]
        if self.primary:
            words.append("AUTO_INCREMENT PRIMARY KEY")
        elif self.default != "(none)":
            words.append(f"DEFAULT {self.default}")
        return " ".join(words)


@cache
def columns(version: str) -> dict[str, tuple[Column, ...]]:
    """Return the columns of each table that a database of this version has."""
    found: dict[str, list[Column]] = {}
    with Path(__file__).with_name("opendental_columns.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["since"] == "21.1 or older" or _numbers(row["since"]) <= _numbers(version):
                found.setdefault(row["table"], []).append(_column(row, version))
    return {table: tuple(members) for table, members in found.items()}


def ddl(table: str, members: tuple[Column, ...], engine: str) -> str:
    """Return a CREATE TABLE of MySQL."""
    parts = [member.ddl for member in members]
    parts += [f"INDEX `{member.name}` (`{member.name}`)" for member in members if member.indexed]
    return f"CREATE TABLE `{table}` ({', '.join(parts)}) ENGINE={engine} DEFAULT CHARSET=utf8"


def _column(row: dict[str, str], version: str) -> Column:
    type_ = row["type"]
    if version == NEW and row["note"]:
        # `smallint from 24.3.1 on` and `text in 24.x`.
        type_ = row["note"].split(" ")[0]
    return Column(
        table=row["table"],
        name=row["column"],
        type=type_,
        nullable=row["nullable"] == "YES",
        default="(none)" if type_ == "text" else row["default"],
        primary=row["key"] == "PRI",
        indexed=row["key"] == "MUL",
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
