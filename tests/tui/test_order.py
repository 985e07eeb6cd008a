"""Quick key presses, late results, and keys pressed while a change is running."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from core.audit.search import AuditSearch
from core.audit.service import AuditService
from core.keys.local_registry import LocalRegistry
from core.keys.service import KeyService
from core.office.office import Office
from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.gates import Gates
from tests.support.thorough import first_of
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_assign import open_license
from tui.modals.license import LicenseScreen
from tui.modals.notice import Notice
from tui.screens.edit_key import EditKeyScreen
from tui.widgets.settings_form import SettingsForm

# -- two quick presses ---------------------------------------------------------------


async def leave_all(user: User) -> None:
    """Return to API Setup as it is after a start."""
    while len(user.stack) > 1:
        await user.press("escape")
    user.list.focus()
    user.list.cursor = 0
    await user.settle()


async def test_two_quick_presses_open_one_screen(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for key, screen in (
            ("a", "AssignKeyScreen"),
            ("d", "Question"),
            ("enter", "EditKeyScreen"),
            ("e", "EditKeyScreen"),
            ("t", "AuditTrailScreen"),
            ("question_mark", "HelpPanel"),
            ("i", "Notice"),
        ):
            with case(key):
                user.send(key, key)
                await until(lambda: len(user.stack) > 1)
                await user.settle()
                assert user.stack in (["ApiSetupScreen", screen], ["ApiSetupScreen", screen, "AuditEntryScreen"])
                assert user.stack.count(screen) == 1
                await leave_all(user)


async def test_different_quick_presses_open_one_screen(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.send("t", "enter", "d", "a")
        await until(lambda: len(user.stack) > 1)
        await user.settle()
        assert len(user.stack) <= 3
        assert user.stack[:2] == ["ApiSetupScreen", "AuditTrailScreen"]


async def test_two_quick_saves_write_once(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        before = rows.last_entry()
        user.send("ctrl+s", "ctrl+s", "f2")
        await user.settle()
        assert len(rows.audit_texts(before)) == 1


async def test_two_quick_answers_disable_once(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d")
        before = rows.last_entry()
        user.send("ctrl+y")
        user.send("ctrl+y")
        await user.at(Notice)
        assert user.stack == ["ApiSetupScreen", "Notice"]
        assert len(rows.audit_texts(before)) == 1


WAYS_TO_LEAVE: dict[str, tuple[list[str], str]] = {
    "a question": (["d"], "escape"),
    "a question by Enter": (["d"], "enter"),
    "a notice": (["i"], "enter"),
    "the help": (["question_mark"], "escape"),
    "the Audit Trail": (["t"], "escape"),
    "an entry": (["t", "enter"], "escape"),
    "a key": (["enter"], "escape"),
    "permissions": (["enter", "p"], "ctrl+s"),
    "a new key": (["a"], "escape"),
}


async def test_two_quick_presses_leave_one_screen(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for name, (keys_to_open, key) in WAYS_TO_LEAVE.items():
            with case(name):
                await user.press(*keys_to_open)
                open_before = len(user.stack)
                user.send(key, key)
                await until(lambda: len(user.stack) < open_before)  # noqa: B023 - it is waited for here
                await user.settle()
                assert user.stack[:1] == ["ApiSetupScreen"]
                assert len(user.stack) in (open_before - 1, 1)
                await leave_all(user)


async def test_two_quick_acceptances_add_one_key(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        await user.press("end")
        before = rows.last_entry()
        for key in ("ctrl+y", "f7", "d", "escape"):
            user.send(key)
        await user.at(Notice)
        texts = rows.audit_texts(before)
        assert [text.split(" by ")[0].split(" ")[-1] for text in texts] == ["accepted", "added"]


async def test_escape_during_the_acceptance_neither_declines_nor_loses_it(demo: OpenRequest, gate: Gates) -> None:
    from core.licenses.service import LicenseService

    async with run_program(demo) as user:
        await open_license(user)
        await user.press("end")
        before = rows.last_entry()
        held = gate(LicenseService, "accept")
        user.send("ctrl+y")
        await until(held.entered.is_set)
        user.send("escape")
        user.send("d")
        await user.pilot.pause()
        assert isinstance(user.screen, LicenseScreen)
        held.open()
        await user.at(Notice)
        assert [text for text in rows.audit_texts(before) if "declined" in text] == []


# -- late results --------------------------------------------------------------------


async def test_a_late_page_does_not_replace_a_newer_one(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(AuditSearch, "page")
        user.send("t")
        await until(held.entered.is_set)
        rows.execute("DELETE FROM securitylog WHERE SecurityLogNum < 250")
        user.send("r")
        await until(lambda: user.panel("entries").startswith(f"Entries  {len(user.list.rows) or 'none'}"))
        expected = (len(user.list.rows), user.status_text)
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert (len(user.list.rows), user.status_text) == expected


async def test_a_late_result_for_a_closed_screen_is_ignored(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(AuditService, "users")
        user.send("t")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.stack == ["ApiSetupScreen"])
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert user.stack == ["ApiSetupScreen"]
        assert "altered" not in user.status_text


async def test_a_late_page_for_a_closed_screen_is_ignored(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(AuditSearch, "page")
        user.send("t")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped: "))
        user.send("escape")
        await until(lambda: user.stack == ["ApiSetupScreen"])
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert user.stack == ["ApiSetupScreen"]
        assert "altered" not in user.status_text


async def test_late_audit_entries_for_a_closed_key_are_ignored(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(KeyService, "history")
        user.send("enter")
        await until(held.entered.is_set)
        await until(lambda: isinstance(user.app.screen, EditKeyScreen))
        user.send("escape")
        await until(lambda: user.stack == ["ApiSetupScreen"])
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert user.stack == ["ApiSetupScreen"]


async def test_late_audit_entries_do_not_replace_newer_ones(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        held = gate(KeyService, "history")
        user.send("enter")
        await until(held.entered.is_set)
        await until(lambda: isinstance(user.app.screen, EditKeyScreen))
        user.send("c")
        await user.until_asked()
        user.send("ctrl+y")
        await until(lambda: user.status_text.startswith("Sent") and len(user.list.rows) == 4)
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert len(user.list.rows) == 4


async def test_a_late_key_list_does_not_replace_a_newer_status(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("enter")
        await user.at(EditKeyScreen)
        held = gate(LocalRegistry, "all_keys")
        user.send("escape")
        await until(held.entered.is_set)
        await until(lambda: user.stack == ["ApiSetupScreen"])
        user.send("d")
        await user.until_asked()
        user.send("ctrl+y")
        await until(lambda: user.stack == ["ApiSetupScreen", "Notice"])
        held.open()
        await until(held.left.is_set)
        await user.settle()
        await user.press("enter")
        assert user.row.startswith("Insurance Mate | …C465 | ○ off |")


async def test_input_typed_during_a_reload_is_kept(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(SettingsService, "load")
        user.send("r")
        await until(held.entered.is_set)
        user.field("interval").value = "15"
        held.open()
        await until(lambda: user.status_text == "Reloaded.")
        await user.settle()
        assert user.field("interval").value == "15"
        assert user.screen.query_one(SettingsForm).unsaved == ("subscription interval",)


async def test_input_typed_during_a_save_is_kept(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        held = gate(SettingsService, "save")
        user.send("ctrl+s")
        await until(held.entered.is_set)
        assert user.status_text == "Saving…"
        user.field("interval").value = "20"
        held.open()
        await until(lambda: user.status_text.startswith("Saved"))
        await user.settle()
        assert rows.settings()[1] == "15"
        assert user.field("interval").value == "20"
        assert user.screen.query_one(SettingsForm).unsaved == ("subscription interval",)


# -- while a change is running -------------------------------------------------------


async def test_no_other_flow_starts_during_a_save(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        user.list.focus()
        held = gate(SettingsService, "save")
        user.send("ctrl+s")
        await until(held.entered.is_set)
        user.send("a", "d", "enter", "t", "r")
        await user.pilot.pause()
        assert user.stack == ["ApiSetupScreen"]
        held.open()
        await until(lambda: user.status_text.startswith("Saved"))


async def test_quitting_waits_for_a_running_save(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        user.list.focus()
        before = rows.last_entry()
        held = gate(SettingsService, "save")
        user.send("ctrl+s")
        await until(held.entered.is_set)
        user.send("ctrl+q")
        await user.until_asked()
        user.send("ctrl+y")
        await until(lambda: "still being saved" in user.text)
        assert not user.app.is_exiting
        held.open()
        await until(lambda: user.app.is_exiting)
        assert rows.settings()[1] == "15"
        assert len(rows.audit_texts(before)) == 1


async def test_help_opens_during_a_save(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        user.list.focus()
        held = gate(SettingsService, "save")
        user.send("ctrl+s")
        await until(held.entered.is_set)
        user.send("question_mark")
        await until(lambda: user.stack == ["ApiSetupScreen", "HelpPanel"])
        held.open()
        await user.settle()
        await user.press("escape")
        assert user.status_text.startswith("Saved: ")


async def test_a_change_that_fails_during_quitting_is_reported_instead(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.press("d")
        held = gate(KeyService, "set_status")
        user.send("ctrl+y")
        await until(held.entered.is_set)
        user.send("ctrl+q")
        await until(lambda: "still being saved" in user.text)
        with rows.locked():
            held.open()
            await until(lambda: "locked by another program" in user.text)
        assert not user.app.is_exiting


# -- while the program is leaving ----------------------------------------------------

OPENING_KEYS = ["a", "enter", "t", "ctrl+p", "d", "E", "i", "r", "question_mark", "slash", "ctrl+s"]


@first_of(4, "key", OPENING_KEYS)
async def test_a_key_right_before_or_after_quitting_does_not_crash(demo: OpenRequest, key: str) -> None:
    for keys in ((key, "ctrl+q"), ("ctrl+q", key), ("ctrl+q", key, key)):
        async with run_program(demo) as user:
            user.send(*keys)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await until(lambda: user.app.is_exiting)
        assert user.app.crash is None


async def test_no_key_acts_while_the_office_is_being_closed(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        held = gate(Office, "close")
        user.send("ctrl+q")
        await until(held.entered.is_set)
        user.send("t")
        user.send("d")
        await user.pilot.pause()
        assert user.stack == ["ApiSetupScreen"]
        held.open()
        await until(lambda: user.app.is_exiting)
