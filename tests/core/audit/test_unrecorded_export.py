"""An export where nothing can be recorded: the manifest says so and why, and not a row of the practice changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.base.errors import NotAuthorized
from core.base.secret import Secret
from core.database.address import FileAddress, ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from core.opendental.permission_types import Permission
from core.users.service import READERS, SignedIn
from tests.support.audit_exports import finish, read_manifest
from tests.support.audit_pages import EVERYTHING
from tests.support.databases import SampleFile, SamplePractice, SampleServer, database_user, runtime
from tests.support.practice_rows import PASSWORDS
from tests.support.row_diff import Written, writing

both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)


@contextmanager
def opened_read_only(sample: SamplePractice) -> Iterator[Office]:
    """Open the practice with `--read-only`."""
    agreement, context = default_agreement(), runtime()
    if isinstance(sample, SampleServer):
        address, companion, local = sample.address, sample.companion_source, AuthorityName.LOCAL
        assert isinstance(address, ServerAddress)
        office = open_server_office(address, sample.password, companion, local, agreement, context, read_only=True)
    else:
        office = open_file_office(FileAddress(sample.companion), agreement, context, read_only=True)
    with closing(office):
        yield office


def sign_in(office: Office) -> SignedIn:
    """Sign in Maria, who has the permission AuditTrail alone."""
    return office.users.sign_in("Maria", Secret(PASSWORDS["Maria"]), *READERS)


def export_everything(office: Office, signed_in: SignedIn, file: Path) -> None:
    """Export all entries without a record, and check what the result says about that."""
    reason = office.audit.not_recorded
    export = office.audit.export(signed_in.actor, EVERYTHING, file, may_replace=False, not_recorded=reason)
    export.begin()
    result = finish(export)
    assert (result.count, result.not_recorded, result.not_logged) == (10, reason, None)


def test_a_session_that_was_opened_read_only_exports(sample: SamplePractice, tmp_path: Path) -> None:
    file = tmp_path / "trail.csv"
    with opened_read_only(sample) as office, writing(sample) as written:
        signed_in = sign_in(office)
        assert (signed_in.writable, signed_in.has_setup, signed_in.sees_audit_trail) == (False, False, True)
        export_everything(office, signed_in, file)
        office.users.sign_out(signed_in.actor)
    assert written == Written()
    record = read_manifest(file)["audit_trail"]
    assert record == "not recorded in the practice: This practice was opened read-only."


@both_engines
def test_a_database_user_with_select_alone_exports(server_sample: SampleServer, tmp_path: Path) -> None:
    file = tmp_path / "trail.csv"
    with (
        database_user(server_sample, "SELECT") as account,
        closing(server_sample.open_as(account)) as office,
        writing(server_sample) as written,
    ):
        export_everything(office, sign_in(office), file)
    assert written == Written()
    record = read_manifest(file)["audit_trail"]
    assert record.startswith(f"not recorded in the practice: The database user {account.user}@")
    assert "lacks INSERT" in record


def test_a_cancelled_export_leaves_neither_a_file_nor_an_entry(file_sample: SampleFile, tmp_path: Path) -> None:
    file = tmp_path / "trail.csv"
    with opened_read_only(file_sample) as office, writing(file_sample) as written:
        actor, reason = sign_in(office).actor, office.audit.not_recorded
        export = office.audit.export(actor, EVERYTHING, file, may_replace=False, not_recorded=reason)
        export.begin()
        export.cancel()
    assert written == Written()
    assert not list(tmp_path.glob("*trail*"))


def test_a_user_who_lost_the_permission_exports_nothing(file_sample: SampleFile, tmp_path: Path) -> None:
    file = tmp_path / "trail.csv"
    with opened_read_only(file_sample) as office:
        actor, reason = sign_in(office).actor, office.audit.not_recorded
        file_sample.execute(f"DELETE FROM grouppermission WHERE PermType = {int(Permission.AUDIT_TRAIL)}")
        export = office.audit.export(actor, EVERYTHING, file, may_replace=False, not_recorded=reason)
        with pytest.raises(NotAuthorized, match="no longer has the permission AuditTrail"):
            export.begin()
    assert not list(tmp_path.glob("*trail*"))


def test_the_manifest_of_a_recorded_export_names_its_entry(file_sample: SampleFile, tmp_path: Path) -> None:
    file = tmp_path / "trail.csv"
    with file_sample.office() as office, writing(file_sample) as written:
        signed_in = sign_in(office)
        export = office.audit.export(signed_in.actor, EVERYTHING, file, may_replace=False)
        export.begin()
        finish(export)
    assert [text.split()[0] for _, _, text in written.audit if text] == ["User:", "Audit", "Audit"]
    assert read_manifest(file)["audit_trail"] == "recorded in the practice: entry 12"
