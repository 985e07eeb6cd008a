"""Reviews as a database user who lacks rights, in the practice or in a companion on a server."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import NotPermitted, OutcomeUnknown
from core.database.postgresql_address import PostgresqlAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.model.review import Choice, DecisionKind
from core.office.office import Office
from core.office.opening import open_server_office
from core.opendental.key_status import KeyStatus
from core.review.writer import ReviewWriter
from tests.support.actors import ADMIN
from tests.support.databases import SampleFile, SampleServer, database_user, runtime
from tests.support.reviews import FAR, REVIEW, key_of, start_review
from tests.support.server import Server
from tests.support.shared_companions import ENGINES, SharedCompanion, require_postgresql, shared_companion

TABLES = (
    *("preference", "program", "programproperty", "definition", "securitylog", "securityloghash", "signalod"),
    *("userod", "usergroupattach", "grouppermission", "apikey", "replicationserver", "apisubscription"),
)
KEEP, DISABLE = Choice(DecisionKind.KEEP, FAR), Choice(DecisionKind.DISABLE)


def rights_without(table: str) -> list[str]:
    """Return all rights on the tables, but only to read one of them."""
    return [f"SELECT ON {each}" if each == table else f"SELECT, INSERT, UPDATE, DELETE ON {each}" for each in TABLES]


def decide(office: Office, developer: str, choice: Choice) -> None:
    review = office.review.require_under_way()
    office.review.decide(ADMIN, review, key_of(office, developer).fingerprint, choice)


CHANGES: dict[str, Callable[[Office], object]] = {
    "keep": lambda office: decide(office, "Appointment Bridge", KEEP),
    "disable": lambda office: decide(office, "Appointment Bridge", DISABLE),
    "end": lambda office: office.review.end(ADMIN, office.review.require_under_way(), with_open=True),
}


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
@pytest.mark.parametrize(
    ("rights", "lacks"),
    [
        (["SELECT"], "INSERT on securitylog, securityloghash, signalod"),
        (rights_without("securitylog"), "INSERT on securitylog"),
        (rights_without("securityloghash"), "INSERT on securityloghash"),
    ],
    ids=["only reads", "securitylog", "securityloghash"],
)
def test_a_review_is_shown_and_nothing_is_decided_without_the_right_to_log(
    server_sample: SampleServer, rights: list[str], lacks: str
) -> None:
    with server_sample.office() as office:
        start_review(office)
    before = server_sample.all_rows()
    with database_user(server_sample, *rights) as account, closing(server_sample.open_as(account)) as office:
        assert office.review.findings().findings
        assert len(office.review.progress(office.review.find()).open) == 3
        for change in CHANGES.values():
            with pytest.raises(NotPermitted, match=f"lacks {lacks}. Nothing was changed."):
                change(office)
    assert server_sample.all_rows() == before


@contextmanager
def companion_user(shared: SharedCompanion, server: Server, *rights: str) -> Iterator[SharedCompanion]:
    """Return a companion as a database user who may read it, with some more rights."""
    name, password, database = f"apisetup_test_{secrets.token_hex(4)}", "pass word", shared.address.database
    opened = SharedCompanion(replace(shared.address, user=name), password, shared.directory)
    if isinstance(shared.address, PostgresqlAddress):
        postgresql = require_postgresql()
        postgresql.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        for right in ("SELECT ON ALL TABLES IN SCHEMA public", *rights):
            postgresql.execute(f"GRANT {right} TO {name}", database)
        try:
            yield opened
        finally:
            postgresql.execute(f"DROP OWNED BY {name}", database)
            postgresql.execute(f"DROP ROLE {name}")
        return
    grants = (right.partition(" ON ") for right in ("SELECT ON *", *rights))
    server.execute(
        f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'",
        *(f"GRANT {words} ON `{database}`.{table} TO '{name}'@'%'" for words, _, table in grants),
    )
    try:
        yield opened
    finally:
        server.execute(f"DROP USER '{name}'@'%'")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_companion_without_a_right_leaves_a_decision_undone_and_logged_as_that(
    server_sample: SampleServer, server: Server, tmp_path: Path, engine: str
) -> None:
    def opened(companion: SharedCompanion) -> Office:
        address, password = server_sample.address, server_sample.password
        source, authority = companion.source(), AuthorityName.LOCAL
        return open_server_office(address, password, source, authority, default_agreement(), runtime())  # type: ignore[arg-type]

    rights = ("UPDATE ON apisetup_question", "INSERT, UPDATE, DELETE ON apisetup_journal", "UPDATE ON apisetup_review")
    with shared_companion(engine, server, tmp_path) as shared:
        with closing(opened(shared)) as office:
            start_review(office)
        with companion_user(shared, server, *rights) as limited, closing(opened(limited)) as office:
            with pytest.raises(NotPermitted) as caught:
                decide(office, "Stray Software", KEEP)
            assert "apisetup_review_item" in caught.value.sentence
            assert caught.value.sentence.endswith("Nothing was changed. The Audit Trail records that.")
            assert office.review.find().count(DecisionKind.KEEP) == 0
            *_, decision, not_done = server_sample.practice_rows()["securitylog"].values()
            assert not_done["LogText"] == f"NOT DONE: {decision['LogText']}"
            # What needs other rights works.
            assert not CHANGES["end"](office).is_under_way  # type: ignore[attr-defined]


def test_a_key_that_was_disabled_without_its_decision_is_not_said_to_be_unchanged(
    file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise NotPermitted("The companion can't be written. Nothing was changed. The Audit Trail records that.")

    with file_sample.office() as office:
        start_review(office)
        monkeypatch.setattr(ReviewWriter, "decide", refuse)
        with pytest.raises(OutcomeUnknown) as caught:
            decide(office, "Appointment Bridge", DISABLE)
        key = key_of(office, "Appointment Bridge")
        assert key.status is KeyStatus.DISABLED_BY_CUSTOMER
        assert office.review.find(REVIEW).count(DecisionKind.DISABLE) == 0
    assert caught.value.sentence == (
        f"{key.label} is now Disabled by Customer in the local registry. The decision was not recorded."
        " The companion can't be written."
    )
