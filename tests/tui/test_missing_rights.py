"""Places 1 to 3 and `w` where tables or rights are missing: each says so in a line, and everything else works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.base.secret import Secret
from core.database.address import FileAddress, ServerAddress
from core.model.authority_name import AuthorityName
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from tests.support import embedded_rows as rows
from tests.support.databases import server_database
from tests.support.open_requests import PATHS, runtime
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import PASSWORDS
from tests.support.reviews import REVIEW, start_review
from tests.support.server import Server
from tests.support.signing_in import sign_in
from tests.support.user_driver import User, run_program
from tui.modals.payment_type import PaymentTypeDialog
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.key_review import KeyReviewScreen
from tui.screens.payment_types import PaymentTypesScreen
from tui.screens.review import ReviewScreen
from tui.screens.subscriptions import SubscriptionsScreen
from tui.screens.why import WhyScreen

pytestmark = pytest.mark.xdist_group("missing_rights")
READING = (
    *("preference", "program", "programproperty", "definition", "securitylog", "securityloghash", "signalod"),
    *("userod", "usergroupattach", "grouppermission", "apikey", "replicationserver"),
)
"""The tables without which no practice is opened."""
OPTIONAL = ("apisubscription", "fhirsubscription", "fhircontactpoint", "computer")
SERVICES = ("eservicesignal", "alertitem", "updatehistory")


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[str]:
    """A practice of 24.3 on the server, for the tests of this file."""
    with server_database(server, NEW, "InnoDB") as name:
        yield name


@contextmanager
def opened_by(server: Server, database: str, *rights: str) -> Iterator[OpenRequest]:
    """Return the request to open the practice as a database user with some rights."""
    user, password = server.temporary_name(), "pass word"
    grants = [right.partition(" ON ") for right in rights]
    server.execute(
        f"CREATE USER '{user}'@'%' IDENTIFIED BY '{password}'",
        *(f"GRANT {words} ON `{database}`.{table} TO '{user}'@'%'" for words, _, table in grants),
    )
    office = ConfiguredOffice(
        name="",
        address=ServerAddress(host=server.host, port=server.port, database=database, user=user),
        authority=AuthorityName.LOCAL,
        companion=FileAddress(Path("companion.sqlite3")),
    )
    try:
        yield OpenRequest(office, LaunchContext(runtime(), PATHS), password=Secret(password))
    finally:
        server.execute(f"DROP USER '{user}'@'%'")


async def enter(user: User) -> None:
    await sign_in(user, "Admin", PASSWORDS["Admin"])
    await user.at(ApiSetupScreen)
    await user.settle()


async def look(user: User) -> None:
    """Look for what is wrong, as API Setup does once a minute."""
    (await user.at(ApiSetupScreen)).look()
    await user.settle()


async def test_dropped_tables_leave_a_line_in_each_place(demo: OpenRequest) -> None:
    for table in (*OPTIONAL, *SERVICES):
        rows.execute(f"DROP TABLE {table}")
    async with run_program(demo, size=(120, 40)) as user:
        await look(user)
        assert "ClearPay" in user.text
        await user.press("2")
        await user.at(SubscriptionsScreen)
        assert "unknown: no table apisubscription unknown: no table fhirsubscription" in user.flowing_text
        await user.press("3")
        await user.at(PaymentTypesScreen)
        assert "Credit Card" in user.text
        await user.press("1", "w")
        await user.at(WhyScreen)
        assert "? Unknown               eConnector: unknown, no table" in user.text
        assert user.app.crash is None


async def test_a_database_user_who_may_only_read_sees_every_place(server: Server, database: str) -> None:
    with opened_by(server, database, *(f"SELECT ON {table}" for table in READING)) as request:
        async with run_program(request, size=(120, 40)) as user:
            await enter(user)
            await look(user)
            assert "READ-ONLY" in user.text
            await user.press("2")
            await user.at(SubscriptionsScreen)
            assert "unknown: no right to read apisubscription" in user.flowing_text
            await user.press("3")
            await user.at(PaymentTypesScreen)
            await user.press("a")
            assert "read-only" in user.status_text
            await user.press("1", "w")
            await user.at(WhyScreen)
            assert "? Unknown               eConnector: unknown, no right" in user.text


async def test_a_database_user_without_rights_on_payment_types_is_told_which(server: Server, database: str) -> None:
    writing = [f"SELECT, INSERT ON {table}" for table in ("securitylog", "securityloghash", "signalod")]
    with opened_by(server, database, *(f"SELECT ON {table}" for table in READING), *writing) as request:
        async with run_program(request) as user:
            await enter(user)
            await user.press("3")
            await user.at(PaymentTypesScreen)
            await user.press("a")
            await user.at(PaymentTypeDialog)
            await user.enter_text("Bank")
            await user.press("ctrl+s")
            await user.at(PaymentTypeDialog)
            assert "INSERT" in user.status_text
            assert "definition" in user.status_text


async def test_a_user_without_def_edit_changes_no_payment_type(server: Server, database: str) -> None:
    with server.connection(database) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM grouppermission WHERE PermType = 220")
    with opened_by(server, database, "ALL ON *") as request:
        async with run_program(request) as user:
            await enter(user)
            await user.press("3")
            await user.at(PaymentTypesScreen)
            assert "Credit Card" in user.text
            await user.press("a")
            await user.at(PaymentTypeDialog)
            await user.enter_text("Bank")
            await user.press("ctrl+s")
            await user.at(PaymentTypeDialog)
            assert "doesn't have the permission DefEdit" in user.status_text


async def test_a_database_user_who_only_reads_sees_a_review_and_is_told_why_nothing_can_be_decided(
    server: Server, database: str
) -> None:
    with opened_by(server, database, "ALL ON *") as request:
        office = request.open(Secret("pass word"))
        start_review(office)
        office.close()
    with opened_by(server, database, "SELECT ON *") as request:
        async with run_program(request) as user:
            await enter(user)
            await user.press("5")
            await user.at(ReviewScreen)
            assert f"{REVIEW}: 0 of " in user.text
            await user.press("C")
            await user.at(KeyReviewScreen)
            for key in ("y", "d", "W", "R", "F", "space", "ctrl+z", "n"):
                await user.press(key)
                await user.at(KeyReviewScreen)
                assert user.status_text.startswith("Read-only: "), key
                assert "lacks INSERT on securitylog" in user.status_text
            for word in ("Keep", "Disable", "Ask vendor", "Select", "Finish"):
                assert word not in user.keys


async def test_a_user_without_setup_is_not_let_in(server: Server, database: str) -> None:
    with opened_by(server, database, "ALL ON *") as request:
        async with run_program(request) as user:
            await sign_in(user, "Maria", PASSWORDS["Maria"])
            await user.settle()
            assert "Setup" in user.flowing_text
            assert "ClearPay" not in user.text
