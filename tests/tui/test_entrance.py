"""Opening a practice: the first start of the embedded one, the database password and the sign-in to Open Dental."""

from __future__ import annotations

import sqlite3

import pytest

from core.base.errors import CompanionUnavailable, PracticeUnavailable
from core.base.secret import Secret
from core.database.companion_address import parse_companion_url
from core.keys.service import KeyService
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.offices.open_request import OpenRequest
from core.offices.password_source import PROMPT
from core.settings.service import SettingsService
from tests.support import embedded_rows as rows
from tests.support.open_requests import DATABASE_PASSWORD, FILE, file_request, server_request, with_office
from tests.support.signing_in import set_password, sign_in
from tests.support.user_driver import run_program, running
from tests.support.waiting import until
from tui.app import ApisetupApp
from tui.modals.sign_in import SignInScreen
from tui.screens.connect import ConnectScreen

# -- the embedded practice -----------------------------------------------------------


async def test_the_first_start_creates_a_practice_and_logs_the_opening(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        assert user.text.lstrip().startswith("Embedded practice  practice.sqlite3")
        assert "No API keys yet." in user.text
        assert not {"Edit", "Disable", "Select", "View", "Remove"} & set(user.keys.split())
        assert rows.settings() == (0, "", "1")
        assert rows.audit_texts() == ["API/FHIR"]
        assert FILE.stat().st_mode & 0o777 == 0o600


async def test_the_first_picture_is_painted_before_the_practice_is_open(embedded: OpenRequest) -> None:
    async with running(ApisetupApp(embedded)) as user:
        await until(lambda: bool(user.stack))
        assert not user.screen.check_action("save", ())
        user.send("a", "d", "ctrl+s", "t", "r")
        assert "API Setup" in user.text
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]


async def test_a_file_with_other_content_is_refused_and_can_be_retried() -> None:
    FILE.touch(0o600)
    with sqlite3.connect(FILE) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    async with running(ApisetupApp(file_request(FILE))) as user:
        await user.at(ConnectScreen)
        assert "This SQLite file isn't a practice database." in user.flowing_text
        assert user.keys.startswith("r Retry")
        FILE.unlink()
        await user.press("r")
        await user.at_api_setup()


async def test_a_damaged_file_is_reported_and_the_program_exits_with_1() -> None:
    FILE.touch(0o600)
    FILE.write_bytes(b"This is no database. " * 1000)
    app = ApisetupApp(file_request(FILE))
    async with running(app) as user:
        await user.at(ConnectScreen)
        assert "is damaged, or isn't an SQLite database" in user.flowing_text
        user.send("ctrl+q")
        await until(lambda: app.is_exiting)
        assert app.return_code == 1
        assert app.startup_error is not None


async def test_a_file_of_another_account_is_refused(demo: OpenRequest) -> None:
    rows.execute("UPDATE userod SET UserName = 'somebody' WHERE UserNum = 1")
    async with running(ApisetupApp(demo)) as user:
        await user.at(ConnectScreen)
        assert "This practice file has no user admin with access to API Setup or the Audit Trail." in user.flowing_text


async def test_the_demo_can_be_opened_a_second_time() -> None:
    demo = file_request(FILE, demo=True)
    demo.open(Secret("")).close()
    demo.open(Secret("")).close()


# -- the database password -----------------------------------------------------------


async def test_the_database_password_is_asked_for_before_the_user(demo: OpenRequest) -> None:
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


