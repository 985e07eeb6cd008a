"""Copying a companion file to a server: all of it, as often as an admin wants, and nothing is overwritten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError, OperationNotAllowed, StorageFailed
from core.base.secret import Secret
from core.companion.copying import COPIED, NOT_COPIED, CopyResult
from core.companion.tables.all_tables import COMPANION
from core.database.address import FileAddress, ServerAddress
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.offices.companion_maintenance import CompanionCopy, CopyTarget, copy_companion, rotate_key
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.password_source import PasswordSource, SourceKind
from core.offices.paths import Paths
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import NEW, key_of
from tests.support.databases import SampleServer, runtime
from tests.support.practice_rows import BRIDGE_KEY
from tests.support.reviews import REVIEW, note_key, start_review
from tests.support.sealed_keys import key_file, read_key_file, write_key_file
from tests.support.shared_companions import SharedCompanion


class Admin:
    """An admin of the sample practice, with a configuration directory and a companion file.

    Args:
        sample: The practice.
        shared: The database for the shared companion.
    """

    def __init__(self, sample: SampleServer, shared: SharedCompanion) -> None:
        self._shared = shared
        self.file = sample.companion
        context = LaunchContext(runtime(), Paths(sample.companion.with_name("config.toml"), Path("debug.log")))
        office = ConfiguredOffice(
            "A", sample.address, authority=AuthorityName.LOCAL, companion=FileAddress(sample.companion)
        )
        self.request = OpenRequest(office, context, Secret(sample.password.reveal()))
        self.sharing = replace(self.request, office=replace(office, companion=shared.address))

    def copy(self, *, dry_run: bool = False) -> CompanionCopy:
        """Copy the file to the server."""
        return copy_companion(self.request, CopyTarget(self._shared.address), dry_run=dry_run)

    @contextmanager
    def office(self) -> Iterator[Office]:
        """Open the practice with the shared companion."""
        with closing(self.sharing.open(self.sharing.password or Secret(""))) as office:
            yield office

    def execute(self, statement: str) -> None:
        """Change the companion file, as another program would."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(statement)


@pytest.fixture
def admin(server_sample: SampleServer, shared: SharedCompanion) -> Admin:
    """An admin whose file has a row in every table but the journal."""
    admin = Admin(server_sample, shared)
    with closing(admin.request.open(server_sample.password)) as office:
        office.licenses.accept(ADMIN, NEW)
        office.use.set_former_names(ADMIN, "Appointment Bridge", (), ("Bridge Inc",))
        note_key(office)
        start_review(office)
    for statement in (
        "INSERT INTO apisetup_headquarters_answer VALUES (1, '2024-11-06 10:00:00.000000', '[{\"masked\": \"é\"}]', 7)",
        "UPDATE apisetup_question SET number = 7",
        "INSERT INTO apisetup_headquarters_key VALUES ('aa', NULL, '2024-01-02', 1)",
        "INSERT INTO apisetup_sign_in_failure VALUES (5000000000, 2, '2024-11-06 10:00:00.123456')",
        "INSERT INTO apisetup_use_range VALUES ('canopy', '2024-01-01 00:00:00', '2024-11-06 00:00:00', 1)",
        "INSERT INTO apisetup_use_day VALUES"
        " ('canopy', '2024-05-06', 0, 'API ', 3, '2024-05-06 07:08:09.000000', '2024-05-06 08:00:00.000000')",
        "INSERT INTO apisetup_seal VALUES ('cc', 1, '{}')",
        "INSERT INTO apisetup_sealed_entries VALUES ('cc', 1, 0, 5000000000, 5000000009, 9, 'packed')",
        "INSERT INTO apisetup_last_verification VALUES (1, '2024-11-06 10:00:00', 'Nothing found.')",
    ):
        admin.execute(statement)
    return admin


def test_all_is_copied_and_works(admin: Admin, shared: SharedCompanion) -> None:
    copied = admin.copy()
    assert dict(copied.result.copied) == {
        "license texts": 2,
        "accepted agreements": 2,
        "API keys of the local registry": 4,
        "BAA dates and licenses of keys at headquarters": 1,
        "former names of developers": 1,
        "headquarters' last list": 1,
        "days of developers' use": 1,
        "names of developers whose use was read": 1,
        "failed sign-ins": 1,
        "seals": 1,
        "lists of sealed entries": 1,
        "last verification": 1,
        "notes on keys": 1,
        "reviews": 1,
        "keys in reviews": 5,
    }
    unique = {"headquarters' last list", "last verification"}
    assert {what for what in copied.result.copied if copied.result.count_of(1, what) == f"1 {what}"} == unique
    assert copied.result.conflicts == []
    assert int(shared.query("SELECT number FROM apisetup_question")[0][0]) == 7
    assert read_key_file(Path(copied.key_place).with_suffix("")) == read_key_file(admin.file)
    with admin.office() as office:
        key = key_of(office, "Appointment Bridge")
        assert key.license is not None
        assert office.keys.show(ADMIN, key) == Secret(BRIDGE_KEY)
        acceptance = office.licenses.accept(ADMIN, NEW)
        assert office.keys.add(ADMIN, NEW, acceptance).key.developer == NEW.developer


