"""The local registry's keys are encrypted, existing ones at the first start, and no clear text stays in any file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection

from core.base.errors import EncryptionKeyUnavailable, StorageFailed
from core.base.secret import Secret
from core.check.companion import check_companion
from core.check.result import CheckStatus
from core.companion.encryption import EncryptionKey
from core.companion.key_file import GivenKeys, KeyFile
from core.companion.migrations import LATEST
from core.companion.opening import CompanionSource
from core.companion.store import Companion
from core.database.address import FileAddress
from core.database.engines import file_engine
from core.model.agreement import default_agreement
from core.office.office import Office
from core.office.opening import open_file_office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import NEW, key_of
from tests.support.databases import NOW, SampleFile, copy_private, file_rows, runtime
from tests.support.kill_driver import KillDriver
from tests.support.old_companion import downgrade
from tests.support.practice_rows import BRIDGE_KEY
from tests.support.sealed_keys import ENCRYPTION_KEY, key_file, read_key_file, seal, unseal, write_key_file


def open_office(path: Path) -> Office:
    return open_file_office(FileAddress(path), default_agreement(), runtime())


def registry_texts(path: Path) -> set[str]:
    """Read the texts of the registry in a way that uses nothing of the program."""
    (key,) = read_key_file(path)
    return {unseal(identity, str(row["sealed"]), key) for identity, row in file_rows(path)["apisetup_key"].items()}


def files_with(texts: set[str], directory: Path) -> set[str]:
    """Return the names of the files in which one of the texts is."""
    return {
        file.name
        for file in directory.iterdir()
        if file.is_file() and any(text.encode() in file.read_bytes() for text in texts)
    }


def with_other_keys(path: Path, texts: set[str]) -> set[str]:
    """Replace the keys of an old registry by some that no entry of the sample names, and return them."""
    changes = {text: f"Registry-only-{text[::-1]}" for text in texts}
    with closing(sqlite3.connect(path)) as connection, connection:
        for before, after in changes.items():
            values = (after, hashlib.sha256(after.encode()).hexdigest(), before)
            connection.execute("UPDATE apisetup_key SET key_text = ?, fingerprint = ? WHERE key_text = ?", values)
    return set(changes.values())


@pytest.fixture
def old(file_template: Path, tmp_path: Path) -> tuple[Path, set[str]]:
    """An embedded practice of the version before encryption, and the texts of its keys."""
    path = tmp_path / "practice.sqlite3"
    copy_private(file_template, path)
    return path, with_other_keys(path, downgrade(path))


def test_an_existing_registry_is_encrypted_and_nothing_else_changes(old: tuple[Path, set[str]]) -> None:
    path, texts = old
    before = file_rows(path)
    assert files_with(texts, path.parent) == {path.name}
    open_office(path).close()
    after = file_rows(path)
    assert registry_texts(path) == texts
    assert files_with(texts, path.parent) == set()
    ours = {"masked", "key_id", "sealed"}
    for identity, row in before["apisetup_key"].items():
        kept = {name: value for name, value in row.items() if name != "key_text"}
        assert kept == {name: value for name, value in after["apisetup_key"][identity].items() if name not in ours}
    changed = {"apisetup_key", "apisetup_encryption", "apisetup_migration"}
    assert {name: after[name] for name in before if name not in changed} == {
        name: rows for name, rows in before.items() if name not in changed
    }


def test_deleted_texts_of_an_earlier_version_are_erased(old: tuple[Path, set[str]]) -> None:
    path, texts = old
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("DELETE FROM apisetup_key")
    assert files_with(texts, path.parent) == {path.name}
    open_office(path).close()
    assert files_with(texts, path.parent) == set()


def test_a_write_ahead_log_keeps_no_text(old: tuple[Path, set[str]]) -> None:
    path, texts = old
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    # Another program's connection keeps the log from being removed.
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT count(*) FROM apisetup_key").fetchone()
        open_office(path).close()
        assert registry_texts(path) == texts
        assert files_with(texts, path.parent) == set()


def test_a_kill_after_any_statement_loses_no_key_and_leaves_no_text(
    old: tuple[Path, set[str]], tmp_path: Path, kill_driver: KillDriver
) -> None:
    template, texts = old
    for statement in count(1):
        directory = tmp_path / f"killed after {statement}"
        directory.mkdir(mode=0o700)
        path = directory / template.name
        copy_private(template, path)
        killed = kill_driver.kill_first_start(path, statement)
        open_office(path).close()
        assert registry_texts(path) == texts, statement
        assert files_with(texts, directory) == set(), statement
        assert len(file_rows(path)["apisetup_migration"]) == LATEST
        if not killed:
            break
    assert statement > 20


def test_erasing_is_tried_again_while_another_program_reads(old: tuple[Path, set[str]]) -> None:
    path, texts = old
    companion = Companion(file_engine(path), shared=True)
    with pytest.MonkeyPatch.context() as patch:

        def busy(*_given: object) -> None:
            raise StorageFailed("The SQLite file is locked by another program.")

        patch.setattr("core.companion.store.erase", busy)
        companion.prepare(lambda: NOW)
    assert len(file_rows(path)["apisetup_migration"]) == LATEST - 1
    companion.prepare(lambda: NOW)
    assert files_with(texts, path.parent) == set()
    assert len(file_rows(path)["apisetup_migration"]) == LATEST


def test_the_key_file_is_private_and_created_at_the_first_start(tmp_path: Path) -> None:
    path = tmp_path / "new" / "practice.sqlite3"
    open_office(path).close()
    assert key_file(path).stat().st_mode & 0o777 == 0o600
    assert [len(key) for key in read_key_file(path)] == [32]
    before = key_file(path).read_bytes()
    open_office(path).close()
    assert key_file(path).read_bytes() == before


@pytest.fixture
def lost(file_sample: SampleFile) -> SampleFile:
    """A practice whose key file is lost."""
    key_file(file_sample.companion).unlink()
    file_sample.execute("DELETE FROM apikey")
    return file_sample


def test_losing_the_key_file_loses_only_the_texts(lost: SampleFile) -> None:
    with lost.office() as office:
        listed = office.keys.list()
        assert [note for note in listed.notes if "key file" in note] == [
            f"The text of 4 API keys can't be read: the encryption key file {key_file(lost.companion)} is missing (key"
            f" {EncryptionKey.of_bytes(ENCRYPTION_KEY).id}). Disabling, enabling, editing and removing still work."
        ]
        key = key_of(office, "Appointment Bridge")
        assert key.masked == "********Gh78"
        with pytest.raises(EncryptionKeyUnavailable, match="The text of this API key can't be read"):
            office.keys.show(ADMIN, key)
        assert office.keys.history(key) == ()
        office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
        office.keys.remove(ADMIN, key_of(office, "Appointment Bridge"))
        with pytest.raises(EncryptionKeyUnavailable, match="No API key can be added"):
            office.licenses.accept(ADMIN, NEW)
    assert not key_file(lost.companion).exists()


def test_a_text_that_the_practice_copy_has_is_still_shown(file_sample: SampleFile) -> None:
    key_file(file_sample.companion).unlink()
    with file_sample.office() as office:
        assert office.keys.show(ADMIN, key_of(office, "Appointment Bridge")) == Secret(BRIDGE_KEY)


def test_check_says_which_key_is_missing_and_what_is_lost(lost: SampleFile) -> None:
    results = {each.id: each for each in check_companion(CompanionSource.file(lost.companion), shared=True)}
    assert results["companion"].status is CheckStatus.OK
    assert results["companion-key"].status is CheckStatus.WARNING
    assert "The texts of 4 API keys can't be read" in results["companion-key"].sentence
    write_key_file(lost.companion)
    results = {each.id: each for each in check_companion(CompanionSource.file(lost.companion), shared=True)}
    assert results["companion-key"].status is CheckStatus.OK
    assert results["companion-key"].sentence.endswith("; 4 API keys can be read.")


def test_a_key_file_that_others_can_read_is_refused_with_a_command(file_sample: SampleFile) -> None:
    file = key_file(file_sample.companion)
    file.chmod(0o644)
    file_sample.execute("DELETE FROM apikey")
    with file_sample.office() as office:
        (note,) = (note for note in office.keys.list().notes if "key file" in note)
        assert "has mode 0644, so other accounts can read or change it. So no API key's text can be shown" in note
        assert note.endswith(f"Run: chmod 600 {file}")
        with pytest.raises(EncryptionKeyUnavailable, match="has mode 0644"):
            office.keys.show(ADMIN, key_of(office, "Appointment Bridge"))


def test_a_text_moved_to_another_row_is_not_decrypted(file_sample: SampleFile) -> None:
    file_sample.execute("DELETE FROM apikey")
    file_sample.execute(
        "UPDATE apisetup_key SET sealed ="
        " (SELECT sealed FROM apisetup_key WHERE developer = 'ClearPay') WHERE developer = 'Appointment Bridge'"
    )
    with file_sample.office() as office:
        with pytest.raises(EncryptionKeyUnavailable, match="was changed outside apisetup"):
            office.keys.show(ADMIN, key_of(office, "Appointment Bridge"))
        assert office.keys.show(ADMIN, key_of(office, "ClearPay")).reveal() == "Zz98Yy76Xx54Ww32"


def test_each_text_is_encrypted_differently() -> None:
    key = EncryptionKey.of_bytes(ENCRYPTION_KEY)
    assert key.seal("same", "aa") != key.seal("same", "aa")
    assert seal("same") != seal("same")


def test_a_given_key_needs_no_file(tmp_path: Path) -> None:
    path, keys = tmp_path / "practice.sqlite3", GivenKeys(EncryptionKey.generate().text(), "env:KEY")
    with closing(open_file_office(FileAddress(path), default_agreement(), runtime(), keys=keys)) as office:
        office.keys.add(ADMIN, NEW, office.licenses.accept(ADMIN, NEW))
        assert office.keys.show(ADMIN, key_of(office, NEW.developer)) == NEW.key
    assert not key_file(path).exists()


@pytest.fixture
def rotating(file_sample: SampleFile) -> Iterator[Companion]:
    """The companion of a practice, to rotate its key."""
    companion = Companion(file_engine(file_sample.companion), shared=True)
    yield companion
    companion.close()


def test_a_rotation_encrypts_all_texts_anew(file_sample: SampleFile, rotating: Companion) -> None:
    before = registry_texts(file_sample.companion)
    old = {str(row["sealed"]) for row in file_rows(file_sample.companion)["apisetup_key"].values()}
    rotation = rotating.rotate_key(lambda: NOW)
    assert (rotation.encrypted, rotation.unreadable) == (4, ())
    assert read_key_file(file_sample.companion) != [ENCRYPTION_KEY]
    assert registry_texts(file_sample.companion) == before
    assert files_with(old, file_sample.companion.parent) == set()


def test_a_rotation_that_ends_between_its_steps_loses_no_key(
    file_sample: SampleFile, rotating: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = registry_texts(file_sample.companion)
    replace = KeyFile.replace
    for step in (1, 2):
        calls = count(1)

        def end_at_step(
            file: KeyFile, keys: Sequence[EncryptionKey], calls: Iterator[int] = calls, step: int = step
        ) -> None:
            if next(calls) == step:
                raise KeyboardInterrupt
            replace(file, keys)

        monkeypatch.setattr(KeyFile, "replace", end_at_step)
        with pytest.raises(KeyboardInterrupt):
            rotating.rotate_key(lambda: NOW)
        with file_sample.office() as office:
            assert set(office.keys._authority.clear_texts()) >= before
    monkeypatch.setattr(KeyFile, "replace", replace)
    rotating.rotate_key(lambda: NOW)
    assert registry_texts(file_sample.companion) == before


@pytest.mark.parametrize("transaction", [1, 2])
def test_two_rotations_at_the_same_time_lose_no_key(
    file_sample: SampleFile, rotating: Companion, transaction: int
) -> None:
    before, transactions = registry_texts(file_sample.companion), count(1)
    other = Companion(file_engine(file_sample.companion), shared=True)

    @contextmanager
    def write_after_another_program() -> Iterator[Connection]:
        if next(transactions) == transaction:
            other.rotate_key(lambda: NOW)
        with rotating.write() as connection:
            yield connection

    with closing(other):
        rotation = rotating.vault.rotate(write_after_another_program, lambda: NOW)
    assert rotation.unreadable == ()
    assert registry_texts(file_sample.companion) == before


def test_a_rotation_without_the_old_key_keeps_what_it_cannot_read(lost: SampleFile, rotating: Companion) -> None:
    rotation = rotating.rotate_key(lambda: NOW)
    assert (rotation.encrypted, len(rotation.unreadable)) == (0, 4)
    with lost.office() as office:
        office.keys.add(ADMIN, NEW, office.licenses.accept(ADMIN, NEW))
        assert office.keys.show(ADMIN, key_of(office, NEW.developer)) == NEW.key
    # The lost key is found again: both are in the file.
    write_key_file(lost.companion, *read_key_file(lost.companion), ENCRYPTION_KEY)
    with lost.office() as office:
        assert office.keys.show(ADMIN, key_of(office, "Appointment Bridge")) == Secret(BRIDGE_KEY)