async def test_the_password_of_a_companion_is_asked_for_and_can_be_typed_again(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = with_office(
        server_request(), companion=parse_companion_url("postgresql://u@db.example/c"), companion_password_from=PROMPT
    )
    passwords: list[str] = []

    def read_companion(request: OpenRequest, password: Secret, **_options: object) -> Office:
        passwords.append(request.companion_source().password.reveal())
        if passwords == ["wrong"]:
            raise CompanionUnavailable("Companion database c on db.example: refused.", "Check the password.")
        return opened(request, password)

    opened = type(request).open
    monkeypatch.setattr(type(request), "open", read_companion)
    async with run_program(request) as user:
        await user.at(ConnectScreen)
        await user.enter_text(DATABASE_PASSWORD)
        await user.press("enter")
        assert user.focused == "companion-password"
        await user.enter_text("wrong")
        await user.press("enter")
        assert "Companion database c on db.example: refused." in user.flowing_text
        assert user.focused == "companion-password"
        await user.enter_text("right")
        await user.press("enter")
        await user.at(SignInScreen)
    assert passwords == ["wrong", "right"]


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


async def test_a_configured_password_that_is_refused_is_asked_for(demo: OpenRequest) -> None:
    async with run_program(server_request(password="old")) as user:
        await user.at(ConnectScreen)
        assert user.focused == "password"
        await user.enter_text(DATABASE_PASSWORD)
        await user.press("enter")
        await user.at(SignInScreen)


async def test_a_failed_connection_can_be_retried_and_the_program_exits_with_1() -> None:
    async with run_program(server_request(password="any", answers=False)) as user:
        await user.at(ConnectScreen)
        for key in ("r", "f6"):
            await user.press(key)
            assert "No database server answers there." in user.flowing_text
        user.send("ctrl+q")
        await until(lambda: user.app.is_exiting)
        assert user.app.return_code == 1
        assert "No database server answers there." in str(user.app.startup_error)


# -- the sign-in ---------------------------------------------------------------------


async def test_sign_in_and_sign_out_are_logged(demo: OpenRequest) -> None:
    set_password("admin", "drill")
    before = rows.last_entry()
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "ADMIN", "drill")
        await user.at_api_setup()
        assert rows.audit_texts(before) == ["User: admin has logged on.", "API/FHIR"]
        user.send("ctrl+q")
        await until(lambda: user.app.is_exiting)
        assert rows.audit_texts(before)[2:] == ["User: admin has logged off."]


async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(demo: OpenRequest) -> None:
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


async def test_a_locked_user_sees_when_the_lock_ends(demo: OpenRequest) -> None:
    set_password("admin", "drill")
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        for _ in range(5):
            await sign_in(user, "admin", "wrong")
        await sign_in(user, "admin", "drill")
        assert user.status_text.startswith("This user is locked until 09:08:07 (the server's clock)")


async def test_a_user_without_the_setup_permission_is_refused(demo: OpenRequest) -> None:
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "Maria", "")
        assert user.status_text.startswith("The user Maria needs the permission Setup")


async def test_a_local_registry_on_a_server_is_shown_as_such(demo: OpenRequest) -> None:
    async with run_program(server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)) as user:
        await sign_in(user, "admin", "")
        await user.at_api_setup()
        assert "local registry" in user.text
        await user.press("i")
        assert "headquarters isn't informed" in user.flowing_text


async def test_a_failure_of_the_first_load_is_shown_on_the_connect_screen(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_service: KeyService) -> None:
        raise PracticeUnavailable("The keys cannot be read now.")

    monkeypatch.setattr(KeyService, "list", fail)
    async with running(ApisetupApp(demo)) as user:
        await user.at(ConnectScreen)
        assert "The keys cannot be read now." in user.flowing_text


async def test_settings_that_cannot_be_read_keep_no_admin_from_the_keys(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_service: SettingsService) -> None:
        raise PracticeUnavailable("The settings cannot be read now.")

    load = SettingsService.load
    monkeypatch.setattr(SettingsService, "load", fail)
    async with run_program(demo) as user:
        assert "The settings cannot be read now." in user.flowing_text
        assert "Appointment Br" in user.text
        monkeypatch.setattr(SettingsService, "load", load)
        await user.press("r")
        assert "● on" in user.text.partition("FHIR interval")[0]


async def test_a_refused_database_password_is_cleared_from_its_field(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        await user.at(ConnectScreen)
        await user.enter_text("wrong")
        await user.press("enter")
        assert "refuses this database user" in user.flowing_text
        assert user.field("password").value == ""
