"""A practice that was opened read-only: everything can be looked at, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from core.audit.export_target import validate_target
from core.audit.filter import AuditFilter
from core.audit.paging import Direction
from core.base.errors import ApiSetupError, NotAPractice, NotPermitted, StorageFailed
from core.base.secret import Secret
from core.database.address import FileAddress, ServerAddress
from core.database.driver_errors import translate_errors
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from tests.support.actors import ADMIN
from tests.support.change_kinds import KINDS, exists_in
from tests.support.databases import SamplePractice, runtime
from tests.support.practice_rows import ACCOUNT, PASSWORDS
from tests.support.row_diff import writing

SIGNS_IN = ("sign in", "fail to sign in", "sign out", "open as account")


@contextmanager
def read_only(sample: SamplePractice) -> Iterator[Office]:
    """The office, opened to be read."""
    if isinstance(sample.address, ServerAddress):
        office = open_server_office(
            sample.address,
            sample.password,
            sample.companion_source,
            AuthorityName.LOCAL,
            default_agreement(),
            runtime(),
            read_only=True,
        )
    else:
        office = open_file_office(sample.address, default_agreement(), runtime(), read_only=True)
    with closing(office):
        yield office


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SIGNS_IN])
def test_no_change_is_made(sample: SamplePractice, kind: str) -> None:
    if not exists_in(kind, sample.version):
        pytest.skip("this version of Open Dental has nothing of this kind")
    with read_only(sample) as office, writing(sample) as written:
        with pytest.raises(NotPermitted, match=r"opened read-only\. Nothing was changed") as refused:
            KINDS[kind](office)
        assert "--read-only" in refused.value.hint
    assert (written.audit, written.signals, written.changed, written.added, written.removed) == ([], [], {}, {}, [])


@pytest.mark.parametrize("kind", SIGNS_IN)
def test_signing_in_and_out_is_not_written(sample: SamplePractice, kind: str) -> None:
    with read_only(sample) as office, writing(sample) as written:
        KINDS[kind](office)
    # The companion of a practice on a server can be written.
    counted = written.added.pop("apisetup_sign_in_failure", [])
    assert [row["failures"] for row in counted] == (["1"] if sample.on_server and kind == "fail to sign in" else [])
    assert (written.audit, written.changed, written.added) == ([], {}, {})


def test_who_signs_in_is_told_that_nothing_can_be_written(sample: SamplePractice) -> None:
    with read_only(sample) as office:
        assert not office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).writable
        assert not office.users.account(ACCOUNT).writable


def test_everything_can_be_read(sample: SamplePractice) -> None:
    with read_only(sample) as office:
        assert office.settings.load().values.interval == ""
        assert office.keys.list().keys
        assert len(office.audit.search(AuditFilter()).page(Direction.OLDER).entries) == 10
        assert office.audit.verification(AuditFilter()).run_batch().checked == 10


def test_nothing_is_exported_since_that_could_not_be_logged(sample: SamplePractice, tmp_path: Path) -> None:
    file = validate_target(str(tmp_path / "trail.csv"), may_replace=False)
    with read_only(sample) as office, pytest.raises(NotPermitted, match="Every export is logged") as refused:
        office.audit.export(ADMIN, AuditFilter(), file, may_replace=False).begin()
    assert "without --read-only" in refused.value.hint
    assert not list(tmp_path.glob("*trail*"))


def test_the_database_itself_refuses_to_write(sample: SamplePractice) -> None:
    before = sample.practice_rows()
    with (
        read_only(sample) as office,
        pytest.raises(ApiSetupError),
        translate_errors(),
        office._practice.engine.begin() as connection,
    ):
        connection.execute(text("UPDATE program SET Enabled = 1"))
    assert sample.practice_rows() == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="File not found"):
        open_file_office(FileAddress(tmp_path / "new"), default_agreement(), runtime(), read_only=True)
    assert not list(tmp_path.iterdir())


def test_a_file_of_an_older_version_is_not_changed(file_sample: SamplePractice) -> None:
    file_sample.execute("DROP TABLE apisetup_key")
    file_sample.execute("DELETE FROM apisetup_migration")
    before = file_sample.companion.read_bytes()
    with pytest.raises(NotAPractice, match="older version of apisetup"), read_only(file_sample):
        pass
    assert file_sample.companion.read_bytes() == before
