"""Copying the content of a companion to another one, such as from a file to a database that a team shares.

What is there already stays: a row that differs is named as a conflict and not overwritten. So a copy can be repeated,
and several admins can copy their own files to the same database one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Column, Connection, CursorResult, Table, insert, select, update

from core.base.errors import CompanionUnavailable, OperationNotAllowed
from core.base.plural import count_of
from core.companion.key_vault import KeyVault
from core.companion.store import Companion
from core.companion.tables.fleet import FLEET_ANSWER, FLEET_RESULT, FLEET_RUN, FLEET_WRITER, JOINED_NAME
from core.companion.tables.headquarters import HEADQUARTERS_ANSWER, HEADQUARTERS_KEY
from core.companion.tables.journal import JOURNAL_ENTRY
from core.companion.tables.licenses import LICENSE_ACCEPTANCE, LICENSE_TEXT
from core.companion.tables.migrations import MIGRATION
from core.companion.tables.questions import QUESTION
from core.companion.tables.registry import ENCRYPTION, REGISTRY_KEY
from core.companion.tables.reviews import KEY_NOTE, REVIEW, REVIEW_ITEM
from core.companion.tables.seals import LAST_VERIFICATION, SEAL, SEALED_ENTRIES
from core.companion.tables.sign_in_failures import SIGN_IN_FAILURE
from core.companion.tables.use import FORMER_NAME, USE_DAY, USE_RANGE

_Values = dict[str, Any]
_SEALED = ("key_id", "sealed")

COPIED = (
    LICENSE_TEXT,
    LICENSE_ACCEPTANCE,
    REGISTRY_KEY,
    HEADQUARTERS_KEY,
    HEADQUARTERS_ANSWER,
    FORMER_NAME,
    USE_DAY,
    USE_RANGE,
    SIGN_IN_FAILURE,
    SEAL,
    SEALED_ENTRIES,
    LAST_VERIFICATION,
    KEY_NOTE,
    REVIEW,
    REVIEW_ITEM,
)
"""The tables whose rows are copied."""
NOT_COPIED = (
    MIGRATION,
    ENCRYPTION,
    QUESTION,
    JOURNAL_ENTRY,
    # What is known of all offices is in a file of its own, not in an office's companion.
    FLEET_ANSWER,
    FLEET_RUN,
    FLEET_RESULT,
    FLEET_WRITER,
    JOINED_NAME,
)
"""The tables whose rows every companion has for itself. The number of the last question is raised, if it is lower."""
_BATCH = 500
_ONE = {
    "license texts": "license text",
    "accepted agreements": "accepted agreement",
    "API keys of the local registry": "API key of the local registry",
    "BAA dates and licenses of keys at headquarters": "BAA date and license of a key at headquarters",
    "former names of developers": "former name of a developer",
    "days of developers' use": "day of developers' use",
    "names of developers whose use was read": "name of a developer whose use was read",
    "failed sign-ins": "failed sign-in",
    "seals": "seal",
    "lists of sealed entries": "list of sealed entries",
    "notes on keys": "note on a key",
    "reviews": "review",
    "keys in reviews": "key in a review",
}
"""The words for one row of a kind, where they aren't those for several."""


@dataclass
class CopyResult:
    """The result of a copy, or of a comparison that wrote nothing.

    Attributes:
        copied: The number of rows that were copied, or are missing, by what they are.
        present: The number of rows that were there already and are the same.
        conflicts: The rows that differ, one sentence each.
        kept: The rows that are there already with values of their own, which are as good: what headquarters answered
            last, what was read of developers' use, and failed sign-ins.
    """

    copied: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    present: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kept: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    conflicts: list[str] = field(default_factory=list)

    @staticmethod
    def count_of(number: int, what: str) -> str:
        """Return a number of rows with what they are."""
        return count_of(number, _ONE.get(what, what), what)

    @property
    def rows_copied(self) -> int:
        """The number of all rows that were copied, or are missing."""
        return sum(self.copied.values())


def copy_content(source: Companion, target: Companion) -> CopyResult:
    """Copy the content of a companion to another one in one transaction, and read all of it back.

    Args:
        source: The companion to copy.
        target: The companion to copy to, with its tables.

    Raises:
        OperationNotAllowed: The source has changes that were interrupted, or are being made.
        EncryptionKeyUnavailable: The target's encryption key isn't here.
        CompanionUnavailable: What was copied differs from what was read.
        PracticeUnavailable: A companion can't be read or written; nothing was copied.
    """
    with source.read() as reading:
        _refuse_interrupted_changes(reading)
        with target.write() as writing:
            result = _Copy(reading, writing, source.vault, target.vault, writes=True).run()
        with target.read() as written:
            missing = _Copy(reading, written, source.vault, target.vault, writes=False).run()
    if missing.rows_copied or missing.conflicts != result.conflicts:
        raise CompanionUnavailable(
            "The copy differs from the companion that was copied: a program changed one of them meanwhile.",
            "Close apisetup on all computers, and copy again.",
        )
    return result


