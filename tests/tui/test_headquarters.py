"""Keys that headquarters manages: its list and its age, changes that it carries out, and working without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.keys.service import KeyService
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour
from tests.support.gates import Gates
from tests.support.headquarters_demo import (
    BRIDGE,
    CLEARPAY,
    OFFERED,
    RECALL,
    cache_list,
    copied_keys,
    open_api_setup,
    registered_practice,
)
from tests.support.headquarters_protocol import ASSIGN, LIST, SET_STATUS, HeldKey
from tests.support.open_requests import DATABASE_PASSWORD, server_request, with_office
from tests.support.signing_in import sign_in
from tests.support.thorough import first_of
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_hostile_text import WIDE, assert_harmless, assert_literal
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.help import HelpPanel
from tui.modals.license import LicenseScreen
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.platform.workers import REMOTE_GROUP
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen
from tui.widgets.panel import Panel


@pytest.fixture
def hq(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeadquartersServer]:
    """Run a fake headquarters that manages three keys of the practice."""
    monkeypatch.setattr("core.headquarters.client.PAUSES", (0.0, 0.0))
    with registered_practice() as server:
        yield server


def headquarters_request(*, read_only: bool = False) -> OpenRequest:
    return with_office(server_request(password=DATABASE_PASSWORD), read_only=read_only)


def label(user: User) -> str:
    """Return what the borders of the list say: how many keys it has, and where they come from."""
    panel = user.screen.query_one("#keys-panel", Panel)
    texts = [text.plain for text in (panel._border_title, panel._border_subtitle) if text]
    return re.sub(r" · \d+ on", "", " · ".join(texts)).replace("Keys  ", "Keys: ")


def list_rows(user: User) -> list[str]:
    """Return the rows of the list, their cells joined."""
    rows_ = user.list.rows
    return [
        f"{row.cells[0]} | {row.cells[1]} | {row.mark}{row.cells[2]}"
        for index in range(len(rows_))
        if (row := rows_.row(index))
    ]


async def release_answer(user: User, hq: HeadquartersServer) -> None:
    """Let headquarters answer the request that it held back, and wait until the answer is shown."""
    hq.behave()
    user.ignored_group = ""
    await user.settle()


async def open_license(user: User, key: str = OFFERED.key) -> None:
    """Assign a key up to the license agreement."""
    await user.press("a")
    await user.at(AssignKeyScreen)
    await user.fill("key", key)
    await user.fill("agreement", "2024-10-31")
    await user.press("ctrl+s")
    await user.at(LicenseScreen)


# -- the list ------------------------------------------------------------------------


async def test_the_list_of_headquarters_is_shown_after_the_start(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        assert label(user) == "Keys: 3 · headquarters, 09:03:07"
        assert list_rows(user) == [
            "Appointment Bridge | …Gh78 | ● on",
            "ClearPay | …Ww32 | ○ off",
            "Old Recall | …Uu88 | ✕ developer",
        ]
        assert user.status_text == ""
        assert copied_keys() == [BRIDGE.key, CLEARPAY.key, RECALL.key]


async def test_the_cached_list_is_shown_until_headquarters_answers(hq: HeadquartersServer) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.SILENCE)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user, answered=False)
        await until(hq.waiting.is_set)
        assert label(user) == "Keys: 3 · headquarters as of 2024-11-05 06:00, 3 h ago"
        assert list_rows(user)[0] == "Appointment Bridge | …Gh78 | ● on"
        # The screen stays usable in the meantime.
        await user.press("down", "enter")
        await user.at(EditKeyScreen)
        assert "ClearPay" in user.text
        await user.press("escape")
        await release_answer(user, hq)
        assert label(user) == "Keys: 3 · headquarters, 09:03:07"
        assert user.row.startswith("ClearPay")


async def test_the_program_can_be_quit_while_a_request_to_headquarters_runs(hq: HeadquartersServer) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.SILENCE)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user, answered=False)
        await until(hq.waiting.is_set)
        user.send("ctrl+q")
        await until(lambda: user.app.is_exiting)
        hq.behave()


async def test_differences_in_a_new_list_are_marked_and_the_cursor_stays(hq: HeadquartersServer) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.SILENCE)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user, answered=False)
        await until(hq.waiting.is_set)
        await user.go_to("ClearPay")
        hq.remove_key(CLEARPAY.key)
        hq.set_status(BRIDGE.key, "DisabledByHQ")
        hq.add_key(HeldKey("Hq31Aa32Bb33Cc34", developer="Aardvark Forms"))
        await release_answer(user, hq)
        assert list_rows(user) == [
            "Aardvark Forms | …Cc34 | *● on",
            "Appointment Bridge | …Gh78 | *✕ Open Dental",
            "ClearPay | …Ww32 | *– gone",
            "Old Recall | …Uu88 | ✕ developer",
        ]
        assert user.status_text == ("Headquarters' list has changed: 1 new, 1 gone, 1 changed; see *.")
        assert user.row.startswith("ClearPay")
        assert "* gone from" in user.text
        assert "headquarters' list" in user.text
        await user.press("up")
        assert "* was Enabled" in user.text


async def test_a_key_that_is_gone_cannot_be_changed(hq: HeadquartersServer) -> None:
    cache_list()
    hq.remove_key(CLEARPAY.key)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.go_to("ClearPay")
        before = rows.last_entry()
        await user.press("d")
        assert (user.stack, user.status_text) == (["ApiSetupScreen"], "This key is no longer in the list.")
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert "Key Status gone from the list" in user.flowing_text
        await user.press("ctrl+s", "d")
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
        assert rows.last_entry() == before
        await user.press("escape", "r")
        assert len(list_rows(user)) == 2


async def test_an_unknown_status_in_the_answer_is_reported(hq: HeadquartersServer) -> None:
    hq.misbehave(Misbehaviour.UNKNOWN_STATUS)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        assert user.status_text.startswith("Headquarters gave an unknown status for API key ********Uu88")


async def test_typing_in_the_filter_is_not_disturbed_by_the_answer(hq: HeadquartersServer) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.SILENCE)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user, answered=False)
        await until(hq.waiting.is_set)
        await user.press("slash", *"cle")
        hq.behave()
        user.send(*"arpay")
        await release_answer(user, hq)
        assert (user.focused, user.field("filter").value) == ("filter", "clearpay")
        assert list_rows(user) == ["ClearPay | …Ww32 | ○ off"]
        assert label(user).startswith("Keys: 1 of 3 · headquarters, 09:03:07")


async def test_typing_in_the_settings_is_not_disturbed_by_the_answer(
    hq: HeadquartersServer,
) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.SILENCE)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user, answered=False)
        await until(hq.waiting.is_set)
        await user.fill("interval", "1")
        hq.behave()
        user.send("7")
        await release_answer(user, hq)
        assert (user.focused, user.field("interval").value) == ("interval", "17")
        await user.press("ctrl+s")
        assert rows.settings()[1] == "17"


async def test_the_settings_can_be_saved_while_the_list_is_being_applied(hq: HeadquartersServer, gate: Gates) -> None:
    applying = gate(KeyService, "apply_list")
    async with run_program(headquarters_request()) as user:
        await user.at(SignInScreen)
        await user.enter_text("admin")
        user.send("enter", "enter")
        await until(applying.entered.is_set)
        screen = user.app.screen
        assert isinstance(screen, ApiSetupScreen)
        screen.query_one("#interval").focus()
        user.send("end", "ctrl+u", "9", "ctrl+s")
        await until(lambda: user.app.commits.running)
        assert user.status_text == "Saving…"
        applying.open()
        await user.settle()
        assert rows.settings()[1] == "9"
        assert user.status_text.startswith("Saved: subscription interval from 5 minutes to 9 minutes")
        assert label(user) == "Keys: 3 · headquarters, 09:03:07"


async def test_without_a_list_no_keys_are_not_said_to_be_none(hq: HeadquartersServer) -> None:
    for held in hq.assigned_keys():
        hq.remove_key(held.key)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        assert "No API keys yet." in user.text
        await user.press("r")
        await user.press("d")
        assert user.status_text == "No API keys yet. Press a to add one."
        hq.misbehave(Misbehaviour.HTTP_403)
        await user.press("r")
        assert "No API keys yet." not in user.text
        assert "No key list available." in user.text
        await user.press("d")
        assert user.status_text == "No key list available."


async def test_reading_again_says_that_headquarters_is_asked_until_it_has_answered(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        for keys in ([], ["enter"]):
            await user.press(*keys)
            hq.waiting.clear()
            hq.misbehave(Misbehaviour.SILENCE)
            user.ignored_group = REMOTE_GROUP
            user.send("r")
            await until(hq.waiting.is_set)
            await user.settle()
            assert user.status_text == "Asking headquarters…"
            await release_answer(user, hq)
            await until(lambda: user.status_text == "Reloaded.")


@first_of(3, "key", ["d", "t", "ctrl+s", "E", "a", "r", "equals_sign", "enter", "i"])
async def test_every_key_says_that_a_change_is_being_made(hq: HeadquartersServer, gate: Gates, key: str) -> None:
    changing = gate(KeyService, "set_status")
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.press("d")
        user.send("ctrl+y")
        await until(changing.entered.is_set)
        assert user.status_text == "Asking headquarters…"
        user.send(key)
        await until(lambda: user.status_text != "Asking headquarters…")
        assert user.status_text == "A change is still being saved. Try again when it is done."
        changing.open()
        await user.at(Notice)


async def test_a_dialog_can_be_opened_while_the_list_is_being_applied(hq: HeadquartersServer, gate: Gates) -> None:
    applying = gate(KeyService, "apply_list")
    async with run_program(headquarters_request()) as user:
        await user.at(SignInScreen)
        await user.enter_text("admin")
        user.send("enter", "enter")
        await until(applying.entered.is_set)
        user.send("i")
        await until(lambda: isinstance(user.app.screen, Notice))
        applying.open()
        await user.settle()
        assert user.stack[-1] == "Notice"


async def test_the_program_locks_while_a_request_to_headquarters_runs(hq: HeadquartersServer) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.SILENCE)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user, answered=False)
        await until(hq.waiting.is_set)
        hq.set_status(BRIDGE.key, "DisabledByDeveloper")
        user.app.lock()
        await user.at(SignInScreen)
        # Locking doesn't wait for the answer.
        await until(lambda: rows.audit_texts()[-1] == "User: admin has auto logged off.")
        last = rows.last_entry()
        await release_answer(user, hq)
        assert user.stack[-1] == "SignInScreen"
        assert "Appointment Bridge" not in user.text
        assert rows.last_entry() == last
        await sign_in(user, "admin", "")
        await user.at_api_setup()
        assert list_rows(user)[0] == "Appointment Bridge | …Gh78 | *✕ developer"


async def test_a_read_only_session_shows_the_list_and_does_not_change_the_copy(hq: HeadquartersServer) -> None:
    before = copied_keys()
    async with run_program(headquarters_request(read_only=True)) as user:
        await open_api_setup(user)
        assert label(user) == "Keys: 3 · headquarters, 09:03:07"
        assert copied_keys() == before
        assert "API keys: " not in " ".join(rows.audit_texts())
        await user.press("a")
        assert "read-only" in user.status_text
        await user.press("d")
        assert "read-only" in user.status_text
    assert {hq.count(ASSIGN), hq.count(SET_STATUS)} == {0}


# -- adding --------------------------------------------------------------------------


async def test_a_key_is_added_at_headquarters(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        before = rows.last_entry()
        await user.press("a")
        await user.at(AssignKeyScreen)
        assert {field.id for field in user.screen.query("Input")} == {"key", "agreement"}
        assert "Open Dental's headquarters to assign the key." in user.flowing_text
        assert "Permissions" not in user.keys
        await user.enter_text(OFFERED.key)
        await user.press("enter")
        assert user.focused == "agreement"
        await user.enter_text("2024-10-31")
        await user.press("enter")
        await user.at(LicenseScreen)
        await user.press("end", "ctrl+y")
        await user.at(Notice)
        assert "Headquarters says: New Wave may use this key now." in user.flowing_text
        assert "Open Dental bills an enabled key whether it is used or not." in user.flowing_text
        await user.press("enter")
        assert user.row.startswith("New Wave | …Kk78 | ● on |")
        assert user.status_text == "Added and enabled: API key ********Kk78 (New Wave)."
        assert hq.status(OFFERED.key) == "Enabled"
        accepted, asked, added, copy = rows.audit_texts(before)
        assert " accepted by admin" in accepted
        assert asked.startswith("ASKED: New API key ********Kk78 #")
        assert added.startswith("New API key ********Kk78 #")
        assert " (New Wave) added by admin; permissions " in added
        assert copy.startswith("API keys: copy made equal to headquarters' list: added ********Kk78 #")
        assert OFFERED.key in copied_keys()
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert "hello@newwave.example" in user.text
        assert user.field("agreement").value == "2024-10-31"
        assert "2: ApiPatients, ApiComm" in user.flowing_text


async def test_a_refusal_is_quoted_and_can_be_retried(hq: HeadquartersServer) -> None:
    hq.refusal = "This office owes us money. Call 503-363-5432."
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        hq.misbehave(Misbehaviour.ERROR, operation=ASSIGN)
        await open_license(user)
        await user.press("end", "ctrl+y")
        await user.at(Question)
        assert f"headquarters refused: {hq.refusal}" in user.flowing_text
        await user.press("ctrl+y")
        await user.at(Question)
        hq.behave()
        await user.press("ctrl+y")
        await user.at(Notice)
        assert hq.count(ASSIGN) == 3
        assert hq.status(OFFERED.key) == "Enabled"
        await user.press("enter")
        assert user.row.startswith("New Wave")


async def test_a_refusal_stays_in_the_status_line_when_its_dialog_is_closed(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await open_license(user, "NobodyKnows7Key")
        await user.press("end", "ctrl+y")
        await user.at(Question)
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text == "Open Dental's headquarters refused: Invalid API key."
        assert " - headquarters refused: Invalid API key." in rows.audit_texts()[-1]


async def test_an_unknown_outcome_must_be_checked_before_repeating(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await open_license(user)
        hq.misbehave(Misbehaviour.CLOSED_DONE)
        await user.press("end", "ctrl+y")
        await user.at(Notice)
        assert "Check before you repeat it" in user.text
        assert "It is unknown whether the change was made." in user.flowing_text
        hq.behave()
        await user.press("enter", "r")
        assert "New Wave | …Kk78 | *● on" in list_rows(user)
        assert hq.count(ASSIGN) == 1
        assert rows.audit_texts()[-2].startswith("UNKNOWN")


async def test_a_key_that_is_already_listed_is_refused_in_the_form(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.press("a")
        await user.at(AssignKeyScreen)
        await user.enter_text(BRIDGE.key)
        await user.press("enter")
        assert "This key is already in the list: Appointment Bridge, Enabled." in user.status_text
    assert hq.count(ASSIGN) == 0


# -- statuses ------------------------------------------------------------------------


async def test_disabling_and_enabling_a_key_shows_the_consequences(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.press("d")
        await user.at(Question)
        assert "This asks Open Dental's headquarters to make the change." in user.flowing_text
        await user.press("ctrl+y")
        await user.at(Notice)
        assert "an API service at the practice may accept a disabled key for up to six hours" in user.flowing_text
        assert hq.status(BRIDGE.key) == "DisabledByCustomer"
        await user.press("enter")
        assert user.row.startswith("Appointment Bridge | …Gh78 | ○ off |")
        await user.press("E", *BRIDGE.key[-4:], "ctrl+y")
        await user.at(Notice)
        assert "Open Dental bills an enabled key whether it is used or not." in user.flowing_text
        assert hq.status(BRIDGE.key) == "Enabled"
        await user.press("enter")
        assert user.row.startswith("Appointment Bridge | …Gh78 | ● on |")


async def test_a_key_that_its_developer_disabled_shows_the_contact(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.go_to("Old Recall")
        await user.press("E")
        words = "The developer disabled this key; only Old Recall can enable it: owner@recall.example, 555 0123."
        assert (user.stack, user.status_text) == (["ApiSetupScreen"], words)
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert "owner@recall.example" in user.text


async def test_a_refused_status_change_is_shown(hq: HeadquartersServer) -> None:
    hq.refusal = "Call us first."
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        hq.misbehave(Misbehaviour.ERROR, operation=SET_STATUS)
        await user.press("d", "ctrl+y")
        await user.at(Notice)
        assert "Not done" in user.text
        assert "headquarters refused: Call us first." in user.flowing_text
        await user.press("enter")
        assert user.row.startswith("Appointment Bridge | …Gh78 | ● on |")


async def test_a_status_changed_in_the_meantime_is_not_overwritten(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        hq.set_status(BRIDGE.key, "DisabledByHQ")
        await user.press("d", "ctrl+y")
        await user.at(Notice)
        assert "Key Status: was Enabled now Disabled by Open Dental" in user.flowing_text
        await user.press("enter")
        assert user.row.startswith("Appointment Bridge | …Gh78 | ✕ Open Dental |")
    assert hq.count(SET_STATUS) == 0


async def test_disabling_a_key_can_be_undone_from_its_entry(hq: HeadquartersServer) -> None:
    hq.refusal = f"{'Not while you owe us money. ' * 9}Call us."
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.press("d", "ctrl+y", "enter", "enter")
        await user.at(EditKeyScreen)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        await user.press("u")
        await user.at(Prompt)
        assert "This asks Open Dental's headquarters to make the change." in user.flowing_text
        # The quoted refusal may be longer than the status line.
        hq.misbehave(Misbehaviour.ERROR, operation=SET_STATUS)
        await user.press(*BRIDGE.key[-4:], "ctrl+y")
        await user.at(Notice)
        assert "Not done" in user.text
        assert hq.refusal in user.flowing_text
        hq.behave()
        await user.press("enter", "u", *BRIDGE.key[-4:], "ctrl+y")
        await user.at(Notice)
        assert "Undone" in user.text
        assert hq.status(BRIDGE.key) == "Enabled"


# -- the screen of one key -----------------------------------------------------------


async def test_only_the_agreement_date_of_a_key_can_be_edited(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert (user.field("email").disabled, user.field("phone").disabled) == (True, True)
        await user.press("p")
        assert user.stack[-1] == "EditKeyScreen"
        await user.fill("agreement", "2024-03-02")
        await user.press("ctrl+s")
        assert user.status_text == "Saved: Business Associate Agreement changed from none to in place since 2024-03-02."
        await user.press("escape", "escape", "r", "enter")
        await user.at(EditKeyScreen)
        assert user.field("agreement").value == "2024-03-02"


async def test_reloading_a_key_asks_headquarters(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.fill("agreement", "2024-03-02")
        user.list.focus()
        hq.misbehave(Misbehaviour.HTTP_503)
        await user.press("r", "ctrl+y")
        assert "is unavailable (HTTP 503 Service Unavailable)" in user.status_text
        assert "Key Status ? Unknown (last known: Enabled on 2024-11-05 09:03)" in user.flowing_text
        hq.behave()
        hq.set_status(BRIDGE.key, "DisabledByDeveloper")
        await user.press("r")
        assert "Key Status ✕ Disabled by Developer" in user.flowing_text
        assert user.status_text == "Reloaded."


async def test_a_key_opened_while_headquarters_is_unreachable_can_be_edited_once_it_answers(
    hq: HeadquartersServer,
) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.HTTP_503)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert user.field("agreement").is_disabled
        hq.behave()
        await user.press("r")
        assert not user.field("agreement").is_disabled


# -- while a change is running -------------------------------------------------------


async def disable_and_hold(user: User, hq: HeadquartersServer) -> None:
    """Disable a key while headquarters holds back its answer."""
    hq.misbehave(Misbehaviour.SILENCE, operation=SET_STATUS)
    user.send("d")
    await user.until_asked()
    user.send("ctrl+y")
    await until(hq.waiting.is_set)


async def test_quitting_waits_for_a_change_at_headquarters(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await disable_and_hold(user, hq)
        user.send("ctrl+q")
        await until(lambda: "A change is still being saved" in user.status_text)
        hq.behave()
        await until(lambda: user.app.is_exiting)
        assert user.app.return_code == 0
    assert rows.audit_texts()[-1] == "User: admin has logged off."
    assert hq.status(BRIDGE.key) == "DisabledByCustomer"


async def test_the_outcome_is_shown_above_a_screen_opened_in_the_meantime(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await disable_and_hold(user, hq)
        user.send("question_mark")
        await until(lambda: isinstance(user.app.screen, HelpPanel))
        hq.behave()
        await user.at(Notice)
        assert "is now Disabled by Customer at headquarters." in user.flowing_text
        await user.press("enter", "escape")
        assert user.stack == ["ApiSetupScreen"]


async def test_other_keys_say_that_a_change_is_running(hq: HeadquartersServer) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        await disable_and_hold(user, hq)
        user.send("t")
        await until(lambda: user.status_text == "A change is still being saved. Try again when it is done.")
        hq.behave()
        await user.at(Notice)


# -- headquarters unreachable --------------------------------------------------------


async def test_everything_else_works_while_headquarters_is_unreachable(hq: HeadquartersServer) -> None:
    cache_list()
    hq.misbehave(Misbehaviour.HTTP_503)
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        assert label(user) == "Keys: 3 · unusable response; copy as of 2024-11-05 06:00, status unknown"
        assert "is unavailable (HTTP 503 Service Unavailable)" in user.status_text
        assert list_rows(user)[0] == "Appointment Bridge | …Gh78 | ? unknown"
        assert "Last known: Enabled" in user.text
        await user.fill("interval", "8")
        await user.press("ctrl+s")
        assert rows.settings()[1] == "8"
        user.list.focus()
        before = rows.last_entry()
        await user.press("a")
        await user.at(Notice)
        assert "There is no list from headquarters. Press r to ask again." in user.flowing_text
        assert user.flowing_text.count("is unavailable") == 1
        await user.press("enter", "d")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text.startswith(
            "Headquarters' response can't be used, so keys can't be changed. Press r to ask again."
        )
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("escape")
        assert rows.last_entry() == before
        hq.behave()
        await user.press("r")
        assert label(user) == "Keys: 3 · headquarters, 09:03:07"
        assert list_rows(user)[0] == "Appointment Bridge | …Gh78 | ● on"
        await user.press("d")
        await user.at(Question)


async def test_a_practice_without_a_registration_key_shows_its_copy(demo: OpenRequest) -> None:
    async with run_program(headquarters_request()) as user:
        await open_api_setup(user)
        assert label(user) == "Keys: 12 · not contacted; copy, status unknown"
        assert user.status_text.startswith("This practice has no registration key")


# -- hostile text --------------------------------------------------------------------

SHORT_TEXTS = {
    # a text, how it is shown, and how it is shown when a sentence quotes it
    "x [/] y": ("x [/] y", "x [/] y"),
    "[red]x[/red]": ("[red]x[/red]", "[red]x[/red]"),
    "[@click=app.quit]x[/]": ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    # XML allows no other character that begins a control sequence.
    "a\x9b2J": ("a<U+009B>2J", "a 2J"),
    "a\u202eb": ("a<U+202E>b", "a b"),
}
HOSTILE = {
    # one run of the program for all the short ones, because each must be seen on each screen
    "short texts": (" ".join(SHORT_TEXTS), *zip(*SHORT_TEXTS.values(), strict=True)),
    "70,000 characters": ("long " * 14_000, ("long",), ("long",)),
    "one word of 70,000 characters": ("W" * 70_000, ("WWWW",), ("WWWW",)),
}


@first_of(2, ("text", "shown", "quoted"), HOSTILE.values(), ids=HOSTILE)
async def test_hostile_text_from_headquarters_is_shown_literally(
    hq: HeadquartersServer, text: str, shown: tuple[str, ...], quoted: tuple[str, ...]
) -> None:
    cache_list()
    hq.remove_key(BRIDGE.key)
    hq.remove_key(CLEARPAY.key)
    hq.add_key(replace(BRIDGE, developer=f"A{text}", email=text, phone=text, permissions=("ApiComm", text)))
    hq.offer(replace(OFFERED, developer=f"B{text}"))
    hq.refusal = text
    async with run_program(headquarters_request(), size=WIDE) as user:
        await open_api_setup(user)
        assert len(list_rows(user)) == 3
        assert user.row.startswith("A")
        assert_literal(user, *shown)
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert_literal(user, *shown)
        assert user.list.region.height >= 3
        await user.press("escape")
        hq.misbehave(Misbehaviour.ERROR, times=1, operation=SET_STATUS)
        await user.press("d")
        await user.at(Question)
        assert_literal(user, *shown)
        assert "^y Disable" in user.text
        await user.press("ctrl+y")
        await user.at(Notice)
        assert_literal(user, *quoted)
        await user.press("enter", "d", "ctrl+y")
        await user.at(Notice)
        assert_literal(user, *shown)
        assert "Enter Close" in user.text
        await user.press("enter")
        await open_license(user)
        await user.press("end", "ctrl+y")
        await user.at(Notice)
        assert_literal(user, *quoted)
        await user.press("enter")
        hq.set_status(BRIDGE.key, text)
        await user.press("r")
        assert_harmless(user)
        hq.misbehave(Misbehaviour.ERROR)
        await user.press("r")
        assert_literal(user, *quoted)
        await user.press("i")
        await user.at(Notice)
        assert_literal(user, *quoted)
    assert hq.count(LIST) > 3
