"""The offices screen, and switching from one office to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from core.users.service import UserService
from tests.support import embedded_rows as rows
from tests.support.gates import Gates
from tests.support.open_requests import (
    DATABASE_PASSWORD,
    FILE,
    ServerOpenRequest,
    catalog_of,
    file_request,
    server_request,
    with_office,
)
from tests.support.opened_files import count_opens
from tests.support.signing_in import set_password, sign_in
from tests.support.user_driver import User, run_program, running
from tests.support.waiting import until
from tui.app import ApisetupApp
from tui.commands.launch_target import find_launch_target
from tui.commands.parser import parse_arguments
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.screens.connect import ConnectScreen
from tui.screens.offices import OfficesScreen

CONFIGURATION = Path("config.toml")
OFFICES = """
[offices.Downtown]
host = "db.example"
database = "opendental"
user = "apisetup"
production = true

[offices."North Side"]
file = "practice.sqlite3"
read_only = true

[offices.Training]
file = "training.sqlite3"
"""


def write_configuration(text: str = OFFICES) -> None:
    CONFIGURATION.write_text(text)
    CONFIGURATION.chmod(0o600)


@asynccontextmanager
async def working_with_offices(request: OpenRequest | None = None) -> AsyncIterator[User]:
    """Run the program with the offices of the configuration file; without a request it shows the list first."""
    offices = catalog_of(CONFIGURATION.absolute())
    async with running(ApisetupApp(request, offices)) as user:
        yield user


@pytest.fixture(autouse=True)
def _offices(demo: OpenRequest) -> None:
    write_configuration()


async def test_the_list_shows_server_and_database_of_each_office() -> None:
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        assert user.row.startswith("Downtown | asks for password |")
        assert "Downtown  opendental on db.example" in user.text
        assert "PRODUCTION: real patients' data" in user.text
        await user.press("down")
        assert user.row.startswith("North Side | answers |")
        assert "North Side  " in user.text
        assert "READ-ONLY: nothing is written" in user.text


async def test_the_cursor_starts_on_the_office_that_was_opened_last() -> None:
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        await user.press("end", "enter")
        await user.at_api_setup()
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        assert user.row.startswith("Training | answers |")
        assert "Last opened: 2024-11-05 09:03, from this computer" in user.text


async def test_enter_in_the_filter_opens_the_only_match() -> None:
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        await user.press("slash", *"trai")
        assert "Offices  1 of 3" in user.text
        await user.press("enter")
        await user.at_api_setup()
        assert user.text.lstrip().startswith("Embedded practice")


async def test_escape_only_ends_the_filter_while_no_office_is_open() -> None:
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        await user.press("slash", *"zzz")
        assert "No office matches the filter" in user.text
        await user.press("enter", "escape")
        assert "Offices  3" in user.text
        await user.press("escape", "escape")
        assert isinstance(user.app.screen, OfficesScreen)


async def test_the_title_line_says_read_only() -> None:
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        await user.press("down", "enter")
        await user.at_api_setup()
        assert user.text.splitlines()[0].endswith("READ-ONLY   admin")


async def test_the_title_line_says_production() -> None:
    async with working_with_offices(with_office(server_request(password=DATABASE_PASSWORD), production=True)) as user:
        await sign_in(user, "admin", "")
        await user.at_api_setup()
        assert user.text.splitlines()[0].endswith("PRODUCTION   admin")


async def test_a_mistake_in_the_configuration_is_reported_and_can_be_corrected() -> None:
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        write_configuration(OFFICES + "hosst = 1")
        await user.press("r")
        line_number = OFFICES.count("\n") + 1
        assert f", line {line_number}, unknown name offices.Training.hosst." in user.flowing_text
        assert "Did you mean offices.Training.host?" in user.flowing_text
        await user.press("enter")
        assert isinstance(user.app.screen, OfficesScreen)
        write_configuration()
        await user.press("r")
        assert (user.status_text, "Offices  3" in user.text) == ("Reloaded.", True)


# -- switching offices ---------------------------------------------------------------


async def test_another_office_replaces_the_current_one() -> None:
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        await user.press("down", "enter")
        await user.at_api_setup()
        await user.press("o")
        await user.at(OfficesScreen)
        assert user.row.startswith("North Side | open now |")
        await user.press("down", "enter")
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]
        assert user.text.lstrip().startswith("Embedded practice")


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_enter_and_escape_return_to_the_open_office(key: str) -> None:
    async with working_with_offices(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.fill("interval", "7")
        await user.press("f8")
        await user.at(OfficesScreen)
        await user.press("escape")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        await user.press("end", "enter")
        await user.at_api_setup()
        await user.press("o", key)
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]


async def test_switching_offices_asks_about_unsaved_input() -> None:
    async with working_with_offices(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.fill("interval", "7")
        await user.press("f8", "end", "enter")
        await user.at(Question)
        assert "Unsaved changes: subscription interval." in user.flowing_text
        await user.press("escape")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
        await user.press("f8", "end", "enter")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at_api_setup()
        assert user.text.lstrip().startswith("Embedded practice")


async def test_switching_offices_waits_for_a_running_change(gate: Gates) -> None:
    async with working_with_offices(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.fill("interval", "7")
        held = gate(SettingsService, "save")
        user.send("ctrl+s")
        await until(held.entered.is_set)
        user.send("f8")
        await until(lambda: isinstance(user.app.screen, OfficesScreen) and user.app.screen.is_mounted)
        await until(lambda: len(user.list.rows) == 3)
        user.send("end", "enter")
        await user.until_asked()
        user.send("ctrl+y")
        held.open()
        await user.at_api_setup()
        await until(lambda: user.text.lstrip().startswith("Embedded practice"))


async def test_the_palette_opens_the_offices_from_any_screen() -> None:
    async with working_with_offices(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.press("t")
        await user.press("ctrl+p")
        await user.press(*"another office")
        await user.press("enter")
        await user.at(OfficesScreen)


async def test_escape_returns_from_a_failed_connection_to_the_list() -> None:
    async with working_with_offices(server_request(password="any", answers=False)) as user:
        await user.at(ConnectScreen)
        await user.press("escape")
        await user.at(OfficesScreen)
        await user.press("end", "enter")
        await user.at_api_setup()


async def test_escape_returns_from_the_sign_in_to_the_list() -> None:
    async with working_with_offices(server_request(password=DATABASE_PASSWORD)) as user:
        await user.at(SignInScreen)
        await user.press("escape")
        await user.at(OfficesScreen)
        assert user.app._office is not None
        await user.press("end", "enter")
        await user.at_api_setup()


async def test_an_office_that_opens_behind_the_list_stays_behind_it(gate: Gates) -> None:
    held = gate(OpenRequest, "read_password")
    async with working_with_offices(server_request(password=DATABASE_PASSWORD)) as user:
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: isinstance(user.app.screen, OfficesScreen) and user.app.screen.is_mounted)
        held.open()
        await user.settle()
        assert isinstance(user.app.screen, OfficesScreen)
        await user.press("escape")
        await user.at(SignInScreen)
        await user.press("escape")
        await user.at(OfficesScreen)


async def test_an_office_that_opens_after_another_was_chosen_is_closed(
    gate: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Office] = []
    monkeypatch.setattr(Office, "close", lambda office: closed.append(office))
    held = gate(ServerOpenRequest, "open")
    async with working_with_offices(server_request(password=DATABASE_PASSWORD)) as user:
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: isinstance(user.app.screen, OfficesScreen) and user.app.screen.is_mounted)
        await until(lambda: len(user.list.rows) == 3)
        user.send("end", "enter")
        await until(lambda: user.stack == ["ApiSetupScreen"])
        assert closed == []
        held.open()
        await until(lambda: len(closed) == 1)
        await user.at_api_setup()


async def test_another_office_can_be_opened_from_the_lock() -> None:
    set_password("admin", "drill")
    async with working_with_offices(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await user.fill("interval", "7")
        before = rows.last_entry()
        user.app.lock()
        await user.at(SignInScreen)
        await user.press("escape")
        await user.at(OfficesScreen)
        assert "Offices  3" in user.text
        await user.press("end", "enter")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at_api_setup()
        assert user.text.lstrip().startswith("Embedded practice")
        assert rows.audit_texts(before) == ["User: admin has auto logged off."]


async def test_the_list_can_be_opened_again_after_the_lock_closed_it() -> None:
    set_password("admin", "drill")
    async with working_with_offices(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await user.press("o")
        await user.at(OfficesScreen)
        user.app.lock()
        await user.at(SignInScreen)
        await user.press("escape")
        await user.at(OfficesScreen)
        await user.press("escape")
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await user.press("o")
        await user.at(OfficesScreen)


async def test_quitting_does_not_wait_for_a_server_that_does_not_answer(
    gate: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password("admin", "drill")
    monkeypatch.setattr("tui.sign_out.SHUTDOWN_TIMEOUT", 0.05)
    async with working_with_offices(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        held = gate(UserService, "sign_out")
        user.send("ctrl+q")
        await until(lambda: user.status_text == "Signing out…" or user.app.is_exiting)
        await until(lambda: user.app.is_exiting)
        held.open()
        await until(held.left.is_set)


async def test_without_configured_offices_no_key_mentions_them(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("o", "f8")
        assert user.stack == ["ApiSetupScreen"]
        await user.press("question_mark")
        assert "office" not in user.text.lower()


def test_read_only_on_the_command_line_applies_to_all_offices() -> None:
    offices = catalog_of(CONFIGURATION.absolute(), read_only=True)
    assert all(each.request.read_only for each in offices.entries())


def test_an_office_has_its_own_agreement_or_the_general_one(tmp_path: Path) -> None:
    (tmp_path / "ours.txt").write_text("Ours.")
    (tmp_path / "all.txt").write_text("All.")
    write_configuration(
        '[license]\nfile = "all.txt"\n' + OFFICES + 'license_file = "ours.txt"\nlicense_title = "Ours"\n'
    )
    offices = catalog_of(CONFIGURATION.absolute())
    assert offices.open_request("Training").office.agreement().title == "Ours"
    assert offices.open_request("North Side").office.agreement().text == "All."


ONE_READING = ["r", "None"]
"""The file is opened by an opener of our own, which Python reports as a second opening without a mode."""


@pytest.mark.parametrize("arguments", [[], ["--office", "Training"], ["--url", "sqlite:///new.sqlite3"]])
async def test_a_start_reads_the_configuration_file_once(arguments: list[str]) -> None:
    environment = {"APISETUP_CONFIG": str(CONFIGURATION.absolute())}
    with ExitStack() as cleanup, count_opens(CONFIGURATION) as opens:
        target = find_launch_target(parse_arguments(arguments), environment, cleanup)
        async with running(ApisetupApp(target.request, target.offices)) as user:
            if not arguments:
                await user.at(OfficesScreen)
                assert "Offices  3" in user.text
                await user.press("end", "enter")
            await user.at_api_setup()
            assert opens == ONE_READING
            await user.press("o")
            await user.at(OfficesScreen)
            assert opens == ONE_READING * 2


def test_the_time_of_opening_is_recorded_by_office_name() -> None:
    offices = catalog_of(CONFIGURATION.absolute())
    offices.save_last_opened(offices.open_request("Training"))
    offices.save_last_opened(file_request(FILE))
    assert {each.name: each.last_opened for each in offices.reload() if each.last_opened} == {
        "Training": datetime(2024, 11, 5, 9, 3, 7)
    }


async def test_s_sorts_the_offices_by_each_column_and_returns_to_the_order_of_the_file() -> None:
    write_configuration("[offices.Zoo]\nfile = 'a.sqlite3'\n[offices.Alpha]\nfile = 'c.sqlite3'\n" + OFFICES)

    def names(user: User) -> list[str]:
        return [row.cells[0] for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]

    async with working_with_offices() as user:
        await user.at(OfficesScreen)
        listed = names(user)
        await user.press("s")
        assert "Office ▲" in user.list.render_line(0).text
        assert names(user) == sorted(listed, key=str.casefold) != listed
        await user.press("s")
        assert "State ▲" in user.list.render_line(0).text
        assert names(user)[-1] != "Downtown"
        await user.press("s", "s", "s", "s")
        assert "Read ▲" in user.list.render_line(0).text
        await user.press("s")
        assert names(user) == listed
        assert user.status_text == "In the order of the configuration file."