def test_the_hints_of_a_copy_name_its_options(admin: Admin, shared: SharedCompanion) -> None:
    missing = PasswordSource(SourceKind.ENVIRONMENT, "NOT_SET")
    with pytest.raises(ConfigurationError) as caught:
        copy_companion(admin.request, CopyTarget(shared.address, missing))
    assert caught.value.hint == "Set it, or change --to-password-from."
    # The office's own companion isn't needed for a copy of another file, nor is its password.
    elsewhere = replace(admin.sharing, office=replace(admin.sharing.office, companion_password_from=missing))
    with pytest.raises(StorageFailed) as caught_file:
        copy_companion(elsewhere, CopyTarget(shared.address), FileAddress(Path("/nowhere.sqlite3")))
    assert caught_file.value.hint == "Name another file."
    assert copy_companion(elsewhere, CopyTarget(shared.address), FileAddress(admin.file), dry_run=True).result.copied


def test_one_row_is_not_counted_as_several() -> None:
    result = CopyResult()
    assert result.count_of(1, "license texts") == "1 license text"
    assert result.count_of(2, "license texts") == "2 license texts"
    assert result.count_of(1, "headquarters' last list") == "1 headquarters' last list"


def test_every_table_is_copied_or_each_companion_has_its_own() -> None:
    assert sorted(table.name for table in (*COPIED, *NOT_COPIED)) == sorted(
        table.name for table in COMPANION.sorted_tables
    )


def test_copying_again_changes_nothing(admin: Admin, shared: SharedCompanion) -> None:
    admin.copy()
    before = shared.rows()
    again = admin.copy().result
    assert (again.rows_copied, again.conflicts) == (0, [])
    assert sum(again.present.values()) == 24
    assert shared.rows() == before


def test_a_dry_run_writes_nothing(admin: Admin, shared: SharedCompanion) -> None:
    assert admin.copy(dry_run=True).result.rows_copied == 24
    assert shared.tables() == []
    admin.copy()
    assert admin.copy(dry_run=True).result.rows_copied == 0


def test_a_row_that_differs_is_named_and_not_overwritten(admin: Admin) -> None:
    admin.copy()
    with admin.office() as office:
        office.keys.set_status(ADMIN, key_of(office, "Appointment Bridge"), KeyStatus.DISABLED_BY_CUSTOMER)
    again = admin.copy().result
    assert again.conflicts == [
        "The API key ********Gh78 (Appointment Bridge) is there already, and differs in: status, date disabled."
    ]
    with admin.office() as office:
        assert key_of(office, "Appointment Bridge").status is KeyStatus.DISABLED_BY_CUSTOMER


def test_a_second_admin_with_another_encryption_key_copies_to_the_same_database(admin: Admin) -> None:
    admin.copy()
    other = bytes(reversed(range(32)))
    # The second admin's file has one more key, encrypted with a key that nobody else has.
    write_key_file(admin.file, other, *read_key_file(admin.file))
    rotate_key(admin.request)
    admin.execute("INSERT INTO apisetup_former_name VALUES ('canopy', 'Canopy Labs')")
    with closing(admin.request.open(admin.request.password or Secret(""))) as office:
        office.keys.add(ADMIN, NEW, office.licenses.accept(ADMIN, NEW))
    result = admin.copy().result
    assert result.copied["API keys of the local registry"] == 1
    assert result.conflicts == []
    with admin.office() as office:
        assert office.keys.show(ADMIN, key_of(office, NEW.developer)) == NEW.key


def test_a_companion_with_an_interrupted_change_is_not_copied(admin: Admin, shared: SharedCompanion) -> None:
    admin.execute("INSERT INTO apisetup_journal VALUES (1, 'ended', '{}', NULL)")
    with pytest.raises(OperationNotAllowed, match="changes that were interrupted"):
        admin.copy()
    assert all(not rows for name, rows in shared.rows().items() if name == "apisetup_key")


def test_a_companion_is_not_copied_to_itself(admin: Admin, shared: SharedCompanion) -> None:
    with pytest.raises(ConfigurationError, match="is the office's companion already"):
        copy_companion(admin.sharing, CopyTarget(shared.address))
    copied = copy_companion(admin.sharing, CopyTarget(shared.address), FileAddress(admin.file))
    assert copied.result.copied["API keys of the local registry"] == 4


def test_a_shared_companion_is_rotated(admin: Admin, shared: SharedCompanion) -> None:
    admin.copy()
    before = read_key_file(admin.sharing.companion_stem)
    assert rotate_key(admin.sharing).encrypted == 4
    assert read_key_file(admin.sharing.companion_stem) != before
    assert key_file(admin.file).exists()
    with admin.office() as office:
        assert office.keys.show(ADMIN, key_of(office, "Appointment Bridge")) == Secret(BRIDGE_KEY)
    assert isinstance(admin.request.office.address, ServerAddress)
    assert {str(row["key_id"]) for row in shared.rows()["apisetup_key"].values()} == {
        str(row["key_id"]) for row in shared.rows()["apisetup_encryption"].values()
    }


def test_reviews_are_known_by_their_names_and_numbered_again(admin: Admin, shared: SharedCompanion) -> None:
    admin.copy()
    admin.execute("UPDATE apisetup_review SET number = 4, name = 'Another'")
    admin.execute("UPDATE apisetup_review_item SET review = 4")
    copied = admin.copy().result
    assert (copied.copied["reviews"], copied.copied["keys in reviews"], copied.conflicts) == (1, 5, [])
    assert sorted(shared.query("SELECT number, name FROM apisetup_review")) in (
        [(1, REVIEW), (2, "Another")],
        [("1", REVIEW), ("2", "Another")],
    )
    admin.execute("UPDATE apisetup_review_item SET revision = 9 WHERE review = 4")
    copied = admin.copy().result
    assert copied.conflicts == ["The review Another is there already, and differs."]
    assert copied.copied["keys in reviews"] == 0
