"""The settings of API Setup: saving, conflicts with other programs, and unsaved input."""

from __future__ import annotations

import pytest
from textual.widgets import Checkbox, Select

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.thorough import first_of
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen
from tui.widgets.settings_form import SettingsForm


async def toggle_enabled(user: User) -> None:
    user.screen.query_one(Checkbox).focus()
    await user.press("space")


def unsaved(user: User) -> tuple[str, ...]:
    return user.screen.query_one(SettingsForm).unsaved


def payment_type(user: User) -> str:
    return str(user.screen.query_one("#payment-type Static#label").render())


# -- without rights ------------------------------------------------------------------


@first_of(
    2,
    "keys",
    [("ctrl+s",), ("d", "ctrl+y"), ("enter", "v"), ("enter", "c", "ctrl+y")],
    ids=["save", "disable", "show a key", "copy a key"],
)
async def test_a_user_who_was_hidden_meanwhile_is_told_and_keeps_what_was_typed(
    demo: OpenRequest, keys: tuple[str, ...]
) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "42")
        user.list.focus()
        rows.execute("UPDATE userod SET IsHidden = 1")
        before = rows.last_entry()
        await user.press(*keys)
        await until(lambda: "was hidden in Open Dental" in user.status_text)
        assert "Nothing was changed." in user.status_text
        assert rows.last_entry() == before
        if keys == ("ctrl+s",):
            assert unsaved(user) == ("subscription interval",)


# -- saving --------------------------------------------------------------------------


