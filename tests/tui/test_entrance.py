"""The way in: the embedded first start, the database password, and Open Dental's sign-in."""

from __future__ import annotations

import sqlite3

import pytest

from core.base.errors import PracticeUnavailable
from core.base.secret import Secret
from core.model.api_key import AuthorityName
from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from tests.support import embedded_rows as rows
from tests.support.open_requests import DATABASE_PASSWORD, FILE, file_request, server_request
from tests.support.signing_in import set_password, sign_in
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.app import ApisetupApp
from tui.modals.sign_in import SignInScreen
from tui.screens.connect import ConnectScreen

# -- the embedded practice -----------------------------------------------------------


async def test_the_first_start_makes_a_practice_and_logs_that_it_was_opened(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        assert user.text.startswith("Embedded practice · practice.sqlite3")
        assert "No API keys yet." in user.text
        assert rows.settings() == (0, "", "1")
        assert rows.audit_texts() == ["API/FHIR"]
        assert FILE.stat().st_mode & 0o777 == 0o600


async def test_the_first_picture_is_painted_before_the_practice_is_open(embedded: OpenRequest) -> None:
    app = ApisetupApp(embedded)
    async with app.run_test(size=(80, 24)) as pilot:
        user = User(pilot)
        await until(lambda: bool(user.stack))
        assert not user.screen.check_action("save", ())
        user.send("a", "d", "ctrl+s", "t", "r")
        assert "API Setup" in user.text
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]


async def test_a_file_that_is_something_else_says_so_and_can_be_tried_again() -> None:
    with sqlite3.connect(FILE) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    app = ApisetupApp(file_request(FILE))
    async with app.run_test(size=(80, 24)) as pilot:
        user = User(pilot)
        await user.at(ConnectScreen)
        assert "This SQLite file holds something else than a practice." in user.flowing_text
        assert user.keys.startswith("r Try again")
        FILE.unlink()
        await user.press("r")
        await user.at_api_setup()


async def test_a_damaged_file_says_so_and_the_program_ends_with_a_status() -> None:
    FILE.write_bytes(b"This is no database. " * 1000)
    app = ApisetupApp(file_request(FILE))
    async with app.run_test(size=(80, 24)) as pilot:
        user = User(pilot)
        await user.at(ConnectScreen)
        assert "damaged, or is no SQLite file at all" in user.flowing_text
        user.send("q")
        await until(lambda: app._exit)
        assert app.return_code == 1
        assert app.cannot_start is not None


async def test_a_file_of_another_account_says_so(demo: OpenRequest) -> None:
    rows.execute("UPDATE userod SET UserName = 'somebody' WHERE UserNum = 1")
    app = ApisetupApp(demo)
    async with app.run_test(size=(80, 24)) as pilot:
        user = User(pilot)
        await user.at(ConnectScreen)
        assert "This practice file has no user admin who may use API Setup." in user.flowing_text


async def test_the_demo_can_be_tried_again_where_it_could_not_be_entered() -> None:
    demo = file_request(FILE, demo=True)
    demo.open(Secret("")).close()
    demo.open(Secret("")).close()


# -- the database password -----------------------------------------------------------


async def test_the_database_password_is_asked_for_and_then_the_user(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        await user.at(ConnectScreen)
        assert "opendental on db.example:3306 as apisetup" in user.text
        await user.enter_text(DATABASE_PASSWORD)
        await user.press("enter")
        await user.at(SignInScreen)
        assert "MariaDB 10.11.6" in user.text
        await sign_in(user, "admin", "")
        await user.at_api_setup()
        assert user.text.splitlines()[0].endswith("admin")


async def test_a_wrong_database_password_can_be_typed_again(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        await user.at(ConnectScreen)
        await user.enter_text("not it")
        await user.press("enter")
        assert "The server refuses this database user or its password." in user.flowing_text
        assert "not it" not in user.text
        assert user.focused == "password"
        await user.fill("password", DATABASE_PASSWORD)
        await user.press("enter")
        await user.at(SignInScreen)


async def test_a_known_password_that_is_wrong_is_asked_for(demo: OpenRequest) -> None:
    async with run_program(server_request(password="old")) as user:
        await user.at(ConnectScreen)
        assert user.focused == "password"
        await user.enter_text(DATABASE_PASSWORD)
        await user.press("enter")
        await user.at(SignInScreen)


async def test_no_server_can_be_tried_again_and_ends_with_a_status() -> None:
    async with run_program(server_request(password="any", answers=False)) as user:
        await user.at(ConnectScreen)
        for key in ("r", "f6"):
            await user.press(key)
            assert "No database server answers there." in user.flowing_text
        user.send("q")
        await until(lambda: user.exited)
        assert user.app.return_code == 1
        assert "No database server answers there." in str(user.app.cannot_start)


# -- the sign-in ---------------------------------------------------------------------


async def test_signing_in_is_logged_and_leaving_too(demo: OpenRequest) -> None:
    set_password("admin", "drill")
    before = rows.last_entry()
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "ADMIN", "drill")
        await user.at_api_setup()
        assert rows.audit_texts(before) == ["User: admin has logged on.", "API/FHIR"]
        user.send("q")
        await until(lambda: user.exited)
        assert rows.audit_texts(before)[2:] == ["User: admin has logged off."]


async def test_one_answer_for_a_wrong_name_and_for_a_wrong_password(demo: OpenRequest) -> None:
    set_password("admin", "drill")
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        said = set()
        for name, password in (("nobody", "drill"), ("admin", "wrong"), ("admin", "")):
            await sign_in(user, name, password)
            said.add(user.status_text)
            assert (user.focused, user.field("password").value) == ("password", "")
        assert len(said) == 1
        assert said.pop().startswith("Invalid username or password.")
        assert rows.query("SELECT FailedAttempts FROM userod WHERE UserName = 'admin'") == [(2,)]


async def test_a_locked_user_is_told_until_when(demo: OpenRequest) -> None:
    set_password("admin", "drill")
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        for _ in range(5):
            await sign_in(user, "admin", "wrong")
        await sign_in(user, "admin", "drill")
        assert user.status_text.startswith("This user is locked until 09:08:07 (the server's clock)")


async def test_a_user_without_setup_is_told_so(demo: OpenRequest) -> None:
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "Maria", "")
        assert user.status_text.startswith("The user Maria lacks the permission Setup")


async def test_with_the_local_registry_on_a_server_the_words_say_so(demo: OpenRequest) -> None:
    async with run_program(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "admin", "")
        await user.at_api_setup()
        assert "local registry" in user.text
        await user.press("i")
        assert "headquarters is not told" in user.flowing_text


async def test_a_first_reading_that_fails_is_told_on_the_way_in(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_service: SettingsService) -> None:
        raise PracticeUnavailable("The settings cannot be read now.")

    monkeypatch.setattr(SettingsService, "load", fail)
    app = ApisetupApp(demo)
    async with app.run_test(size=(80, 24)) as pilot:
        user = User(pilot)
        await user.at(ConnectScreen)
        assert "The settings cannot be read now." in user.flowing_text
    app.commits.close()


async def test_a_wrong_database_password_is_gone_from_its_field(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        await user.at(ConnectScreen)
        await user.enter_text("wrong")
        await user.press("enter")
        assert "refuses this database user" in user.flowing_text
        assert user.field("password").value == ""
