"""The lock after inactivity: everything is hidden until a user signs in again."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Any, cast

import pytest

from core.base.errors import PracticeUnavailable
from core.keys.service import KeyService
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from core.users.service import UserService
from tests.support import embedded_rows as rows
from tests.support.gates import Gates
from tests.support.open_requests import DATABASE_PASSWORD, FILE, file_request, server_request, with_office
from tests.support.signing_in import set_password, sign_in
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.locked import LockedScreen
from tui.modals.notice import Notice
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.platform.inactivity import Inactivity, shortest_limit
from tui.screens.api_setup import ApiSetupScreen


def local_server_request(**fields: Any) -> OpenRequest:
    request = server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)
    return with_office(request, **fields)


async def enter(user: User) -> None:
    await sign_in(user, "admin", "drill")
    await user.at_api_setup()


async def stay_idle(user: User) -> None:
    """Let the inactivity limit pass, and wait until the lock is on screen."""
    user.app.lock()
    await until(lambda: not user.app.unlocked.is_set() and isinstance(user.app.screen, SignInScreen | LockedScreen))
    await user.settle()


@pytest.fixture(autouse=True)
def _with_password(demo: OpenRequest) -> None:
    set_password("admin", "drill")


# -- what is hidden and what is kept -------------------------------------------------


async def test_the_lock_hides_the_data_of_the_practice() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        developers = {row.cells[0][:12] for row in (user.list.rows.row(0), user.list.rows.row(1)) if row}
        assert all(developer in user.text for developer in developers)
        await stay_idle(user)
        assert not any(developer in user.text for developer in developers)
        assert "Locked after inactivity. admin's unsaved changes are kept, for admin only." in user.flowing_text


async def test_the_automatic_log_off_is_logged_as_open_dental_does() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        before = rows.last_entry()
        await stay_idle(user)
        assert rows.query("SELECT PermType, LogText, LogSource FROM securitylog WHERE SecurityLogNum > ?", before) == [
            (83, "User: admin has auto logged off.", 15)
        ]


async def test_the_same_user_keeps_unsaved_input() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.fill("interval", "7")
        await stay_idle(user)
        assert (user.field("name").value, user.focused) == ("admin", "password")
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
        assert "subscription interval" in user.text
        await user.press("ctrl+s")
        assert user.status_text.startswith("Saved: subscription interval from 5 minutes to 7 minutes.")


async def test_the_log_off_is_logged_before_the_next_sign_in() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        before = rows.last_entry()
        await stay_idle(user)
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert rows.audit_texts(before) == [
            "User: admin has auto logged off.",
            "User: admin has logged on.",
            "API/FHIR",
        ]


async def test_a_wrong_password_keeps_the_lock() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        await stay_idle(user)
        await sign_in(user, "admin", "wrong")
        assert user.status_text.startswith("Invalid username or password.")
        assert isinstance(user.app.screen, SignInScreen)


async def test_an_open_dialog_is_hidden_and_shown_again_afterwards() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.press("d")
        await user.at(Question)
        await stay_idle(user)
        assert "Developer" not in user.text
        await sign_in(user, "admin", "drill")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(Notice)


async def test_the_outcome_of_a_running_change_is_shown_only_after_unlocking(gate: Gates) -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        held = gate(KeyService, "set_status")
        user.send("d")
        await user.at(Question)
        user.send("ctrl+y")
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


async def test_no_service_is_called_while_locked(gate: Gates) -> None:
    async with run_program(local_server_request()) as user:
        screen = user.app
        await enter(user)
        load = gate(SettingsService, "load", hold=0)
        await stay_idle(user)
        api_setup = next(each for each in screen.screen_stack if isinstance(each, ApiSetupScreen))
        api_setup.reload()
        await user.settle()
        assert load.calls == 0
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await until(lambda: load.calls == 1)


# -- another user --------------------------------------------------------------------


def add_second_admin() -> None:
    """Let Maria use API Setup, by giving her the groups of admin."""
    rows.execute(
        "INSERT INTO usergroupattach (UserNum, UserGroupNum) SELECT o.UserNum, a.UserGroupNum FROM userod o,"
        " usergroupattach a JOIN userod u ON u.UserNum = a.UserNum WHERE o.UserName = 'Maria' AND u.UserName = 'admin'"
    )


async def test_another_user_must_agree_to_discard_unsaved_input() -> None:
    add_second_admin()
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.fill("interval", "7")
        before = rows.last_entry()
        await stay_idle(user)
        await sign_in(user, "Maria", "")
        await user.at(Question)
        assert "admin has unsaved changes: subscription interval." in user.flowing_text
        await user.press("escape")
        await user.at(SignInScreen)
        await sign_in(user, "Maria", "")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at_api_setup()
        assert user.field("interval").value == "5"
        assert user.text.splitlines()[0].endswith("Maria")
        assert [text for text in rows.audit_texts(before) if text.startswith("User")] == [
            "User: admin has auto logged off.",
            "User: Maria has logged on.",
            "User: Maria has logged off.",
            "User: Maria has logged on.",
        ]


async def test_another_user_gets_a_new_session() -> None:
    add_second_admin()
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.press("d")
        await user.at(Question)
        await stay_idle(user)
        await sign_in(user, "Maria", "")
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]
        await user.press("d")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(Notice)
        assert rows.audit_texts()[-1].endswith("to Disabled by Customer by Maria")


async def test_changed_permissions_start_a_new_session() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.press("t")
        await stay_idle(user)
        rows.execute("DELETE FROM grouppermission WHERE PermType = 122")
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert user.stack == ["ApiSetupScreen"]
        await user.press("t")
        assert user.status_text.startswith("The Audit Trail needs the permission AuditTrail (122)")


# -- leaving from the lock -----------------------------------------------------------


async def test_a_user_who_was_logged_off_is_not_signed_out_again() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        before = rows.last_entry()
        await stay_idle(user)
        user.send("ctrl+q")
        await until(lambda: user.app.is_exiting)
        user.app.sign_out_after_exit()
        assert rows.audit_texts(before) == ["User: admin has auto logged off."]


async def test_quitting_from_the_lock_asks_about_unsaved_input() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.fill("interval", "7")
        await stay_idle(user)
        await user.press("ctrl+q")
        await user.at(Question)
        assert "Unsaved changes: subscription interval." in user.flowing_text


async def test_the_program_locks_even_if_the_log_off_cannot_be_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise PracticeUnavailable("The connection to the database server was lost.")

    async with run_program(local_server_request()) as user:
        await enter(user)
        monkeypatch.setattr(UserService, "log_off_idle", fail)
        await stay_idle(user)
        assert user.status_text == (
            "Logging off admin could not be logged. The connection to the database server was lost."
        )
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()


async def test_a_read_only_office_logs_nothing() -> None:
    async with run_program(with_office(server_request(password=DATABASE_PASSWORD), read_only=True)) as user:
        before = rows.last_entry()
        await enter(user)
        await stay_idle(user)
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        assert rows.audit_texts(before) == []


async def test_a_quit_question_closed_by_the_lock_does_not_block_quitting_later() -> None:
    add_second_admin()
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.fill("interval", "7")
        await user.press("ctrl+q")
        await user.at(Question)
        await stay_idle(user)
        await user.press("ctrl+q")
        await user.at(Question)
        assert "Quit without saving?" in user.text
        await user.press("escape")
        await sign_in(user, "Maria", "")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at_api_setup()
        user.send("ctrl+q")
        await until(lambda: user.app.is_exiting)


async def test_quitting_instead_of_discarding_signs_the_other_user_out() -> None:
    add_second_admin()
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.fill("interval", "7")
        before = rows.last_entry()
        await stay_idle(user)
        await sign_in(user, "Maria", "")
        await user.at(Question)
        user.send("ctrl+q")
        await until(lambda: "Quit without saving?" in user.text)
        await user.until_asked()
        user.send("ctrl+y")
        await until(lambda: user.app.is_exiting)
        assert [text for text in rows.audit_texts(before) if text.startswith("User")] == [
            "User: admin has auto logged off.",
            "User: Maria has logged on.",
            "User: Maria has logged off.",
        ]


async def test_another_user_never_sees_the_unsaved_input(monkeypatch: pytest.MonkeyPatch) -> None:
    add_second_admin()
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.press("a")
        await user.at(AssignKeyScreen)
        await user.fill("key", "TypedInClear99")
        await stay_idle(user)
        shown: list[str] = []
        monkeypatch.setattr(AssignKeyScreen, "_compositor_refresh", lambda screen: shown.append(type(screen).__name__))
        await sign_in(user, "Maria", "")
        await user.at(Question)
        await user.press("escape")
        await user.at(SignInScreen)
        assert shown == []


async def test_unlocking_shows_changes_by_others_and_keeps_unsaved_input() -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.fill("interval", "7")
        await stay_idle(user)
        rows.execute("UPDATE program SET Enabled = 0 WHERE ProgName = 'FHIR'")
        await sign_in(user, "admin", "drill")
        await user.at_api_setup()
        await until(lambda: "○ off" in user.text)
        assert user.field("interval").value == "7"


async def test_a_wrong_password_closes_the_connections_again(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Office] = []
    monkeypatch.setattr(Office, "close", lambda office: closed.append(office))
    async with run_program(local_server_request()) as user:
        await enter(user)
        await stay_idle(user)
        assert len(closed) == 1
        await sign_in(user, "admin", "wrong")
        assert len(closed) == 2


@pytest.mark.parametrize("key", ["f1", "ctrl+p"])
async def test_a_screen_above_the_sign_in_does_not_block_it(gate: Gates, key: str) -> None:
    async with run_program(local_server_request()) as user:
        await enter(user)
        await user.fill("interval", "7")
        await stay_idle(user)
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


# -- embedded practices --------------------------------------------------------------


async def test_an_embedded_practice_is_unlocked_by_a_key() -> None:
    async with run_program(with_office(file_request(FILE), lock_after_minutes=5)) as user:
        await user.fill("interval", "7")
        await stay_idle(user)
        assert "subscription" not in user.text
        assert "An SQLite practice has no passwords" in user.flowing_text
        await user.press("enter")
        await user.at_api_setup()
        assert user.field("interval").value == "7"
        assert rows.audit_texts()[-2:] == ["User: admin has auto logged off.", "API/FHIR"]


# -- the inactivity limit ------------------------------------------------------------


async def test_the_program_locks_when_no_key_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.platform.inactivity.MINUTE", 0.02)
    async with run_program(local_server_request(lock_after_minutes=1)) as user:
        await sign_in(user, "admin", "drill")
        await until(lambda: not user.app.unlocked.is_set())
        await user.at(SignInScreen)
        assert "Locked after inactivity" in user.flowing_text


@pytest.mark.parametrize(
    ("practice", "office", "seconds"), [("0", None, 0), ("10", None, 600), ("10", 3, 180), ("2", 30, 120), ("x", 1, 60)]
)
async def test_the_shorter_limit_applies(practice: str, office: int | None, seconds: float) -> None:
    rows.execute("DELETE FROM preference WHERE PrefName = 'SecurityLogOffAfterMinutes'")
    rows.execute("INSERT INTO preference (PrefName, ValueString) VALUES ('SecurityLogOffAfterMinutes', ?)", practice)
    async with run_program(local_server_request(lock_after_minutes=office)) as user:
        await enter(user)
        inactivity = user.app._inactivity
        assert (inactivity._seconds if inactivity._timer else 0) == seconds


async def test_an_embedded_practice_locks_only_if_configured() -> None:
    rows.execute("INSERT INTO preference (PrefName, ValueString) VALUES ('SecurityLogOffAfterMinutes', '10')")
    async with run_program(file_request(FILE)) as user:
        assert user.app._inactivity._timer is None


class Clock:
    """An event loop whose time the test controls."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waiting: list[tuple[float, Callable[..., object], tuple[object, ...]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, callback: Callable[..., object], *arguments: object) -> Clock:
        self.waiting.append((self.now + seconds, callback, arguments))
        return self

    def cancel(self) -> None:
        self.waiting.clear()

    def move(self, seconds: float) -> None:
        self.now += seconds
        due = [each for each in self.waiting if each[0] <= self.now]
        self.waiting = [each for each in self.waiting if each[0] > self.now]
        for _moment, callback, arguments in due:
            callback(*arguments)