async def test_saving_writes_and_reports_the_changes(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        before = rows.last_entry()
        await toggle_enabled(user)
        await user.fill("interval", "5")
        user.screen.query_one("#payment-type").focus()
        await user.press("enter", "down", "down", "enter", "ctrl+s")
        changes = "Enabled from off to on; subscription interval from blank to 5 minutes"
        assert user.status_text == (f"Saved: {changes}; payment type from Check to Credit Card.")
        assert user.screen.status.kind == "ok"
        assert rows.settings() == (1, "5", "3")
        assert rows.audit_texts(before) == [
            f"API Setup: {changes.replace('Enabled from', 'Enabled changed from')};"
            " payment type from Check to Credit Card"
        ]
        assert rows.query("SELECT IType FROM signalod ORDER BY SignalNum")
        assert unsaved(user) == ()


async def test_f2_saves_as_well(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await user.fill("interval", "7")
        await user.press("f2")
        assert rows.settings() == (0, "7", "1")


async def test_saving_without_changes_writes_nothing(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        before = rows.last_entry()
        await user.press("ctrl+s")
        assert user.status_text == "No changes to save."
        assert rows.last_entry() == before


async def test_an_invalid_interval_is_refused_and_its_field_focused(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        for typed in ("five", "-1", "1,5", "100000001", "5 minutes"):
            with case(typed):
                await user.fill("interval", typed)
                user.list.focus()
                user.screen.show_status("")
                await user.press("ctrl+s")
                assert "subscription interval must" in user.status_text
                assert user.screen.status.kind == "problem"
                assert (user.focused, user.field("interval").value) == ("interval", typed)
                assert rows.settings() == (0, "", "1")


async def test_a_blank_interval_turns_subscriptions_off(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "  ")
        await user.press("ctrl+s")
        assert "subscription interval from 5 minutes to blank" in user.status_text
        assert rows.settings()[1] == ""


async def test_unsaved_input_is_marked_until_it_is_changed_back(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert "unsaved" not in user.text
        await user.fill("interval", "15")
        assert "* unsaved: subscription interval" in user.text
        await user.fill("interval", "5")
        assert "unsaved" not in user.text


async def test_the_mark_names_every_unsaved_value(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await toggle_enabled(user)
        await user.fill("interval", "15")
        user.screen.query_one("#payment-type").focus()
        await user.press("enter", "up", "enter")
        assert unsaved(user) == ("Enabled", "subscription interval", "payment type")
        assert "* unsaved: Enabled, subscription interval, payment type" in user.flowing_text


# -- conflicts -----------------------------------------------------------------------


async def cause_conflict(user: User) -> None:
    await user.fill("interval", "15")
    rows.execute("UPDATE programproperty SET PropertyValue = '30' WHERE PropertyValue = '5'")
    await user.press("ctrl+s")
    await user.at(Question)


async def test_a_conflict_shows_all_values_and_overwrites_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await cause_conflict(user)
        for words in ("was 5 minutes", "now 30 minutes", "yours 15 minutes", "Nothing was saved."):
            assert words in user.flowing_text
        assert rows.settings()[1] == "30"


async def test_a_conflict_about_one_value_keeps_unsaved_input_in_others(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await toggle_enabled(user)
        await cause_conflict(user)
        await user.press("ctrl+t")
        assert (user.field("interval").value, unsaved(user)) == ("30", ("Enabled",))


async def test_a_conflict_can_be_resolved_with_the_current_value(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await cause_conflict(user)
        before = rows.last_entry()
        await user.press("ctrl+t")
        assert user.status_text == "Showing the practice's current values. Nothing was saved."
        assert (user.field("interval").value, unsaved(user)) == ("30", ())
        assert (rows.settings()[1], rows.last_entry()) == ("30", before)


async def test_a_conflict_can_be_resolved_with_your_own_value(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await cause_conflict(user)
        await user.press("ctrl+o")
        assert "subscription interval from 30 minutes to 15 minutes" in user.status_text
        assert rows.settings()[1] == "15"


@pytest.mark.parametrize("key", ["escape", "enter"])
async def test_postponing_a_conflict_keeps_unsaved_input(demo: OpenRequest, key: str) -> None:
    async with run_program(demo) as user:
        await cause_conflict(user)
        await user.press(key)
        assert user.status_text == "Nothing was saved. Your values are still in the form."
        assert (user.field("interval").value, rows.settings()[1]) == ("15", "30")


async def test_a_change_of_another_value_elsewhere_is_no_conflict(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        rows.execute("UPDATE preference SET ValueString = '2' WHERE PrefName = 'ApiPaymentType'")
        await user.fill("interval", "15")
        await user.press("ctrl+s")
        assert user.status_text.startswith("Saved: subscription interval from 5 minutes to 15 minutes.")
        assert rows.settings() == (1, "15", "2")
        assert payment_type(user) == "Cash"


async def test_a_value_that_was_changed_to_the_same_elsewhere_is_not_written_again(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        rows.execute("UPDATE programproperty SET PropertyValue = '15' WHERE PropertyValue = '5'")
        before = rows.last_entry()
        await user.press("ctrl+s")
        assert user.status_text == "No changes to save: the practice already has these values."
        assert (rows.last_entry(), unsaved(user)) == (before, ())


# -- reload --------------------------------------------------------------------------


async def test_reload_shows_changes_by_others(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        rows.execute("UPDATE program SET Enabled = 0")
        await user.press("r")
        assert user.status_text == "Reloaded."
        assert not user.screen.query_one(Checkbox).value


async def test_reload_can_keep_unsaved_input(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        rows.execute("UPDATE program SET Enabled = 0")
        user.list.focus()
        await user.press("r")
        await user.at(Question)
        await user.press("ctrl+t")
        assert user.field("interval").value == "15"
        assert not user.screen.query_one(Checkbox).value
        assert unsaved(user) == ("subscription interval",)


async def test_reload_can_discard_unsaved_input(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        await user.press("f6")
        await user.at(Question)
        await user.press("ctrl+y")
        assert (user.field("interval").value, unsaved(user)) == ("5", ())


async def test_reload_can_be_cancelled(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        await user.press("f6")
        await user.at(Question)
        await user.press("escape")
        assert (user.field("interval").value, user.status_text) == ("15", "")


# -- quitting ------------------------------------------------------------------------


async def test_quitting_asks_about_unsaved_input(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        await user.press("ctrl+q")
        await user.at(Question)
        assert "Unsaved changes: subscription interval." in user.text
        await user.press("enter")
        assert (user.stack, user.field("interval").value) == (["ApiSetupScreen"], "15")
        user.list.focus()
        await user.press("ctrl+q")
        await user.at(Question)
        user.send("ctrl+y")
        await until(lambda: user.app.is_exiting)
        assert user.app.return_code == 0
        assert rows.settings()[1] == "5"


async def test_quitting_without_unsaved_input_does_not_ask(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.send("ctrl+q")
        await until(lambda: user.app.is_exiting)
        assert user.app.return_code == 0


# -- missing and hidden values -------------------------------------------------------


async def test_the_current_payment_type_is_shown_and_marked_if_it_is_hidden(demo: OpenRequest) -> None:
    rows.execute("UPDATE preference SET ValueString = '4' WHERE PrefName = 'ApiPaymentType'")
    async with run_program(demo) as user:
        assert "hidden" in user.text
        await user.fill("interval", "15")
        await user.press("ctrl+s")
        assert user.status_text.startswith("Saved: ")
        assert 'The default payment type "Gift certificate" is hidden in Open Dental.' in user.status_text
        assert rows.settings() == (1, "15", "4")


async def test_a_deleted_payment_type_is_shown_by_number(demo: OpenRequest) -> None:
    rows.execute("UPDATE preference SET ValueString = '77' WHERE PrefName = 'ApiPaymentType'")
    async with run_program(demo) as user:
        assert "unknown type 77" in user.text
        assert "The default payment type 77 is not one of this practice's payment types." in user.status_text
        assert unsaved(user) == ()


async def test_other_hidden_payment_types_are_not_offered(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.query_one("#payment-type").focus()
        await user.press("enter")
        assert "Electronic funds" in user.text
        assert "Gift certificate" not in user.text


@pytest.mark.parametrize("stored", ["0", "x", "77"])
async def test_the_api_can_be_turned_off_without_a_usable_payment_type(demo: OpenRequest, stored: str) -> None:
    rows.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", stored)
    async with run_program(demo) as user:
        user.screen.query_one("#enabled").focus()
        await user.press("space", "ctrl+s")
        assert user.status_text.startswith("Saved: Enabled from on to off.")
        assert "default payment type" in user.status_text
        assert unsaved(user) == ()
    assert rows.settings() == (0, "5", stored)


async def test_a_payment_type_that_was_chosen_can_not_be_cleared(demo: OpenRequest) -> None:
    rows.execute("UPDATE preference SET ValueString = '0' WHERE PrefName = 'ApiPaymentType'")
    async with run_program(demo) as user:
        assert payment_type(user) == "(none chosen)"
        assert unsaved(user) == ()
        await user.fill("interval", "15")
        await user.press("ctrl+s")
        assert user.status_text.endswith("No default payment type is chosen.")


MISSING = {
    "program": ("DELETE FROM program", "no program FHIR", ["enabled", "interval"]),
    "property": (
        "DELETE FROM programproperty WHERE PropertyDesc = 'SubscriptionProcessingFrequency'",
        "no setting for the subscription interval",
        ["interval"],
    ),
    "preference": (
        "DELETE FROM preference WHERE PrefName = 'ApiPaymentType'",
        "no preference ApiPaymentType",
        ["payment-type"],
    ),
}


@pytest.mark.parametrize(("statement", "words", "fields"), MISSING.values(), ids=MISSING)
async def test_a_missing_row_is_reported_and_its_field_disabled(
    demo: OpenRequest, statement: str, words: str, fields: list[str]
) -> None:
    rows.execute(statement)
    async with run_program(demo) as user:
        assert words in user.flowing_text
        disabled = [
            name for name in ("enabled", "interval", "payment-type") if user.screen.query_one(f"#{name}").disabled
        ]
        assert disabled == fields
        if "interval" in fields:
            return
        await user.fill("interval", "15")
        await user.press("ctrl+s")
        assert user.status_text.startswith("Saved: subscription interval from 5 minutes to 15 minutes.")


# -- locked and read-only files ------------------------------------------------------


async def test_a_locked_file_keeps_unsaved_input_and_a_second_try_saves_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        with rows.locked():
            await user.press("ctrl+s")
            assert "The SQLite file is locked by another program." in user.status_text
            assert "Try again" in user.status_text
            assert (user.screen.status.kind, user.field("interval").value) == ("problem", "15")
        await user.press("ctrl+s")
        assert user.status_text.startswith("Saved: ")
        assert rows.settings()[1] == "15"


@pytest.mark.usefixtures("refused_writes")
async def test_a_read_only_file_can_be_read_and_refuses_saving(demo: OpenRequest) -> None:
    before = rows.last_entry()
    async with run_program(demo) as user:
        assert "READ-ONLY" in user.text.splitlines()[0]
        assert user.status_text.startswith("Read-only: ")
        assert user.app.screen.query_one(SettingsForm).disabled
        await user.press("ctrl+s")
        assert user.status_text.startswith("Read-only: The practice's file cannot be written.")
        user.list.focus()
        await user.press("t")
        assert user.panel("entries").startswith("Entries  100 loaded")
    assert rows.last_entry() == before


async def test_a_failed_save_keeps_unsaved_input(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        rows.execute("ALTER TABLE programproperty RENAME TO elsewhere")
        await user.press("ctrl+s")
        assert user.screen.status.kind == "problem"
        assert user.field("interval").value == "15"
        rows.execute("ALTER TABLE elsewhere RENAME TO programproperty")
        await user.press("ctrl+s")
        assert rows.settings()[1] == "15"
        assert isinstance(user.screen, ApiSetupScreen)


async def test_about_shows_the_practice(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("i")
        for words in ("Bright Smiles Dental (demo)", "practice.sqlite3", "desk-7, 203.0.113.9", "isn't informed"):
            assert words in user.flowing_text
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen"]


async def test_escape_closes_the_list_of_payment_types(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        field = user.screen.query_one("#payment-type", Select)
        field.focus()
        await user.press("enter")
        shown = [field.expanded]
        await user.press("escape")
        assert [*shown, field.expanded] == [True, False]
        assert unsaved(user) == ()
