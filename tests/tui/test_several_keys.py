"""Selecting several keys in the list, and disabling them with one question."""

from __future__ import annotations

import pytest

from core.base.errors import PracticeUnavailable
from core.keys.service import KeyService
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.gates import Gates
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.change_series import ChangeSeries
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen

ENABLED = ("Appointment Bridge", "ClearPay", "Insurance Mate")
DISABLED = "Dentist Finder"


async def select(user: User, *developers: str) -> None:
    for developer in developers:
        await user.go_to(developer)
        await user.press("space")


def status_of(developer: str) -> int:
    return int(rows.query("SELECT status FROM apisetup_key WHERE developer = ?", developer)[0][0])


def marked(user: User) -> list[str]:
    """The developers whose rows have the mark of a selected row on the terminal."""
    return [line.split("✓")[1].split("  ")[0].strip(" …") for line in user.text.splitlines() if "✓" in line]


async def test_space_selects_keys_and_goes_on_to_the_next_one(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        first = user.row
        await user.press("space", "space")
        assert user.list.cursor == 2
        assert "2 selected" in user.panel("keys-panel")
        assert len(marked(user)) == 2
        assert first.startswith(marked(user)[0])
        await user.press("up", "space")
        assert "1 selected" in user.panel("keys-panel")


async def test_escape_deselects_all(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await select(user, *ENABLED)
        assert "Esc" in user.keys or "^" in user.keys
        await user.press("escape")
        assert "selected" not in user.panel("keys-panel")
        assert marked(user) == []


async def test_one_question_lists_what_will_happen_to_each_key(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await select(user, "ClearPay", DISABLED, "Insurance Mate")
        await user.press("d")
        await user.at(Question)
        text = user.flowing_text
        assert "Disable 2 keys?" in text
        assert "ClearPay …AD92 Enabled → Disabled by Customer" in text
        assert "Insurance Mate …C465 Enabled → Disabled by Customer" in text
        assert "Not changed:" in text
        assert f"{DISABLED} …70F3 Already disabled; nothing to do." in text


async def test_each_key_is_disabled_with_an_entry_and_a_result(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await select(user, *ENABLED, DISABLED)
        before = rows.last_entry()
        await user.press("d", "ctrl+y")
        await user.at(ChangeSeries)
        assert "3 of 3 done." in user.status_text
        assert user.keys == "Enter Close"
        assert user.flowing_text.count("✓") >= 3
        assert "Cut off: requests with a disabled key" in user.flowing_text
        await user.press("enter")
        await user.at(ApiSetupScreen)
        texts = rows.audit_texts(before)
        assert len(texts) == 3
        assert all("changed from Enabled to Disabled by Customer" in text for text in texts)
        assert [status_of(developer) for developer in ENABLED] == [2, 2, 2]
        assert (user.status_text, user.screen.status.hint) == ("Disabled 3 keys.", "^z undo")
        assert "selected" not in user.panel("keys-panel")


async def test_without_confirmation_nothing_is_disabled_and_the_keys_stay_selected(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await select(user, *ENABLED)
        before = rows.last_entry()
        await user.press("d", "escape")
        await user.at(ApiSetupScreen)
        assert user.status_text == "Nothing was changed."
        assert rows.last_entry() == before
        assert "3 selected" in user.panel("keys-panel")


async def test_if_all_are_disabled_already_nothing_is_asked(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await select(user, DISABLED, "Old Recall Service")
        before = rows.last_entry()
        await user.press("d")
        await user.at(Notice)
        assert "Nothing to disable" in user.text
        assert DISABLED in user.flowing_text
        await user.press("enter")
        assert rows.last_entry() == before


async def test_escape_stops_between_two_keys(demo: OpenRequest, gate: Gates) -> None:
    held = gate(KeyService, "set_status")
    async with run_program(demo, size=(120, 40)) as user:
        await select(user, *ENABLED)
        await user.press("d")
        await user.at(Question)
        user.send("ctrl+y")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopping"))
        held.open()
        await user.at(ChangeSeries)
        assert user.status_text == "1 of 3 done."
        assert user.flowing_text.count("not tried") == 2
        await user.press("escape")
        await user.at(ApiSetupScreen)
        assert sorted(status_of(developer) for developer in ENABLED) == [1, 1, 2]
        assert user.status_text == "Disabled 1 of 3 keys."
        assert "2 selected" in user.panel("keys-panel")


async def test_a_key_that_another_program_changed_fails_alone(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await select(user, *ENABLED)
        rows.execute("UPDATE apisetup_key SET status = 4 WHERE developer = 'ClearPay'")
        await user.press("d", "ctrl+y")
        await user.at(ChangeSeries)
        assert user.status_text == "2 of 3 done."
        assert "Another program changed a value in the meantime: Key Status" in user.flowing_text
        await user.press("enter")
        await user.at(ApiSetupScreen)
        assert [status_of(developer) for developer in ENABLED] == [2, 4, 2]
        assert "1 selected" in user.panel("keys-panel")


async def test_a_failure_of_the_database_stops_the_others(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise PracticeUnavailable("The disk is full.", "Free some space.")

    async with run_program(demo, size=(120, 40)) as user:
        await select(user, *ENABLED)
        monkeypatch.setattr(KeyService, "set_status", fail)
        await user.press("d", "ctrl+y")
        await user.at(ChangeSeries)
        assert user.status_text == "0 of 3 done."
        assert "The disk is full. Free some space." in user.flowing_text
        assert user.flowing_text.count("not tried") == 2


async def test_keys_that_the_filter_hides_are_left_alone_and_that_is_said(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await select(user, *ENABLED)
        await user.press("slash")
        await user.enter_text("clearpay")
        await user.press("enter")
        assert "3 selected (2 hidden)" in user.panel("keys-panel")
        await user.press("d")
        await user.at(Question)
        assert "Disable 1 key?" in user.text
        assert "The filter hides 2 more selected keys." in user.flowing_text
        await user.press("ctrl+y", "enter")
        await user.at(ApiSetupScreen)
        assert [status_of(developer) for developer in ENABLED] == [1, 2, 1]


async def test_if_the_filter_hides_all_selected_keys_nothing_is_asked(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await select(user, *ENABLED)
        await user.press("slash")
        await user.enter_text("molar")
        await user.press("enter", "d")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text.startswith("The filter hides the selected keys")


async def test_the_selection_survives_sorting_and_reloading(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await select(user, *ENABLED)
        await user.press("s", "r")
        assert "3 selected" in user.panel("keys-panel")
        assert {each[:12] for each in marked(user)} == {each[:12] for each in ENABLED}


async def test_a_key_that_is_gone_is_not_selected_any_more(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await select(user, *ENABLED)
        rows.execute("DELETE FROM apisetup_key WHERE developer = 'ClearPay'")
        rows.execute("DELETE FROM apikey WHERE DevName = 'ClearPay'")
        await user.press("r")
        assert "2 selected" in user.panel("keys-panel")


async def test_undo_enables_all_of_them_again_after_their_number_was_typed(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await select(user, *ENABLED)
        await user.press("d", "ctrl+y", "enter")
        await user.at(ApiSetupScreen)
        await user.press("ctrl+z")
        await user.at(Prompt)
        assert user.flowing_text.count("status: from Disabled by Customer back to Enabled") == 3
        await user.press("2", "ctrl+y")
        assert user.status_text.startswith("Not 3, the number of keys.")
        await user.press("backspace", "3", "ctrl+y")
        await user.at(ChangeSeries)
        await user.press("enter")
        await user.at(ApiSetupScreen)
        assert [status_of(developer) for developer in ENABLED] == [1, 1, 1]
        assert user.status_text == "Undone: 3 changes."


@pytest.mark.usefixtures("refused_writes")
async def test_nothing_is_asked_in_a_read_only_practice(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await select(user, *ENABLED)
        await user.press("d")
        assert user.stack == ["ApiSetupScreen"]
        assert user.screen.status.kind == "problem"