def compare_content(source: Companion, target: Companion) -> CopyResult:
    """Return what `copy_content` would copy, without writing.

    Raises:
        OperationNotAllowed: The source has changes that were interrupted, or are being made.
        PracticeUnavailable: A companion can't be read.
    """
    with source.read() as reading, target.read() as written:
        _refuse_interrupted_changes(reading)
        return _Copy(reading, written, source.vault, target.vault, writes=False).run()


def _refuse_interrupted_changes(connection: Connection) -> None:
    if connection.scalar(select(JOURNAL_ENTRY.c.number).limit(1)) is not None:
        raise OperationNotAllowed(
            "The companion's journal has changes that were interrupted, or that another program is making now.",
            "Open the office once, so that they are settled, and close it. Then copy again.",
        )


class _Copy:
    """One pass over all rows of a companion.

    Args:
        source: Reads the companion to copy.
        target: Reads the other companion, and writes to it.
        vault: Decrypts the source's keys.
        target_vault: Encrypts them for the target.
        writes: False to count the missing rows only.
    """

    def __init__(
        self, source: Connection, target: Connection, vault: KeyVault, target_vault: KeyVault, *, writes: bool
    ) -> None:
        self._source = source
        self._target = target
        self._vault = vault
        self._target_vault = target_vault
        self._writes = writes
        self._result = CopyResult()

    def run(self) -> CopyResult:
        """Copy or compare all tables."""
        self._add_missing(LICENSE_TEXT, "license texts", lambda _row: "The text of a license agreement")
        licenses = self._add_acceptances()
        self._add_keys(licenses)
        self._add_missing(
            HEADQUARTERS_KEY,
            "BAA dates and licenses of keys at headquarters",
            lambda row: f"The key at headquarters with the fingerprint #{row['fingerprint'][:6]}",
            convert=lambda row: {**row, "license_number": licenses.get(row["license_number"])},
        )
        self._add_missing(FORMER_NAME, "former names of developers", lambda _row: "A former name")
        self._add_answer()
        self._add_use()
        self._add_unless_there(SIGN_IN_FAILURE, "failed sign-ins", SIGN_IN_FAILURE.c.user_num)
        self._add_missing(SEAL, "seals", lambda row: f"Seal {row['number']} of the Audit Trail")
        self._add_missing(
            SEALED_ENTRIES, "lists of sealed entries", lambda row: f"The list of entries of seal {row['number']}"
        )
        self._add_unless_there(LAST_VERIFICATION, "last verification", LAST_VERIFICATION.c.number)
        self._add_missing(KEY_NOTE, "notes on keys", lambda row: f"The note on the key #{row['fingerprint'][:6]}")
        self._add_reviews()
        return self._result

    def _add_missing(
        self,
        table: Table,
        what: str,
        describe: Callable[[_Values], str],
        convert: Callable[[_Values], _Values] = lambda row: row,
        ignored: Iterable[str] = (),
    ) -> None:
        """Add the rows that are missing, and name those that differ.

        Args:
            table: The table.
            what: What the rows are.
            describe: Returns the subject of a sentence about a row.
            convert: Returns a row as it is to be in the target.
            ignored: The columns that may differ.
        """
        keys = [column.key for column in table.primary_key]
        there = {tuple(row[name] for name in keys): row for row in _rows(self._target, table)}
        missing = []
        for read in _rows(self._source, table):
            row = convert(read)
            found = there.get(tuple(row[name] for name in keys))
            if found is None:
                missing.append(row)
                continue
            differing = [name for name in row if name not in ignored and row[name] != found[name]]
            if differing:
                names = ", ".join(name.replace("_", " ") for name in differing)
                self._result.conflicts.append(f"{describe(row)} is there already, and differs in: {names}.")
            else:
                self._result.present[what] += 1
        self._insert(table, what, missing)

    def _add_acceptances(self) -> dict[int | None, int | None]:
        """Add the acceptances that are missing, and return the target's numbers by those of the source.

        Numbers are counted in each companion by itself, so an acceptance is the same if all else is.
        """
        what, numbers = "accepted agreements", dict[int | None, int | None]({None: None})
        there = defaultdict[tuple[object, ...], list[int]](list)
        for row in _rows(self._target, LICENSE_ACCEPTANCE):
            there[_without_number(row)].append(row["number"])
        for row in _rows(self._source, LICENSE_ACCEPTANCE):
            same = there[_without_number(row)]
            if same:
                numbers[row["number"]] = same.pop(0)
                self._result.present[what] += 1
                continue
            self._result.copied[what] += 1
            if self._writes:
                values = {name: value for name, value in row.items() if name != "number"}
                inserted = self._target.execute(insert(LICENSE_ACCEPTANCE).values(**values))
                numbers[row["number"]] = cast("tuple[int]", cast("CursorResult[Any]", inserted).inserted_primary_key)[0]
        return numbers

    def _add_keys(self, licenses: Mapping[int | None, int | None]) -> None:
        texts = self._vault.texts(self._source.execute(select(REGISTRY_KEY)).all())

        def convert(row: _Values) -> _Values:
            row = {**row, "license_number": licenses.get(row["license_number"])}
            text = texts.get(row["fingerprint"])
            if not self._writes or text is None:
                # A text that can't be decrypted now may be later, since it is bound to its row and not to a file.
                return row
            sealed = self._target_vault.seal(self._target, text, row["fingerprint"])
            return {**row, "key_id": sealed.key_id, "sealed": sealed.sealed}

        self._add_missing(
            REGISTRY_KEY,
            "API keys of the local registry",
            lambda row: f"The API key {row['masked']} ({row['developer']})",
            convert,
            ignored=_SEALED,
        )

    def _add_reviews(self) -> None:
        """Add the reviews that are missing, with their keys.

        Reviews are numbered in each companion by itself, and known by their names. One that differs stays as it is.
        """
        there = {row["name"].casefold(): row for row in _rows(self._target, REVIEW)}
        next_number = max((row["number"] for row in there.values()), default=0) + 1
        items = defaultdict[int, list[_Values]](list)
        for row in _rows(self._source, REVIEW_ITEM):
            items[row["review"]].append(row)
        for row in _rows(self._source, REVIEW):
            found = there.get(row["name"].casefold())
            if found is None:
                self._insert(REVIEW, "reviews", [{**row, "number": next_number}])
                moved = [{**item, "review": next_number} for item in items[row["number"]]]
                self._insert(REVIEW_ITEM, "keys in reviews", moved)
                next_number += 1
            elif _without_number(found) == _without_number(row) and self._has_items(
                found["number"], items[row["number"]]
            ):
                self._result.present["reviews"] += 1
                self._result.present["keys in reviews"] += len(items[row["number"]])
            else:
                self._result.conflicts.append(f"The review {row['name']} is there already, and differs.")

    def _has_items(self, review: int, items: list[_Values]) -> bool:
        there = [row for row in _rows(self._target, REVIEW_ITEM) if row["review"] == review]
        return there == [{**item, "review": review} for item in items]

    def _add_answer(self) -> None:
        self._add_unless_there(HEADQUARTERS_ANSWER, "headquarters' last list", HEADQUARTERS_ANSWER.c.number)
        if not self._writes:
            return
        # Later requests must have higher numbers than the one that was answered.
        asked = self._source.scalars(select(QUESTION.c.number)).one()
        self._target.execute(update(QUESTION).where(QUESTION.c.number < asked).values(number=asked))

    def _add_use(self) -> None:
        """Add what was read of developers' use, apart from names of which the target has read another part."""
        there = {row["name"]: row for row in _rows(self._target, USE_RANGE)}
        ranges = {row["name"]: row for row in _rows(self._source, USE_RANGE)}
        alike = {name for name, row in ranges.items() if there.get(name, row) == row}
        present = {_day_key(row): row for row in _rows(self._target, USE_DAY)}
        missing = []
        for row in _rows(self._source, USE_DAY):
            found = present.get(_day_key(row))
            if row["name"] in alike and found is None:
                missing.append(row)
            else:
                counted = self._result.present if found == row else self._result.kept
                counted["days of developers' use"] += 1
        self._insert(USE_DAY, "days of developers' use", missing)
        self._add_unless_there(USE_RANGE, "names of developers whose use was read", USE_RANGE.c.name)

    def _add_unless_there(self, table: Table, what: str, key: Column[Any]) -> None:
        there = {row[key.name]: row for row in _rows(self._target, table)}
        missing = []
        for row in _rows(self._source, table):
            found = there.get(row[key.name])
            if found is None:
                missing.append(row)
            elif found == row:
                self._result.present[what] += 1
            else:
                self._result.kept[what] += 1
        self._insert(table, what, missing)

    def _insert(self, table: Table, what: str, rows: list[_Values]) -> None:
        if not rows:
            return
        self._result.copied[what] += len(rows)
        if self._writes:
            for begin in range(0, len(rows), _BATCH):
                self._target.execute(insert(table), rows[begin : begin + _BATCH])


def _rows(connection: Connection, table: Table) -> list[_Values]:
    keys = [column.key for column in table.columns]
    query = select(table).order_by(*table.primary_key)
    return [dict(zip(keys, row, strict=True)) for row in connection.execute(query)]


def _without_number(row: _Values) -> tuple[object, ...]:
    return tuple(value for name, value in row.items() if name != "number")


def _day_key(row: _Values) -> tuple[object, ...]:
    return tuple(row[column.key] for column in USE_DAY.primary_key)
