"""When nobody presses a key for a while, everything is hidden until somebody signs in again."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from core.base.errors import PracticeUnavailable
from core.keys.service import KeyService
from core.model.api_key import AuthorityName
from core.office.office import Office
from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from core.users.service import UserService
from tests.support import embedded_rows as rows
from tests.support.gates import Gates
from tests.support.open_requests import DATABASE_PASSWORD, FILE, file_request, server_request
from tests.support.signing_in import set_password, sign_in
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.locked import LockedScreen
from tui.modals.notice import Notice
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.platform.inactivity import Inactivity, shorter
from tui.screens.api_setup import ApiSetupScreen


def server(**more: Any) -> OpenRequest:
    opening = server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)
    return replace(opening, **more)


async def arrive(user: User) -> None:
    await sign_in(user, "admin", "drill")
    await user.at_api_setup()


async def leave_alone(user: User) -> None:
    """Let the time pass that nobody may pass without a key."""
    user.app.lock()
    await until(lambda: not user.app.unlocked.is_set() and isinstance(user.app.screen, SignInScreen | LockedScreen))
    await user.settle()


@pytest.fixture(autouse=True)
def _with_password(demo: OpenRequest) -> None:
    set_password("admin", "drill")


# -- what is hidden, and what is kept ------------------------------------------------


async def test_nothing_of_the_practice_is_left_on_the_screen_but_its_name() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        developers = {row.cells[0] for row in (user.list.rows.row(0), user.list.rows.row(1)) if row}
        assert all(developer in user.text for developer in developers)
        await leave_alone(user)
        assert not any(developer in user.text for developer in developers)
        assert "admin was logged off, since no key was pressed." in user.flowing_text


async def test_being_logged_off_is_logged_as_open_dental_does() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        before = rows.last_entry()
        await leave_alone(user)
        assert rows.query("SELECT PermType, LogText, LogSource FROM securitylog WHERE SecurityLogNum > ?", before) == [
            (83, "User: admin has auto logged off.", 15)
        ]


async def test_what_was_typed_is_still_there_for_the_one_who_typed_it() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        await user.fill("interval", "7")
        await leave_alone(user)
        assert (user.field("name").value, user.focused) == ("admin", "password")
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
        assert "subscription interval" in user.text
        await user.press("ctrl+s")
        assert user.status_text.startswith("Saved: subscription interval from 5 minutes to 7 minutes.")


async def test_signing_in_again_is_logged_after_being_logged_off() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        before = rows.last_entry()
        await leave_alone(user)
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert rows.audit_texts(before) == [
            "User: admin has auto logged off.",
            "User: admin has logged on.",
            "API/FHIR",
        ]


async def test_a_wrong_password_leaves_it_hidden() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        await leave_alone(user)
        await sign_in(user, "admin", "wrong")
        assert user.status_text.startswith("Invalid username or password.")
        assert isinstance(user.app.screen, SignInScreen)


async def test_a_dialog_is_hidden_and_still_there_afterwards() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        await user.press("d")
        await user.at(Question)
        await leave_alone(user)
        assert "Developer" not in user.text
        await sign_in(user, "admin", "drill")
        await user.at(Question)
        await user.press("y")
        await user.at(Notice)


async def test_no_answer_shows_over_the_lock(gate: Gates) -> None:
    async with run_program(server()) as user:
        await arrive(user)
        held = gate(KeyService, "set_status")
        user.send("d")
        await user.at(Question)
        user.send("y")
        await until(held.entered.is_set)
        user.app.lock()
        await until(lambda: isinstance(user.app.screen, SignInScreen))
        held.open()
        await user.settle()
        assert isinstance(user.app.screen, SignInScreen)
        assert rows.audit_texts()[-1] == "User: admin has auto logged off."
        assert " changed from Enabled to Disabled by Customer" in rows.audit_texts()[-2]
        await sign_in(user, "admin", "drill")
        await user.at(Notice)
        assert "Disabled by Customer" in user.flowing_text


async def test_nothing_new_is_asked_while_it_is_locked(gate: Gates) -> None:
    async with run_program(server()) as user:
        screen = user.app
        await arrive(user)
        load = gate(SettingsService, "load", hold=0)
        await leave_alone(user)
        api_setup = next(each for each in screen.screen_stack if isinstance(each, ApiSetupScreen))
        api_setup.read_again()
        await user.settle()
        assert load.calls == 0
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await until(lambda: load.calls == 1)


# -- somebody else -------------------------------------------------------------------


async def other_admin() -> None:
    """Let a second user use API Setup: Front Desk gets the groups that admin has."""
    rows.execute(
        "INSERT INTO usergroupattach (UserNum, UserGroupNum) SELECT o.UserNum, a.UserGroupNum FROM userod o,"
        " usergroupattach a JOIN userod u ON u.UserNum = a.UserNum WHERE o.UserName = 'Maria' AND u.UserName = 'admin'"
    )


async def test_another_user_has_to_agree_to_drop_what_was_typed() -> None:
    await other_admin()
    async with run_program(server()) as user:
        await arrive(user)
        await user.fill("interval", "7")
        before = rows.last_entry()
        await leave_alone(user)
        await sign_in(user, "Maria", "")
        await user.at(Question)
        assert "admin typed and did not save: subscription interval." in user.flowing_text
        await user.press("escape")
        await user.at(SignInScreen)
        await sign_in(user, "Maria", "")
        await user.at(Question)
        await user.press("y")
        await user.at_api_setup()
        assert user.field("interval").value == "5"
        assert user.text.splitlines()[0].endswith("Maria")
        assert [text for text in rows.audit_texts(before) if text.startswith("User")] == [
            "User: admin has auto logged off.",
            "User: Maria has logged on.",
            "User: Maria has logged off.",
            "User: Maria has logged on.",
        ]


async def test_another_user_begins_afresh_under_their_own_name() -> None:
    await other_admin()
    async with run_program(server()) as user:
        await arrive(user)
        await user.press("d")
        await user.at(Question)
        await leave_alone(user)
        await sign_in(user, "Maria", "")
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]
        await user.press("d")
        await user.at(Question)
        await user.press("y")
        await user.at(Notice)
        assert rows.audit_texts()[-1].endswith("to Disabled by Customer by Maria")


async def test_other_rights_begin_afresh_too() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        await user.press("t")
        await leave_alone(user)
        rows.execute("DELETE FROM grouppermission WHERE PermType = 122")
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]
        await user.press("t")
        assert user.status_text.startswith("The Audit Trail needs the permission AuditTrail (122)")


# -- leaving -------------------------------------------------------------------------


async def test_who_was_logged_off_is_not_logged_off_again() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        before = rows.last_entry()
        await leave_alone(user)
        user.send("ctrl+q")
        await until(lambda: user.exited)
        user.app.sign_out_after_the_end()
        assert rows.audit_texts(before) == ["User: admin has auto logged off."]


async def test_quitting_asks_about_what_waits_behind() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        await user.fill("interval", "7")
        await leave_alone(user)
        await user.press("ctrl+q")
        await user.at(Question)
        assert "Not saved yet: subscription interval." in user.flowing_text


async def test_it_locks_though_it_cannot_be_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise PracticeUnavailable("The connection to the database server was lost.")

    async with run_program(server()) as user:
        await arrive(user)
        monkeypatch.setattr(UserService, "log_off_idle", fail)
        await leave_alone(user)
        assert user.status_text == (
            "That admin was logged off could not be logged. The connection to the database server was lost."
        )
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()


async def test_in_a_read_only_office_nothing_is_logged() -> None:
    async with run_program(replace(server_request(password=DATABASE_PASSWORD), read_only=True)) as user:
        before = rows.last_entry()
        await arrive(user)
        await leave_alone(user)
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert rows.audit_texts(before) == []


async def test_a_question_about_quitting_does_not_keep_one_from_quitting_later() -> None:
    await other_admin()
    async with run_program(server()) as user:
        await arrive(user)
        await user.fill("interval", "7")
        await user.press("ctrl+q")
        await user.at(Question)
        await leave_alone(user)
        await user.press("ctrl+q")
        await user.at(Question)
        assert "Quit without saving?" in user.text
        await user.press("escape")
        await sign_in(user, "Maria", "")
        await user.at(Question)
        await user.press("y")
        await user.at_api_setup()
        user.send("q")
        await until(lambda: user.exited)


async def test_who_signed_in_and_does_not_drop_what_was_typed_is_signed_out_when_quitting() -> None:
    await other_admin()
    async with run_program(server()) as user:
        await arrive(user)
        await user.fill("interval", "7")
        before = rows.last_entry()
        await leave_alone(user)
        await sign_in(user, "Maria", "")
        await user.at(Question)
        user.send("ctrl+q")
        await until(lambda: "Quit without saving?" in user.text)
        user.send("y")
        await until(lambda: user.exited)
        assert [text for text in rows.audit_texts(before) if text.startswith("User")] == [
            "User: admin has auto logged off.",
            "User: Maria has logged on.",
            "User: Maria has logged off.",
        ]


async def test_nobody_else_sees_what_was_typed_before_agreeing_to_drop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    await other_admin()
    async with run_program(server()) as user:
        await arrive(user)
        await user.press("a")
        await user.at(AssignKeyScreen)
        await user.fill("key", "TypedInClear99")
        await leave_alone(user)
        shown: list[str] = []
        monkeypatch.setattr(AssignKeyScreen, "_compositor_refresh", lambda screen: shown.append(type(screen).__name__))
        await sign_in(user, "Maria", "")
        await user.at(Question)
        await user.press("escape")
        await user.at(SignInScreen)
        assert shown == []


async def test_what_others_changed_meanwhile_is_shown_and_what_was_typed_stays() -> None:
    async with run_program(server()) as user:
        await arrive(user)
        await user.fill("interval", "7")
        await leave_alone(user)
        rows.execute("UPDATE program SET Enabled = 0 WHERE ProgName = 'FHIR'")
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await until(lambda: "[ ] off" in user.text)
        assert user.field("interval").value == "7"


async def test_after_a_wrong_password_the_connections_are_closed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Office] = []
    monkeypatch.setattr(Office, "close", lambda office: closed.append(office))
    async with run_program(server()) as user:
        await arrive(user)
        await leave_alone(user)
        assert len(closed) == 1
        await sign_in(user, "admin", "wrong")
        assert len(closed) == 2


@pytest.mark.parametrize("key", ["f1", "ctrl+p"])
async def test_what_was_opened_over_the_sign_in_does_not_keep_it_from_ending(gate: Gates, key: str) -> None:
    async with run_program(server()) as user:
        await arrive(user)
        await user.fill("interval", "7")
        await leave_alone(user)
        held = gate(UserService, "sign_in")
        user.send("d", "r", "i", "l", "l", "enter")
        await until(held.entered.is_set)
        user.send(key)
        await until(lambda: not isinstance(user.app.screen, SignInScreen))
        held.open()
        await user.settle()
        user.send("escape")
        await user.at_api_setup()
        assert user.field("interval").value == "7"


# -- an SQLite practice --------------------------------------------------------------


async def test_an_sqlite_practice_is_hidden_until_a_key_is_pressed() -> None:
    async with run_program(replace(file_request(FILE), lock_after_minutes=5)) as user:
        await user.fill("interval", "7")
        await leave_alone(user)
        assert "subscription" not in user.text
        assert "An SQLite practice has no passwords" in user.flowing_text
        await user.press("enter")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
        assert rows.audit_texts()[-2:] == ["User: admin has auto logged off.", "API/FHIR"]


# -- how long ------------------------------------------------------------------------


async def test_the_program_locks_itself_when_no_key_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.platform.inactivity.MINUTE", 0.02)
    async with run_program(server(lock_after_minutes=1)) as user:
        await sign_in(user, "admin", "drill")
        await until(lambda: not user.app.unlocked.is_set())
        await user.at(SignInScreen)
        assert "no key was pressed" in user.flowing_text


@pytest.mark.parametrize(
    ("practice", "office", "seconds"), [("0", None, 0), ("10", None, 600), ("10", 3, 180), ("2", 30, 120), ("x", 1, 60)]
)
async def test_the_shorter_limit_holds(practice: str, office: int | None, seconds: float) -> None:
    rows.execute("DELETE FROM preference WHERE PrefName = 'SecurityLogOffAfterMinutes'")
    rows.execute("INSERT INTO preference (PrefName, ValueString) VALUES ('SecurityLogOffAfterMinutes', ?)", practice)
    async with run_program(server(lock_after_minutes=office)) as user:
        await arrive(user)
        inactivity = user.app._inactivity
        assert (inactivity._seconds if inactivity._timer else 0) == seconds


async def test_an_sqlite_practice_is_locked_only_where_that_is_configured() -> None:
    rows.execute("INSERT INTO preference (PrefName, ValueString) VALUES ('SecurityLogOffAfterMinutes', '10')")
    async with run_program(file_request(FILE)) as user:
        assert user.app._inactivity._timer is None


class Clock:
    """A loop whose time a test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waiting: list[tuple[float, Callable[..., object], tuple[object, ...]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, called: Callable[..., object], *given: object) -> Clock:
        self.waiting.append((self.now + seconds, called, given))
        return self

    def cancel(self) -> None:
        self.waiting.clear()

    def move(self, seconds: float) -> None:
        self.now += seconds
        due = [each for each in self.waiting if each[0] <= self.now]
        self.waiting = [each for each in self.waiting if each[0] > self.now]
        for _moment, called, given in due:
            called(*given)


def watched(minutes: int | None) -> tuple[Inactivity, Clock, list[str]]:
    clock, expired = Clock(), list[str]()
    inactivity = Inactivity(lambda: expired.append("expired"))
    inactivity.begin(cast("AbstractEventLoop", clock), minutes)
    return inactivity, clock, expired


def test_time_that_passes_without_a_key_expires_once() -> None:
    _inactivity, clock, expired = watched(5)
    clock.move(299)
    assert expired == []
    clock.move(1)
    clock.move(1000)
    assert expired == ["expired"]


def test_a_key_begins_the_count_anew() -> None:
    inactivity, clock, expired = watched(5)
    clock.move(200)
    inactivity.key_pressed()
    clock.move(299)
    assert expired == []
    clock.move(1)
    assert expired == ["expired"]


def test_a_thousand_keys_need_one_timer() -> None:
    inactivity, clock, _expired = watched(5)
    for _ in range(1000):
        inactivity.key_pressed()
    assert len(clock.waiting) == 1


def test_without_a_limit_nothing_is_counted() -> None:
    _inactivity, clock, expired = watched(None)
    clock.move(1e9)
    assert (expired, clock.waiting) == ([], [])


def test_none_and_zero_are_no_limits() -> None:
    assert shorter(0, None) is None
    assert shorter(0, 7) == 7
    assert shorter(9, 7, None) == 7
