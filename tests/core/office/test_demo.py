"""The demo's content, which is inserted together, against what the services write one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.database.address import FileAddress
from core.model.actor import Actor
from core.model.agreement import default_agreement
from core.model.api_key import KeyFields, NewKey
from core.model.review import DecisionKind
from core.office.office import Office
from core.office.opening import open_file_office
from core.opendental.key_status import KeyStatus
from core.review.store import ReviewStore
from tests.support.databases import Cells, Rows, file_rows, runtime
from tests.support.sealed_keys import read_key_file, unseal

ADMIN = Actor(1, "Ann O'Neil", "test")
TABLES = ("apikey", "apisetup_key", "apisetup_key_note", "apisetup_license_acceptance", "apisetup_license_text")


def test_the_demo_has_the_rows_that_adding_its_keys_leaves(tmp_path: Path) -> None:
    demo, other = tmp_path / "demo.sqlite3", tmp_path / "other.sqlite3"
    now = datetime(2026, 3, 2, 9, 30)
    context = RuntimeContext(lambda: now, Random(4), ADMIN.computer, ADMIN.user_name)  # noqa: S311 - a demo
    open_file_office(FileAddress(demo), default_agreement(), context, with_demo=True).close()
    expected = file_rows(demo)
    with closing(open_file_office(FileAddress(other), default_agreement(), context)) as office:
        for row in sorted(expected["apisetup_key"].values(), key=lambda each: str(each["added"])):
            now = datetime.fromisoformat(str(row["added"]))
            since = date.fromisoformat(row["agreement_since"]) if row["agreement_since"] else None
            fields = KeyFields(str(row["email"]), str(row["phone"]), tuple(json.loads(str(row["permissions"]))), since)
            text = unseal(str(row["fingerprint"]), str(row["sealed"]), read_key_file(demo)[0])
            new = NewKey(Secret(text), str(row["developer"]), fields)
            key = office.keys.add(ADMIN, new, office.licenses.accept(ADMIN, new)).key
            if int(row["status"] or 0) == KeyStatus.DISABLED_BY_CUSTOMER:
                office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
        for moment, change in review_changes(office, demo):
            now = moment
            change()
    written = file_rows(other)
    assert entries(written) == entries(expected)[1:]  # the first one is that of the settings
    for table in TABLES:
        assert [without_status(row) for row in written[table].values()] == [
            without_status(row) for row in expected[table].values()
        ]


def review_changes(office: Office, demo: Path) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """Yield the changes that the demo's notes and its review consist of, each with its time."""
    with closing(open_file_office(FileAddress(demo), default_agreement(), runtime())) as made:
        review, notes = made.review.require_under_way(), made.notes.all()
    decided = sorted(
        (item.decision.at, item.fingerprint, item.decision.choice) for item in review.items if item.decision is not None
    )
    keys = sorted(office.keys.list().keys, key=lambda key: str(key.added))
    for key in (each for each in keys if each.fingerprint in notes):
        read = office.notes.of(key)
        wanted = replace(read, note=notes[key.fingerprint])
        yield review.started_at - timedelta(minutes=7), partial(office.notes.save, ADMIN, key, read, wanted)
    yield review.started_at, partial(office.review.start, ADMIN, review.name, review.since, review.until)
    for at, fingerprint, choice in decided:
        yield at, partial(office.review.decide, ADMIN, office.review.find(), fingerprint, choice)


def test_the_review_of_the_demo_is_kept_as_the_service_keeps_it(tmp_path: Path) -> None:
    demo, other = tmp_path / "demo.sqlite3", tmp_path / "other.sqlite3"
    open_file_office(FileAddress(demo), default_agreement(), runtime(), with_demo=True).close()
    with closing(open_file_office(FileAddress(demo), default_agreement(), runtime())) as office:
        (review,) = office.review.reviews()
        assert review.count(DecisionKind.KEEP) == 2
        assert review.count(DecisionKind.ASK) == 1
        assert office.review.progress(review).open
        kinds = {each.rule for each in office.review.findings().due}
    assert len(kinds) > 6
    kept = file_rows(demo)
    with closing(open_file_office(FileAddress(other), default_agreement(), runtime(), with_demo=True)) as office:
        store = ReviewStore(office._companion)
        with office._companion.write() as connection:
            store.remove(connection, review)
            store.add(connection, review)
    written = file_rows(other)
    for table in ("apisetup_review", "apisetup_review_item"):
        assert sorted(map(as_read, written[table].values()), key=str) == sorted(
            map(as_read, kept[table].values()), key=str
        )


def as_read(row: Cells) -> dict[str, object]:
    """Return a row with its JSON read."""
    texts = {name: value for name, value in row.items() if name not in ("known", "snapshot", "decision")}
    return {**dict(sorted(texts.items())), **{name: json.loads(str(row[name])) for name in row if name not in texts}}


def entries(rows: Rows) -> list[tuple[str | None, ...]]:
    """Return what the admin's entries say, with their hashes."""
    hashes = {row["SecurityLogNum"]: row["LogHash"] for row in rows["securityloghash"].values()}
    columns = ("PermType", "LogDateTime", "LogText", "CompName", "LogSource", "DateTPrevious")
    return [
        (*(row[column] for column in columns), hashes[row["SecurityLogNum"]])
        for row in rows["securitylog"].values()
        if row["UserNum"] == str(ADMIN.user_num) and row["CompName"] == ADMIN.computer
    ]


def without_status(row: Cells) -> Cells:
    """Return a row without what only a developer or Open Dental sets, and without what encryption makes random."""
    others = ("status", "date_disabled", "key_id", "sealed")
    return {name: value for name, value in row.items() if name not in others}