def start_inactivity(minutes: int | None) -> tuple[Inactivity, Clock, list[str]]:
    clock, expired = Clock(), list[str]()
    inactivity = Inactivity(lambda: expired.append("expired"), clock.time)
    inactivity.start(cast("AbstractEventLoop", clock), minutes)
    return inactivity, clock, expired


def test_the_limit_expires_once() -> None:
    _inactivity, clock, expired = start_inactivity(5)
    clock.move(299)
    assert expired == []
    clock.move(1)
    clock.move(1000)
    assert expired == ["expired"]


def test_a_key_restarts_the_limit() -> None:
    inactivity, clock, expired = start_inactivity(5)
    clock.move(200)
    inactivity.key_pressed()
    clock.move(299)
    assert expired == []
    clock.move(1)
    assert expired == ["expired"]


def test_a_key_after_the_limit_does_nothing_but_lock() -> None:
    inactivity, clock, expired = start_inactivity(5)
    clock.now += 301  # The computer slept, so no timer ran.
    assert not inactivity.key_pressed()
    assert expired == ["expired"]
    assert inactivity.key_pressed()


def test_a_thousand_keys_use_one_timer() -> None:
    inactivity, clock, _expired = start_inactivity(5)
    for _ in range(1000):
        inactivity.key_pressed()
    assert len(clock.waiting) == 1


def test_without_a_limit_no_timer_runs() -> None:
    _inactivity, clock, expired = start_inactivity(None)
    clock.move(1e9)
    assert (expired, clock.waiting) == ([], [])


def test_none_and_zero_mean_no_limit() -> None:
    assert shortest_limit(0, None) is None
    assert shortest_limit(0, 7) == 7
    assert shortest_limit(9, 7, None) == 7
