"""Sealing and verifying a practice: chains, late entries, directories, keys, exports and proofs."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.audit.export_target import validate_target
from core.audit.filter import AuditFilter
from core.base.errors import ConfigurationError, OperationNotAllowed
from core.office.office import Office
from core.seals import entry_list
from core.seals.directory import SealDirectory
from core.seals.export_check import check_export
from core.seals.proof import parse_proof
from core.seals.seal_report import Tampering
from core.seals.signing import SigningKey
from core.seals.store import SealedMeanwhile
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import NOW, SampleFile, SamplePractice, SampleServer
from tests.support.practice_rows import log_hash
from tests.support.sealing import ACTOR, found, insert_entry, seal, use_key_file, verify

random_keys = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    directory = tmp_path / "mount"
    directory.mkdir()
    return directory


def problems(office: Office, *files: Path) -> tuple[str, ...]:
    return verify(office.seals, files)[1].problems


# -- what a seal covers ------------------------------------------------------------------


def test_each_seal_covers_the_entries_since_the_one_before(sample: SamplePractice, tmp_path: Path) -> None:
    with sample.office() as office:
        use_key_file(office, tmp_path)
        first, second, third = seal(office), seal(office), seal(office)
        report, sealed = verify(office.seals)
    assert [each.content.entries for each in (first, second, third)] == [10, 1, 1]
    assert [each.content.number for each in (first, second, third)] == [1, 2, 3]
    assert (second.content.previous, third.content.previous) == (first.sha256, second.sha256)
    assert (sealed.sealed, sealed.unsealed, sealed.problems) == (12, 1, ())
    # The sample itself has an altered entry and one without a hash, which a seal of them doesn't hide.
    assert (report.altered, report.without_hash) == (1, 1)


def test_a_seal_is_logged_before_it_is_kept(sample: SamplePractice, tmp_path: Path) -> None:
    with sample.office() as office:
        use_key_file(office, tmp_path)
        made = seal(office)
    texts = [row["LogText"] for row in sample.practice_rows()["securitylog"].values()]
    assert f"Audit Trail sealed by Admin: seal 1, 10 entries, SHA-256 {made.content.root}" in texts


@random_keys
def test_random_numbers_are_sealed_and_forgeries_among_them_found(server_sample: SampleServer, tmp_path: Path) -> None:
    server_sample.execute("UPDATE preference SET ValueString = '1' WHERE PrefName = 'RandomPrimaryKeys'")
    logs = [log_row(number * 7_919_000_017, "2024-11-04 10:00:00") for number in range(1, 40)]
    replace_audit_trail(server_sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    with server_sample.office() as office:
        use_key_file(office, tmp_path)
        made = [seal(office), seal(office), seal(office)]
        assert [each.content.entries for each in made] == [39, 1, 1]
        assert verify(office.seals)[1].clean
        deleted, altered = logs[3]["SecurityLogNum"], logs[5]["SecurityLogNum"]
        server_sample.execute(f"DELETE FROM securitylog WHERE SecurityLogNum = {deleted}")
        server_sample.execute(f"UPDATE securitylog SET CompName = 'X' WHERE SecurityLogNum = {altered}")
        insert_entry(server_sample, log_row(12_345_678_901, "2024-11-04 11:00:00"))
        seal(office)
        _, sealed = verify(office.seals)
    assert found(sealed, Tampering.DELETED) == [deleted]
    assert found(sealed, Tampering.ALTERED) == [altered]
    assert found(sealed, Tampering.INSERTED) == [12_345_678_901]


def test_an_entry_that_was_not_committed_yet_is_sealed_late(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        file_sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 5")
        seal(office)
        insert_entry(file_sample, log_row(5, f"{NOW - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"))
        late = seal(office)
        sealed = verify(office.seals)[1]
    assert (late.content.entries, late.content.first) == (2, 5)
    assert sealed.clean


def test_a_long_list_is_kept_in_several_blocks(
    file_sample: SampleFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_list, "BLOCK_ENTRIES", 3)
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        assert verify(office.seals)[1].clean
        file_sample.execute("UPDATE securitylog SET LogSource = 4 WHERE SecurityLogNum = 7")
        assert found(verify(office.seals)[1], Tampering.ALTERED) == [7]


# -- the vendor's own removals -------------------------------------------------------------


def test_entries_that_remove_old_data_removed_are_explained(file_sample: SampleFile, tmp_path: Path) -> None:
    logs = [log_row(number, f"2024-0{number}-01 10:00:00") for number in range(1, 6)]
    replace_audit_trail(file_sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        for table in ("securitylog", "securityloghash"):
            file_sample.execute(f"DELETE FROM {table} WHERE SecurityLogNum <= 2")
        words = "SecurityLog and SecurityLogHashes on/before 02/02/2024 deleted."
        insert_entry(file_sample, log_row(7, f"{NOW:%Y-%m-%d %H:%M:%S}", words, PermType=28))
        _, sealed = verify(office.seals)
    assert (sealed.deleted, sealed.explained, sealed.clean) == (0, 2, True)
    assert sealed.notes == ("2 entries were removed by Remove Old Data, which its entry records.",)


# -- keys ----------------------------------------------------------------------------------


def test_the_first_seal_creates_a_private_key(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        path = use_key_file(office, tmp_path)
        with pytest.raises(ConfigurationError, match="There is no seal key yet"):
            office.seals.public_key()
        made = seal(office)
        assert office.seals.public_key() == made.content.public_key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        path = use_key_file(office, tmp_path)
        seal(office)
        path.chmod(0o640)
        with pytest.raises(ConfigurationError, match="has mode 0640, so other accounts can read it"):
            seal(office)


def test_a_missing_or_exchanged_key_seals_nothing(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        path = use_key_file(office, tmp_path)
        seal(office)
        kept = path.rename(tmp_path / "kept")
        with pytest.raises(ConfigurationError, match="The seal key is missing"):
            seal(office)
        path.write_text(_new_key())
        path.chmod(0o600)
        with pytest.raises(OperationNotAllowed, match="The seal key was changed: seal 1 names the key"):
            seal(office)
        kept.rename(path)
        assert seal(office).content.number == 2


def test_a_rotated_key_is_sealed_with_the_old_one(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        first, second, third = seal(office), seal(office, rotate=True), seal(office)
        assert second.content.public_key == first.content.public_key != third.content.public_key
        assert second.content.next_key == third.content.public_key
        assert verify(office.seals)[1].clean
    assert sorted(each.name for each in tmp_path.glob("seal-key*")) == ["seal-key.pem"]


def test_a_rotation_that_was_killed_after_its_seal_is_completed(
    file_sample: SampleFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        with monkeypatch.context() as patch:
            patch.setattr(office.seals, "finish", lambda _seal: None)
            rotated = seal(office, rotate=True)
        assert seal(office).content.public_key == rotated.content.next_key
        assert verify(office.seals)[1].clean


# -- the seal directory ---------------------------------------------------------------------


def test_seals_are_copied_to_the_directory_and_taken_over_from_it(
    file_sample: SampleFile, tmp_path: Path, mount: Path
) -> None:
    backup = tmp_path / "backup.sqlite3"
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        seal(office)
        shutil.copy(file_sample.companion, backup)
        seal(office)
        seal(office)
    assert len(list(mount.glob("*.seal"))) == len(list(mount.glob("*.entries"))) == 3
    _restore_seals(file_sample.companion, backup)
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        (problem,) = problems(office)
        assert problem.startswith("The companion ends with seal 1, but seal 3 exists elsewhere: the companion was rest")
        assert seal(office).content.number == 4
        assert verify(office.seals)[1].clean


def test_a_companion_that_sealed_on_after_it_was_restored_is_noticed(
    file_sample: SampleFile, tmp_path: Path, mount: Path
) -> None:
    backup = tmp_path / "backup.sqlite3"
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        seal(office)
        shutil.copy(file_sample.companion, backup)
        seal(office)
    _restore_seals(file_sample.companion, backup)
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        with pytest.raises(OperationNotAllowed, match="The Audit Trail records seal 2, which the companion doesn't"):
            seal(office)
        seal(office, replaces_lost=True)
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        assert any("isn't the one found before it" in each for each in problems(office))
        with pytest.raises(OperationNotAllowed, match="isn't the one in the companion"):
            seal(office)


def test_a_companion_that_lost_a_seal_makes_no_second_one_of_its_number(
    server_sample: SampleServer, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.sqlite3"
    with server_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        shutil.copy(server_sample.companion, backup)
        lost = [seal(office), seal(office)]
    _restore_seals(server_sample.companion, backup)
    before = server_sample.practice_rows()
    with server_sample.office() as office:
        use_key_file(office, tmp_path)
        with pytest.raises(OperationNotAllowed, match="records seal 2") as caught:
            seal(office)
        assert "--replace-lost" in caught.value.hint
        assert server_sample.practice_rows() == before
        assert len(office.seals.seals()) == 1
        again = seal(office, replaces_lost=True)
    assert (again.content.number, again.content.entries) == (2, sum(each.content.entries for each in lost) + 1)


def test_a_seal_that_could_not_be_kept_does_not_count_as_lost(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        root = seal(office).content.root
        for number, words in ((801, ""), (802, "NOT DONE: ")):
            text = f"{words}Audit Trail sealed by Admin: seal 2, 3 entries, SHA-256 {root}"
            insert_entry(file_sample, log_row(number, f"{NOW:%Y-%m-%d %H:%M:%S}", text, PermType=122))
        assert seal(office).content.number == 2


def test_a_directory_that_fails_does_not_undo_a_seal_and_is_caught_up(
    file_sample: SampleFile, tmp_path: Path, mount: Path
) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        seal(office)
        mount.rename(tmp_path / "away")
        with pytest.raises(ConfigurationError, match="Check seal_dir"):
            seal(office)
        (tmp_path / "away").rename(mount)
        seal(office)
    assert len(list(mount.glob("*.seal"))) == 2


def test_a_seal_file_alone_shows_that_something_changed(file_sample: SampleFile, tmp_path: Path, mount: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        seal(office)
        line = tmp_path / "mail.txt"
        line.write_text(f"Seal of today:\n{office.seals.seals()[0].as_line()}\n")
        _delete_seals(file_sample.companion)
        use_key_file(office, tmp_path)
        del office.__dict__["seals"]
        assert verify(office.seals, (line,))[1].problems == ()
        file_sample.execute("UPDATE securitylog SET LogSource = 4 WHERE SecurityLogNum = 7")
        (problem,) = verify(office.seals, (line,))[1].problems
    assert problem.startswith("The entries 1 to 10 aren't as seal 1 has them.")


def test_a_list_that_was_changed_is_not_used(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        file_sample.execute("UPDATE apisetup_sealed_entries SET last_entry = 9")
        assert "The list of the entries of seal 1 was changed, so it isn't used." in problems(office)


def test_a_changed_seal_in_the_companion_seals_nothing_more(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        file_sample.execute("""UPDATE apisetup_seal SET seal = replace(seal, '"entries": 10', '"entries": 11')""")
        with pytest.raises(OperationNotAllowed, match="Seal 1 was changed after it was signed"):
            seal(office)
        assert problems(office)[0].startswith("The signature of seal 1 is wrong")


# -- two programs, and clocks --------------------------------------------------------------


def test_two_programs_that_seal_at_once_make_one_seal(sample: SamplePractice, tmp_path: Path) -> None:
    with sample.office() as office, sample.office() as other:
        use_key_file(office, tmp_path)
        use_key_file(other, tmp_path)
        ours = office.seals.sealing(ACTOR, "0.2.0")
        while not ours.read_batch().complete:
            pass
        seal(other)
        with pytest.raises(SealedMeanwhile, match="Another program made seal 1 at the same time"):
            ours.store()
        ours.discard()
        assert len(office.seals.seals()) == 1
        assert verify(office.seals)[1].clean


def test_entries_written_while_the_clock_was_back_are_not_taken_for_forgeries(
    file_sample: SampleFile, tmp_path: Path
) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
    with closing(file_sample.open(clock=lambda: NOW - timedelta(days=3))) as office:
        use_key_file(office, tmp_path)
        seal(office)
        sealed = verify(office.seals)[1]
    assert sealed.clean
    assert sealed.notes[0].startswith("Between seal 1 and seal 2 the server's clock went back")


def test_a_seal_is_due_after_a_day_or_if_the_clock_went_back(file_sample: SampleFile, tmp_path: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        assert office.seals.is_due()
        seal(office)
        assert not office.seals.is_due()
    for moment, expected in ((NOW + timedelta(hours=23), False), (NOW + timedelta(days=1), True)):
        with closing(file_sample.open(clock=lambda moment=moment: moment)) as office:  # type: ignore[misc]
            assert office.seals.is_due() is expected


# -- without the database -------------------------------------------------------------------


def test_an_export_is_checked_against_seals_without_the_database(
    file_sample: SampleFile, tmp_path: Path, mount: Path
) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        made = seal(office)
        export = _export(office, tmp_path / "trail.jsonl")
    seals = [SealDirectory(mount, made.content.database).file(1)]
    report = check_export(export, seals, made.content.public_key)
    assert (report.clean, report.sealed, report.unsealed) == (True, 10, 1)
    lines = export.read_text().splitlines()
    changed = [json.dumps(json.loads(line) | {"user_number": 3}) if '"number": 7,' in line else line for line in lines]
    export.write_text("\n".join(changed))
    assert found(check_export(export, seals), Tampering.ALTERED) == [7]
    export.write_text("\n".join(lines[:-1]))
    assert "1 entry of the seals is not in the export." in check_export(export, seals).notes


def test_entries_of_missing_seals_are_no_forgeries(file_sample: SampleFile, tmp_path: Path, mount: Path) -> None:
    with file_sample.office() as office:
        use_key_file(office, tmp_path, mount)
        seal(office)
        seal(office)
        export = _export(office, tmp_path / "trail.jsonl")
    report = check_export(export, list(mount.glob("*-000002.seal")))
    assert (report.sealed, report.inserted, report.clean) == (1, 0, True)
    assert report.notes[0].startswith("10 entries may be in seals that aren't here")


def test_a_proof_is_checked_on_its_own(sample: SamplePractice, tmp_path: Path) -> None:
    with sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        for number in (1, 7, 10):
            proof = office.seals.proof(number)
            assert parse_proof(proof.as_json(), "proof.json").problem == ""
        changed = json.loads(proof.as_json())
        changed["entry"]["UserNum"] = "99"
        assert parse_proof(json.dumps(changed), "").problem == "The values of entry 10 aren't those that were sealed."
        with pytest.raises(OperationNotAllowed, match="isn't sealed"):
            office.seals.proof(max(map(int, sample.practice_rows()["securitylog"])))
        sample.execute("UPDATE securitylog SET LogSource = 4 WHERE SecurityLogNum = 3")
        with pytest.raises(OperationNotAllowed, match="The entries of seal 1 aren't as they were sealed"):
            office.seals.proof(7)


# -- parts -----------------------------------------------------------------------------------


def _export(office: Office, file: Path) -> Path:
    export = office.audit.export(ACTOR, AuditFilter(), validate_target(str(file), may_replace=False), may_replace=False)
    export.begin()
    while not export.run_batch().done:
        pass
    return file


def _restore_seals(companion: Path, backup: Path) -> None:
    """Restore the seals of a backup, as if the companion were a file of its own."""
    with closing(sqlite3.connect(companion)) as connection, connection:
        connection.execute("ATTACH ? AS backup", (str(backup),))
        for table in ("apisetup_seal", "apisetup_sealed_entries"):
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} SELECT * FROM backup.{table}")


def _delete_seals(companion: Path) -> None:
    with closing(sqlite3.connect(companion)) as connection, connection:
        connection.execute("DELETE FROM apisetup_seal")
        connection.execute("DELETE FROM apisetup_sealed_entries")


def _new_key() -> str:
    return SigningKey.create().as_pem().reveal()
