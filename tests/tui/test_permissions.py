"""The dialog that chooses the permissions of a key: groups, explanations, the filter, and leaving it."""

from __future__ import annotations

from textual.widgets import Static

from core.offices.open_request import OpenRequest
from core.opendental.api_permissions import API_PERMISSIONS
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.user_driver import User, run_program
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Question
from tui.screens.edit_key import EditKeyScreen


async def open_permissions(user: User) -> None:
    await user.press("a")
    await user.at(AssignKeyScreen)
    await user.press("ctrl+o")
    await user.at(PermissionChoice)


async def take(user: User) -> str:
    """Take what is chosen and return how the form shows it."""
    await user.press("ctrl+s")
    await user.at(AssignKeyScreen)
    return " ".join(str(user.screen.query_one("#permission-names", Static).visual).split())


async def test_permissions_are_listed_by_group_with_what_they_allow(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        assert "READING" in user.text
        assert "0 of 2 chosen" in user.text
        assert (
            user.row
            == "[ ] | ApiReadAll | Read everything but queries, patients' data included, and subscribe to changes"
        )
        await user.go_to("ApiQueries")
        assert user.row == "[ ] | ApiQueries | ! reads the whole database"
        assert "! Risky: it reads the whole database. ApiQueries: Run any SQL query" in user.flowing_text


async def test_risky_permissions_are_marked_with_a_word_not_only_a_color(embedded: OpenRequest) -> None:
    async with run_program(embedded, size=(80, 60)) as user:
        await open_permissions(user)
        for name, risk in (
            ("ApiQueries", "reads the whole database"),
            ("ApiSetup", "creates users"),
            ("ApiPayments", "enters payments"),
            ("PaymentCreate", "enters payments"),
        ):
            with case(name):
                await user.go_to(name)
                assert user.row == f"[ ] | {name} | ! {risk}"


async def test_space_on_a_heading_chooses_the_group_or_drops_it(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        await user.go_to("ApiPayments")
        await user.press("space")
        await user.go_to("MONEY")
        await user.press("space")
        assert user.row == " | MONEY | 3 of 3 chosen"
        assert await take(user) == "3: ApiInsurance, ApiPayments, ApiPayPlans"
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.go_to("MONEY")
        await user.press("space")
        assert await take(user) == "none"


async def test_all_and_none_are_one_key_each(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        await user.press("a")
        assert (await take(user)).startswith(f"{len(API_PERMISSIONS)}: AppointmentCreate")
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.press("n")
        assert await take(user) == "none"


async def test_the_filter_finds_names_groups_explanations_and_risks(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        for typed, name in (
            ("textingasap", "ApiTextingASAP"),
            ("creates users", "ApiSetup"),
            ("sql", "ApiQueries"),
            ("fhir payments create", "PaymentCreate"),
        ):
            with case(typed):
                await user.press("slash")
                await user.fill("permission-filter", typed)
                assert len(user.list.rows) == 2
                assert f"| {name} |" in user.row
                await user.press("escape")
                assert isinstance(user.screen, PermissionChoice)
                assert len(user.list.rows) > len(API_PERMISSIONS)


async def test_all_chooses_only_what_the_filter_shows(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        await user.press("slash")
        await user.enter_text("money")
        await user.press("enter", "a")
        assert await take(user) == "3: ApiInsurance, ApiPayments, ApiPayPlans"


async def test_a_filter_without_a_match_says_so(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        await user.press("slash")
        await user.enter_text("nothing has this")
        assert "No permission matches. Press Esc to show all." in user.text
        await user.press("enter", "space", "a", "ctrl+s")
        await user.at(AssignKeyScreen)


async def test_escape_asks_only_if_something_was_toggled(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        await user.press("escape")
        await user.at(AssignKeyScreen)
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.press("space", "space", "escape")
        await user.at(AssignKeyScreen)
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.press("space", "escape")
        await user.at(Question)
        assert "Added: ApiReadAll." in user.flowing_text
        await user.press("escape")
        assert user.row.startswith("[x] | ApiReadAll")
        await user.press("escape")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(AssignKeyScreen)
        assert "Permissions            none" in user.text


async def test_quitting_with_toggled_permissions_asks(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_permissions(user)
        await user.press("space", "ctrl+q")
        await user.at(Question)
        assert "the permissions of the key" in user.flowing_text


async def test_permissions_that_are_not_known_here_are_kept(demo: OpenRequest) -> None:
    rows.execute('UPDATE apisetup_key SET permissions = \'["ApiReadAll", "InsuranceSimple"]\'')
    async with run_program(demo) as user:
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.press("p")
        await user.at(PermissionChoice)
        await user.go_to("InsuranceSimple")
        assert user.row == "[x] | InsuranceSimple | A permission that this version of apisetup doesn't know"
        await user.go_to("ApiReadAll")
        await user.press("space", "ctrl+s")
        await user.at(EditKeyScreen)
        assert "1: InsuranceSimple" in user.text
