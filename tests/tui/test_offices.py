"""The list of offices, and from one to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from core.model.api_key import AuthorityName
from core.office.office import Office
from core.offices.catalog import Offices
from core.offices.open_request import OpenRequest
from core.offices.paths import Locations
from core.settings.service import SettingsService
from core.users.service import UserService
from tests.support import embedded_rows as rows
from tests.support.gates import Gates
from tests.support.open_requests import (
    DATABASE_PASSWORD,
    FILE,
    ServerOpenRequest,
    file_request,
    runtime,
    server_request,
)
from tests.support.signing_in import set_password, sign_in
from tests.support.user_driver import SIZE, User
from tests.support.waiting import until
from tui.app import ApisetupApp
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


def write(text: str = OFFICES) -> None:
    CONFIGURATION.write_text(text)
    CONFIGURATION.chmod(0o600)


@asynccontextmanager
async def choosing(opening: OpenRequest | None = None) -> AsyncIterator[User]:
    """Run the program with the offices of the file, beginning with the list unless a practice is named."""
    offices = Offices(Locations(CONFIGURATION.absolute(), Path("debug.log")), runtime(), {})
    app = ApisetupApp(opening, offices)
    async with app.run_test(size=SIZE) as pilot:
        yield User(pilot)
    app.commits.close()


@pytest.fixture(autouse=True)
def _offices(demo: OpenRequest) -> None:
    write()


async def test_the_list_tells_where_each_office_is() -> None:
    async with choosing() as user:
        await user.at(OfficesScreen)
        assert user.row == "Downtown | db.example | opendental | never"
        assert "PRODUCTION: real patients' data" in user.text
        await user.press("down")
        assert user.row == "North Side | this computer | practice.sqlite3 | never"
        assert "READ-ONLY: nothing is written" in user.text


async def test_an_office_that_was_opened_is_where_the_next_start_begins() -> None:
    async with choosing() as user:
        await user.at(OfficesScreen)
        await user.press("end", "enter")
        await user.at_api_setup()
    async with choosing() as user:
        await user.at(OfficesScreen)
        assert user.row == "Training | this computer | training.sqlite3 | 2024-11-05"
        assert "Last opened: 2024-11-05 09:03, as far as this computer knows" in user.text


async def test_the_filter_narrows_and_enter_opens_the_only_one_left() -> None:
    async with choosing() as user:
        await user.at(OfficesScreen)
        await user.press("slash", *"trai")
        assert "Offices: 1 of 3" in user.text
        await user.press("enter")
        await user.at_api_setup()
        assert user.text.startswith("Embedded practice")


async def test_escape_ends_the_filter_and_leads_nowhere_while_nothing_is_open() -> None:
    async with choosing() as user:
        await user.at(OfficesScreen)
        await user.press("slash", *"zzz")
        assert "No office matches the filter" in user.text
        await user.press("enter", "escape")
        assert "Offices: 3" in user.text
        await user.press("escape", "escape")
        assert isinstance(user.app.screen, OfficesScreen)


async def test_the_first_line_says_read_only_as_soon_as_it_is_known() -> None:
    async with choosing() as user:
        await user.at(OfficesScreen)
        await user.press("down", "enter")
        await user.at_api_setup()
        assert user.text.splitlines()[0].endswith("READ-ONLY")


async def test_the_first_line_says_production() -> None:
    async with choosing(replace(server_request(password=DATABASE_PASSWORD), production=True)) as user:
        await sign_in(user, "admin", "")
        await user.at_api_setup()
        assert user.text.splitlines()[0].endswith("admin · PRODUCTION")


async def test_a_configuration_with_a_slip_is_told_and_can_be_read_again() -> None:
    async with choosing() as user:
        await user.at(OfficesScreen)
        write(OFFICES + "hosst = 1")
        await user.press("r")
        line = OFFICES.count("\n") + 1
        assert f", line {line}, the name offices.Training.hosst is not known." in user.flowing_text
        assert "Did you mean offices.Training.host?" in user.flowing_text
        await user.press("enter")
        assert isinstance(user.app.screen, OfficesScreen)
        write()
        await user.press("r")
        assert (user.status_text, "Offices: 3" in user.text) == ("Read again.", True)


# -- from one to another -------------------------------------------------------------


async def test_another_office_takes_the_place_of_this_one() -> None:
    async with choosing() as user:
        await user.at(OfficesScreen)
        await user.press("down", "enter")
        await user.at_api_setup()
        await user.press("o")
        await user.at(OfficesScreen)
        assert user.row.endswith("open now")
        await user.press("down", "enter")
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]
        assert user.text.startswith("Embedded practice")


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_back_to_the_office_that_is_open(key: str) -> None:
    async with choosing(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.fill("interval", "7")
        await user.press("f8")
        await user.at(OfficesScreen)
        await user.press("escape")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
    async with choosing() as user:
        await user.at(OfficesScreen)
        await user.press("end", "enter")
        await user.at_api_setup()
        await user.press("o", key)
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]


async def test_what_is_not_saved_is_asked_about_before_leaving() -> None:
    async with choosing(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.fill("interval", "7")
        await user.press("f8", "end", "enter")
        await user.at(Question)
        assert "Not saved yet: subscription interval." in user.flowing_text
        await user.press("escape")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
        await user.press("f8", "end", "enter")
        await user.at(Question)
        await user.press("y")
        await user.at_api_setup()
        assert user.text.startswith("Embedded practice")


async def test_a_change_that_is_being_written_ends_first(gate: Gates) -> None:
    async with choosing(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.fill("interval", "7")
        held = gate(SettingsService, "save")
        user.send("ctrl+s")
        await until(held.entered.is_set)
        user.send("f8")
        await until(lambda: isinstance(user.app.screen, OfficesScreen) and user.app.screen.is_mounted)
        await until(lambda: len(user.list.rows) == 3)
        user.send("end", "enter")
        await until(lambda: isinstance(user.app.screen, Question))
        user.send("y")
        held.open()
        await user.at_api_setup()
        await until(lambda: user.text.startswith("Embedded practice"))


async def test_the_palette_leads_to_the_offices_from_everywhere() -> None:
    async with choosing(file_request(FILE)) as user:
        await user.at_api_setup()
        await user.press("t")
        await user.press("ctrl+p")
        await user.press(*"another office")
        await user.press("enter")
        await user.at(OfficesScreen)


async def test_escape_leads_from_a_practice_that_does_not_open_back_to_the_list() -> None:
    async with choosing(server_request(password="any", answers=False)) as user:
        await user.at(ConnectScreen)
        await user.press("escape")
        await user.at(OfficesScreen)
        await user.press("end", "enter")
        await user.at_api_setup()


async def test_escape_leads_from_the_sign_in_back_to_the_list() -> None:
    async with choosing(server_request(password=DATABASE_PASSWORD)) as user:
        await user.at(SignInScreen)
        await user.press("escape")
        await user.at(OfficesScreen)
        assert user.app._office is not None
        await user.press("end", "enter")
        await user.at_api_setup()


async def test_an_office_that_opens_behind_the_list_waits_for_it(gate: Gates) -> None:
    held = gate(OpenRequest, "known_password")
    async with choosing(server_request(password=DATABASE_PASSWORD)) as user:
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


async def test_an_office_that_nobody_waits_for_any_more_is_closed(gate: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Office] = []
    monkeypatch.setattr(Office, "close", lambda office: closed.append(office))
    held = gate(ServerOpenRequest, "open")
    async with choosing(server_request(password=DATABASE_PASSWORD)) as user:
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: isinstance(user.app.screen, OfficesScreen) and len(user.list.rows) == 3)
        user.send("end", "enter")
        await until(lambda: user.stack == ["ApiSetupScreen"])
        assert closed == []
        held.open()
        await until(lambda: len(closed) == 1)


async def test_one_can_go_to_another_office_from_the_lock() -> None:
    set_password("admin", "drill")
    async with choosing(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await user.fill("interval", "7")
        before = rows.last_entry()
        user.app.lock()
        await user.at(SignInScreen)
        await user.press("escape")
        await user.at(OfficesScreen)
        assert "Offices: 3" in user.text
        await user.press("end", "enter")
        await user.at(Question)
        await user.press("y")
        await user.at_api_setup()
        assert user.text.startswith("Embedded practice")
        assert rows.audit_texts(before) == ["User: admin has auto logged off."]


async def test_the_list_that_was_open_when_the_lock_came_can_be_opened_again() -> None:
    set_password("admin", "drill")
    async with choosing(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
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


async def test_a_server_that_does_not_answer_does_not_keep_one_from_leaving(
    gate: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password("admin", "drill")
    monkeypatch.setattr("tui.app.SHUTDOWN_TIMEOUT", 0.05)
    async with choosing(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        held = gate(UserService, "sign_out")
        user.send("q")
        await until(lambda: user.status_text == "Signing out…" or user.exited)
        await until(lambda: user.exited)
        held.open()
        await until(held.left.is_set)


async def test_without_offices_no_key_speaks_of_them(demo: OpenRequest) -> None:
    app = ApisetupApp(demo)
    async with app.run_test(size=SIZE) as pilot:
        user = User(pilot)
        await user.at_api_setup()
        await user.press("o", "f8")
        assert user.stack == ["ApiSetupScreen"]
        await user.press("question_mark")
        assert "office" not in user.text.lower()
    app.commits.close()


def test_all_offices_are_read_only_where_the_command_line_says_so() -> None:
    offices = Offices(Locations(CONFIGURATION.absolute(), Path("debug.log")), runtime(), {}, read_only=True)
    assert all(each.opening.read_only for each in offices.list())


def test_an_office_has_its_own_agreement_or_that_of_all(tmp_path: Path) -> None:
    (tmp_path / "ours.txt").write_text("Ours.")
    (tmp_path / "all.txt").write_text("All.")
    write('[license]\nfile = "all.txt"\n' + OFFICES + 'license_file = "ours.txt"\nlicense_title = "Ours"\n')
    offices = Offices(Locations(CONFIGURATION.absolute(), Path("debug.log")), runtime(), {})
    assert offices.opening("Training").configuration.agreement().title == "Ours"
    assert offices.opening("North Side").configuration.agreement().text == "All."


def test_when_an_office_was_opened_is_noted_by_its_name() -> None:
    offices = Offices(Locations(CONFIGURATION.absolute(), Path("debug.log")), runtime(), {})
    offices.record_opened(offices.opening("Training"))
    offices.record_opened(file_request(FILE))
    assert {each.name: each.last_opened for each in offices.list() if each.last_opened} == {
        "Training": datetime(2024, 11, 5, 9, 3, 7)
    }
