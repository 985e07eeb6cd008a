"""A user who was deleted or hidden, or lost a permission after the sign-in, changes nothing any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.errors import NotAuthorized
from core.model.actor import Actor
from core.office.office import Office
from core.opendental.permission_types import Permission
from core.practice.unit_of_work import WriteMode
from tests.support.actors import ADMIN
from tests.support.audit_exports import begin_export, finish, new_export
from tests.support.change_kinds import KINDS, exists_in
from tests.support.databases import COMPUTER, SamplePractice, SampleServer
from tests.support.fake_headquarters import headquarters
from tests.support.fault_injection import recorded_statements
from tests.support.headquarters_office import (
    AT_HEADQUARTERS,
    BRIDGE,
    OFFERED,
    add_keys,
    copied_keys,
    credentials,
    fetch_list,
    office_of,
    set_headquarters_url,
)
from tests.support.headquarters_protocol import ASSIGN, SET_STATUS
from tests.support.row_diff import Written, writing
from tests.support.sample_event import SampleEvent

LOSSES = {
    "deleted": ("DELETE FROM userod WHERE UserNum = 1", "The user Admin no longer exists in Open Dental."),
    "hidden": ("UPDATE userod SET IsHidden = 1 WHERE UserNum = 1", "The user Admin was hidden in Open Dental"),
    "without Setup": (
        "DELETE FROM grouppermission WHERE PermType = 8",
        "The user Admin no longer has the permission Setup.",
    ),
    "without a group": (
        "DELETE FROM usergroupattach WHERE UserNum = 1",
        "The user Admin no longer has the permission Setup.",
    ),
    "with Setup for one object": (
        "UPDATE grouppermission SET FKey = 7 WHERE PermType = 8",
        "The user Admin no longer has the permission Setup.",
    ),
}
CHANGES = {
    kind: run
    for kind, run in KINDS.items()
    if kind not in ("sign in", "fail to sign in", "sign out", "open as account")
}
SETUP_ONLY = ("without Setup", "with Setup for one object")
WITHOUT_SETUP = ("seal trail",)
"""The changes that need the permission AuditTrail, and not Setup."""
"""The losses that leave the permission DefEdit, which payment types need since 21.4."""
of_each_loss = pytest.mark.parametrize("loss", LOSSES)


def refuse(change: Callable[[], object], sentence: str) -> None:
    with pytest.raises(NotAuthorized) as caught:
        change()
    assert caught.value.sentence.startswith(sentence)
    assert caught.value.sentence.endswith(" Nothing was changed.")
    assert caught.value.hint


@of_each_loss
def test_every_kind_of_change_is_refused_after_a_loss_of_rights(sample: SamplePractice, loss: str) -> None:
    statement, sentence = LOSSES[loss]
    with sample.office() as office:
        needs_def_edit = office._practice.profile.required_permission(Permission.DEF_EDIT) is Permission.DEF_EDIT
        sample.execute(statement)
        with writing(sample) as written:
            for kind, run in CHANGES.items():
                by_def_edit = needs_def_edit and kind.endswith("payment type")
                without_setup = by_def_edit or kind in WITHOUT_SETUP
                if not exists_in(kind, sample.version) or (without_setup and loss in SETUP_ONLY):
                    continue
                lost = sentence
                if by_def_edit:
                    lost = sentence.replace("no longer has the permission Setup", "doesn't have the permission DefEdit")
                elif kind in WITHOUT_SETUP:
                    lost = sentence.replace("permission Setup", "permission AuditTrail")
                refuse(lambda run=run: run(office), lost)  # type: ignore[misc]
        # The same office still works for somebody else.
        office.users.sign_out(ADMIN)
    assert written == Written()


@pytest.mark.parametrize("mode", WriteMode)
def test_every_mode_of_a_unit_of_work_checks_before_anything_is_done(sample: SamplePractice, mode: WriteMode) -> None:
    sample.execute(LOSSES["hidden"][0])

    def change(office: Office) -> None:
        with office._practice.unit_of_work(ADMIN, SampleEvent("x"), mode=mode):
            raise AssertionError("the body ran")

    with sample.office() as office, writing(sample) as written:
        refuse(lambda: change(office), "The user Admin was hidden")
    assert written == Written()


def test_a_right_that_is_granted_again_is_enough(sample: SamplePractice) -> None:
    with sample.office() as office:
        sample.execute("UPDATE userod SET IsHidden = 1 WHERE UserNum = 1")
        refuse(lambda: KINDS["save settings"](office), "The user Admin was hidden")
        sample.execute("UPDATE userod SET IsHidden = 0 WHERE UserNum = 1")
        KINDS["save settings"](office)


def test_the_end_of_a_session_is_recorded_whatever_the_user_lost(sample: SamplePractice) -> None:
    sample.execute(LOSSES["hidden"][0])
    with sample.office() as office, writing(sample) as written:
        office.users.sign_out(ADMIN)
    assert written == Written(audit=[(83, 1, "User: Admin has logged off.")])


def test_an_export_needs_audittrail_to_begin_and_to_end(sample: SamplePractice, tmp_path: Path) -> None:
    with sample.office() as office:
        sample.execute("DELETE FROM grouppermission WHERE PermType = 8")
        export = begin_export(office, tmp_path / "a.csv")
        sample.execute("DELETE FROM grouppermission WHERE PermType = 122")
        refuse(lambda: finish(export), "The user Admin no longer has the permission AuditTrail.")
        export.cancel()
        refuse(new_export(office, tmp_path / "b.csv").begin, "The user Admin no longer has the permission AuditTrail.")
    assert list(tmp_path.glob("*.csv*")) == []


@pytest.mark.parametrize("server_sample", ["21.1 MyISAM", "24.3 InnoDB"], indirect=True)
@pytest.mark.parametrize("kind", AT_HEADQUARTERS)
def test_headquarters_is_not_asked_for_a_user_without_rights(server_sample: SampleServer, kind: str) -> None:
    with headquarters(practice=credentials(server_sample)) as server:
        add_keys(server, BRIDGE)
        server.offer(OFFERED)
        set_headquarters_url(server_sample, server.url)
        with office_of(server_sample) as office:
            fetch_list(office)
            server_sample.execute(LOSSES["without Setup"][0])
            with writing(server_sample) as written:
                refuse(lambda: AT_HEADQUARTERS[kind](office), "The user Admin no longer has the permission Setup.")
        assert (server.count(ASSIGN), server.count(SET_STATUS)) == (0, 0)
    assert written == Written()


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_a_list_is_still_shown_to_a_user_without_rights(server_sample: SampleServer) -> None:
    with headquarters(practice=credentials(server_sample)) as server:
        add_keys(server, BRIDGE)
        set_headquarters_url(server_sample, server.url)
        before = copied_keys(server_sample)
        with office_of(server_sample) as office:
            server_sample.execute(LOSSES["without Setup"][0])
            keys = fetch_list(office)
        assert [key.developer for key in keys.keys] == ["Appointment Bridge"]
        assert any("no longer has the permission Setup" in note for note in office.keys.list().notes)
    assert copied_keys(server_sample) == before


def test_the_check_is_one_statement(sample: SamplePractice) -> None:
    with sample.office() as office, recorded_statements() as statements:
        with office._practice.unit_of_work(ADMIN, SampleEvent("x")):
            pass
        count = len(statements)
        statements.clear()
        with office._practice.unit_of_work(Actor(0, "", COMPUTER), SampleEvent("x")):
            pass
    assert count <= len(statements) + 1
