"""The key list of API Setup: the filter, and disabling and enabling a key."""

from __future__ import annotations

from datetime import date

import pytest

from core.keys.filter import parse_key_filter
from core.model.key_text import fingerprint
from core.offices.open_request import OpenRequest
from core.opendental.key_status import KeyStatus
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.widgets.key_table import EXAMPLE_FILTER


async def open_disable_question(user: User, developer: str = "Patient Portal Plus") -> None:
    await user.go_to(developer)
    await user.press("d")
    await user.at(Question)


async def open_enable_prompt(user: User, developer: str) -> None:
    await user.go_to(developer)
    await user.press("E")
    await user.at(Prompt)
    assert "Enable this key?" in user.text


def ending_of(developer: str) -> str:
    return str(
        rows.query("SELECT clear_text(fingerprint, sealed) FROM apisetup_key WHERE developer = ?", developer)[0][0]
    )[-4:]


def developers(user: User) -> list[str]:
    found = [user.list.rows.row(index) for index in range(len(user.list.rows))]
    return [row.cells[0] for row in found if row]


# -- display -------------------------------------------------------------------------


async def test_the_permissions_of_the_highlighted_key_are_shown(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert "Permissions  2" in user.text
        assert "ApiAppointments" in user.text
        await user.press("down", "down")
        assert "Permissions  3" in user.text
        assert "ApiPayPlans" in user.text


async def test_a_status_other_than_enabled_is_shown_as_text(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for words in ("○ off", "✕ developer", "✕ Open Dental", "◐ reads", "● on"):
            assert words in user.text
        await user.go_to("Dentist Finder")
        assert "○ Disabled by Customer" in user.text


async def test_two_keys_with_the_same_ending_can_be_told_apart(demo: OpenRequest) -> None:
    for developer in ("ClearPay", "Dentist Finder"):
        rows.set_key_text(developer, f"SAME-END-{developer[:3]}-9999")
    async with run_program(demo) as user:
        labels = [row.cells[1] for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]
        ending = [label for label in labels if "9999" in label]
        assert len(ending) >= 2
        assert all("#" in label for label in ending)
        assert all(label in user.text for label in ending)


async def test_an_empty_list_says_so_and_ignores_its_keys(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        assert "No API keys yet." in user.text
        for key in ("d", "e", "enter"):
            await user.press(key)
            assert user.stack == ["ApiSetupScreen"]
        await user.press("d")
        assert user.status_text == "No API keys yet. Press a to add one."


# -- the filter ----------------------------------------------------------------------


async def test_the_filter_applies_while_typing_and_escape_ends_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash", "p", "o", "r", "t")
        assert developers(user) == ["Patient Portal Plus"] * 2
        assert "Keys  2 of 12 · 2 on" in user.text
        await user.press("escape")
        assert len(developers(user)) == 12
        assert (user.focused, user.stack) == ("keys", ["ApiSetupScreen"])


async def test_enter_in_the_filter_goes_to_the_list(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash", "p", "o", "r", "t", "enter", "down", "enter")
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
        assert "Patient Portal Plus" in user.text
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]
        assert len(developers(user)) == 2
        await user.press("escape")
        assert len(developers(user)) == 12


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("disabled customer", ["Dentist Finder"]),
        ("READ ENABLED", ["Molar Records"]),
        ("78 0e", ["Appointment Bridge"]),
        ("on mate", ["Insurance Mate"]),
    ],
)
async def test_the_filter_matches_developer_last_characters_and_status(
    demo: OpenRequest, words: str, found: list[str]
) -> None:
    async with run_program(demo) as user:
        await user.press("slash")
        await user.enter_text(words)
        assert developers(user) == found


async def test_the_filter_understands_fields_alternatives_and_exclusions(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash")
        for typed, found in (
            ("status:customer", {"Dentist Finder"}),
            ("may:ApiPayments developer:clear", {"ClearPay"}),
            ("developer:clearpay,canopy -may:risky", set()),
            ("developer:clearpay,canopy may:queries", {"Canopy Analytics"}),
            ('developer:"patient portal"', {"Patient Portal Plus"}),
            ("status:developer,customer", {"Dentist Finder", "Old Recall Service"}),
        ):
            with case(typed):
                await user.fill("filter", typed)
                assert set(developers(user)) == found


async def test_while_a_word_is_only_half_typed_the_others_filter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash")
        await user.enter_text("status:customer")
        await user.press(*" may:")
        assert developers(user) == ["Dentist Finder"]


async def test_enter_on_a_filter_that_is_not_valid_points_at_the_word(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash")
        await user.enter_text("clear stat:enabled")
        await user.press("enter")
        assert user.status_text == 'Unknown filter field "stat:". Did you mean status:?'
        assert (user.focused, user.field("filter").selected_text) == ("filter", "stat:enabled")
        await user.enter_text("portal")
        assert user.status_text == ""


def test_the_example_in_the_empty_filter_is_valid() -> None:
    assert parse_key_filter(EXAMPLE_FILTER, (), date(2024, 11, 6))


async def test_tab_in_the_filter_completes_or_lists_what_there_is(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash", "tab")
        assert user.status_text == "status:  may:  developer:  key:  changed:  baa:"
        await user.press("s", "tab")
        assert user.status_text == ""
        assert (user.field("filter").value, user.focused) == ("status:", "filter")
        await user.press("tab")
        assert user.status_text.startswith("status:enabled  status:read-enabled  status:disabled")
        await user.press(*"customer", "enter")
        assert developers(user) == ["Dentist Finder"]
        await user.press("slash")
        assert user.field("filter").value == "status:customer "
        await user.press(*"-dentist")
        assert developers(user) == []


async def test_a_filter_without_matches_says_how_to_end_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash")
        await user.enter_text("nobody")
        assert "No key matches. Press Esc to show all." in user.text
        await user.press("enter", "d")
        assert user.stack == ["ApiSetupScreen"]
        await user.press("escape")
        assert len(developers(user)) == 12


async def test_letters_in_the_filter_are_only_letters(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash", "q", "d", "a", "t")
        assert user.field("filter").value == "qdat"
        assert user.stack == ["ApiSetupScreen"]


# -- disabling and enabling ----------------------------------------------------------


async def test_d_and_ctrl_y_disable_a_key(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_disable_question(user, "Insurance Mate")
        await user.press("ctrl+y")
        await user.at(Notice)
        assert "is now Disabled by Customer in the local registry." in user.flowing_text
        assert "Cut off: requests with a disabled key" in user.flowing_text
        await user.press("enter")
        assert "○ off" in user.row
        assert rows.status_of("Insurance Mate") == KeyStatus.DISABLED_BY_CUSTOMER
        [text] = rows.audit_texts(before)
        assert text.startswith("API key ********C465 #")
        assert text.endswith("(Insurance Mate) changed from Enabled to Disabled by Customer by admin")


async def test_the_question_shows_the_key_and_its_new_status(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_disable_question(user, "Insurance Mate")
        for words in ("Insurance Mate", "********C465", "Enabled → Disabled by Customer"):
            assert words in user.flowing_text


@pytest.mark.parametrize("keys", [["escape"], ["enter"], ["d", "a", "n", "y", "enter"]])
async def test_only_ctrl_y_disables(demo: OpenRequest, keys: list[str]) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_disable_question(user, "Insurance Mate")
        assert user.focused == "cancel"
        await user.press(*keys)
        assert user.stack == ["ApiSetupScreen"]
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED
        assert rows.last_entry() == before


async def test_an_answer_can_be_chosen_with_arrows_and_enter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_disable_question(user, "Insurance Mate")
        await user.press("right", "enter")
        await user.at(Notice)
        assert rows.status_of("Insurance Mate") == KeyStatus.DISABLED_BY_CUSTOMER


async def test_a_key_that_the_office_disabled_can_be_enabled(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_enable_prompt(user, "Dentist Finder")
        assert "Disabled by Customer → Enabled" in user.flowing_text
        await user.press(*ending_of("Dentist Finder"), "ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        assert "● on" in user.row
        assert rows.status_of("Dentist Finder") == KeyStatus.ENABLED
        assert rows.query("SELECT date_disabled FROM apisetup_key WHERE developer = 'Dentist Finder'") == [(None,)]
        assert "changed from Disabled by Customer to Enabled by admin" in rows.audit_texts(before)[0]


async def test_enabling_needs_exactly_the_last_four_characters_of_the_key(demo: OpenRequest) -> None:
    ending = ending_of("Dentist Finder")
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_enable_prompt(user, "Dentist Finder")
        for wrong in ("", ending[1:], ending.lower(), f"*{ending}", "yes"):
            await user.press("end", "ctrl+u", *wrong, "ctrl+y")
            assert user.status_text.startswith("Not the key's last four characters. Nothing was changed.")
            assert user.stack == ["ApiSetupScreen", "Prompt"]
        await user.press("escape")
        assert user.status_text == "Nothing was changed."
        assert rows.status_of("Dentist Finder") == KeyStatus.DISABLED_BY_CUSTOMER
        assert rows.last_entry() == before


async def enable_with(user: User, developer: str, typed: str) -> None:
    await open_enable_prompt(user, developer)
    await user.press(*typed, "ctrl+y")
    await user.at(Notice)
    assert rows.status_of(developer) == KeyStatus.ENABLED


@pytest.mark.parametrize("prefix", ["#", ""])
async def test_a_key_that_is_hidden_whole_is_enabled_by_its_fingerprint(demo: OpenRequest, prefix: str) -> None:
    identity = fingerprint("abc")
    rows.execute("UPDATE apikey SET CustApiKey = 'abc' WHERE DevName = 'Dentist Finder'")
    rows.set_key_text("Dentist Finder", "abc")
    async with run_program(demo) as user:
        await open_enable_prompt(user, "Dentist Finder")
        assert f"Type the key's short fingerprint, #{identity[:6]}, to confirm:" in user.flowing_text
        await user.press("escape")
        await enable_with(user, "Dentist Finder", prefix + identity[:6])


async def test_a_key_that_ends_like_another_is_enabled_by_its_fingerprint(demo: OpenRequest) -> None:
    for developer in ("ClearPay", "Dentist Finder"):
        text = f"SAME-END-{developer}-9999"
        rows.execute("UPDATE apikey SET CustApiKey = ? WHERE DevName = ?", text, developer)
        rows.set_key_text(developer, text)
    tag = fingerprint("SAME-END-Dentist Finder-9999")[:6]
    async with run_program(demo) as user:
        await open_enable_prompt(user, "Dentist Finder")
        for wrong in ("9999", fingerprint("SAME-END-ClearPay-9999")[:6]):
            await user.press("end", "ctrl+u", *wrong, "ctrl+y")
            assert user.status_text.startswith("Not the key's short fingerprint.")
        await user.press("escape")
        await enable_with(user, "Dentist Finder", f"#{tag}")


async def test_the_keys_that_disable_never_enable(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await user.go_to("Dentist Finder")
        await user.press("d", "ctrl+y", "enter", "escape")
        await user.go_to("Dentist Finder")
        await user.press("f7", "ctrl+y")
        assert user.status_text == "Already disabled; nothing to do."
        assert rows.status_of("Dentist Finder") == KeyStatus.DISABLED_BY_CUSTOMER
        assert rows.last_entry() == before


@pytest.mark.parametrize(
    ("developer", "key", "words"),
    [
        ("Insurance Mate", "E", "Already enabled; nothing to do."),
        ("Molar Records", "plus", "Already enabled (Read Enabled); nothing to do."),
        ("Old Recall Service", "d", "Already disabled (Disabled by Developer); nothing to do."),
        ("Smile Imaging", "d", "Already disabled (Disabled by Open Dental); nothing to do."),
    ],
)
async def test_a_status_that_the_key_has_already_is_not_set_again(
    demo: OpenRequest, developer: str, key: str, words: str
) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await user.go_to(developer)
        await user.press(key)
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text == words
        assert rows.last_entry() == before


async def test_a_key_with_read_enabled_can_be_disabled(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_disable_question(user, "Molar Records")
        await user.press("ctrl+y", "enter")
        assert rows.status_of("Molar Records") == KeyStatus.DISABLED_BY_CUSTOMER


@pytest.mark.parametrize(
    ("developer", "words"),
    [
        ("Old Recall Service", "The developer disabled this key; only Old Recall Service can enable it: "),
        ("Smile Imaging", "Open Dental disabled this key; only Open Dental support can enable it."),
    ],
)
async def test_a_status_that_the_office_may_not_change_is_explained(
    demo: OpenRequest, developer: str, words: str
) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await user.go_to(developer)
        await user.press("E")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text.startswith(words)
        assert rows.last_entry() == before


async def test_a_status_changed_elsewhere_is_not_overwritten(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_disable_question(user, "Insurance Mate")
        rows.execute("UPDATE apisetup_key SET status = 4 WHERE developer = 'Insurance Mate'")
        before = rows.last_entry()
        await user.press("ctrl+y")
        await user.at(Notice)
        assert "Key Status: was Enabled now Disabled by Open Dental yours Disabled by Customer" in user.flowing_text
        await user.press("enter")
        assert "✕ Open Dental" in user.row
        assert (rows.status_of("Insurance Mate"), rows.last_entry()) == (KeyStatus.DISABLED_BY_HQ, before)


async def test_a_locked_file_is_reported_and_disables_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_disable_question(user, "Insurance Mate")
        with rows.locked():
            await user.press("ctrl+y")
            assert "locked by another program" in user.status_text
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED
        assert user.stack == ["ApiSetupScreen"]


async def test_reload_shows_keys_added_by_other_programs(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        rows.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES ('FROM-ANOTHER-WINDOW-1234', 'Another Window')")
        await user.press("r")
        assert "Keys  13 ·" in user.text
        assert user.row.startswith("Insurance Mate")
        await user.go_to("Another Window")
        assert user.row.startswith("Another Window | …1234 | ? unknown |")
        await user.press("d")
        assert "not in the local registry" in user.status_text


async def test_the_copy_is_matched_after_a_question(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM apikey WHERE DevName = 'ClearPay'")
    async with run_program(demo) as user:
        assert "Missing from the practice's copy of keys: ClearPay." in user.status_text
        await user.press("equals_sign")
        await user.at(Question)
        await user.press("y")
        assert rows.query("SELECT DevName FROM apikey WHERE DevName = 'ClearPay'") == []
        await user.press("ctrl+y")
        assert user.status_text == "The practice's copy of keys is synchronized with the registry."
        assert rows.query("SELECT DevName FROM apikey WHERE DevName = 'ClearPay'") == [("ClearPay",)]
        await user.press("equals_sign")
        assert user.status_text == "The practice's copy of keys is up to date."


async def test_the_key_bar_offers_only_the_status_that_a_key_can_have(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 24)) as user:
        await user.at_api_setup()
        for name, offered, left_out in (
            ("Appointment", "d Disable", "E Enable"),
            ("Dentist", "E Enable", "d Disable"),
            ("Smile", "w Why", "E Enable"),
        ):
            await user.go_to(name)
            await _until_offered(user, offered)
            assert left_out not in user.keys
        await user.go_to("ClearPay")
        await _until_offered(user, "d Disable")
        await user.press("d")
        await user.press("ctrl+y")
        await user.at(Notice)
        await user.press("escape")
        await _until_offered(user, "E Enable")
        assert "d Disable" not in user.keys
        await user.press("space")
        assert "d Disable" in user.keys


async def _until_offered(user: User, text: str) -> None:
    await until(lambda: text in user.keys)
