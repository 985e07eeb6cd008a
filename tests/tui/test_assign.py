"""Adding a key: the form, the license agreement and the outcome."""

from __future__ import annotations

from pathlib import Path

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.open_requests import with_office
from tests.support.user_driver import User, run_program
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.license import LicenseScreen
from tui.modals.notice import Notice
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen

KEY = "EXAMPLE-NOT-A-KEY-Gh78"
ACCEPT = "Press ^y to accept or d to decline."


async def fill_form(user: User, key: str = KEY, developer: str = "Night Guard", agreement: str = "2024-10-31") -> None:
    await user.press("a")
    await user.at(AssignKeyScreen)
    for field, text in (("key", key), ("developer", developer), ("agreement", agreement)):
        if text:
            await user.fill(field, text)


async def open_license(user: User) -> None:
    await fill_form(user)
    await user.press("ctrl+s")
    await user.at(LicenseScreen)


async def decline_license(user: User, key: str = "d") -> None:
    await user.press(key)
    await user.at(Question)
    await user.press("ctrl+y")


async def accept_license(user: User) -> None:
    await user.press("end", "ctrl+y")


# -- adding a key --------------------------------------------------------------------


async def test_a_key_is_added_with_the_keyboard_only(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        before = rows.last_entry()
        await user.press("a")
        await user.at(AssignKeyScreen)
        assert user.focused == "key"
        await user.enter_text(f"\r\n  {KEY}\n")
        await user.press("enter")
        assert user.focused == "developer"
        await user.enter_text("Night Guard")
        await user.press("enter")
        await user.enter_text("help@nightguard.example")
        await user.press("enter")
        await user.enter_text("555-0177")
        await user.press("enter")
        await user.enter_text("2024-10-31")
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.press("space", "down", "down", "down", "space", "ctrl+s")
        await user.at(AssignKeyScreen)
        assert "2: ApiReadAll, ApiAllOthers" in user.text
        await user.press("enter")
        await user.at(LicenseScreen)
        await accept_license(user)
        await user.at(Notice)
        assert "Added and enabled: API key ********Gh78 (Night Guard)." in user.flowing_text
        await user.press("enter")
        assert user.row.startswith("Night Guard | …Gh78 | ● on |")
        assert user.status_text == "Added and enabled: API key ********Gh78 (Night Guard)."
        accepted, added = rows.audit_texts(before)
        assert accepted.startswith("API Access Agreement for API key ********Gh78 #")
        assert added.startswith("New API key ********Gh78 #")
        assert added.endswith(
            "(Night Guard) added by admin; permissions ApiReadAll, ApiAllOthers; BAA since 2024-10-31"
        )
        assert rows.query("SELECT CustApiKey, DevName FROM apikey") == [(KEY, "Night Guard")]
        columns = "clear_text(fingerprint, sealed), developer, email, phone, permissions, status, agreement_since"
        stored = f"SELECT {columns} FROM apisetup_key"
        assert rows.query(stored) == [
            (
                KEY,
                "Night Guard",
                "help@nightguard.example",
                "555-0177",
                '["ApiReadAll", "ApiAllOthers"]',
                1,
                "2024-10-31",
            )
        ]


async def test_the_new_key_is_highlighted_among_the_others(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        await accept_license(user)
        await user.at(Notice)
        await user.press("enter")
        assert user.row.startswith("Night Guard | …Gh78 | ● on |")
        assert "Keys  13 ·" in user.text


async def test_a_new_key_is_shown_even_if_the_filter_would_hide_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash")
        await user.enter_text("portal")
        await user.press("enter")
        await open_license(user)
        await accept_license(user)
        await user.at(Notice)
        await user.press("enter")
        assert user.row.startswith("Night Guard | …Gh78 | ● on |")


# -- the key -------------------------------------------------------------------------


async def test_the_key_in_a_pasted_text_is_shown_and_accepted_with_enter(embedded: OpenRequest) -> None:
    pastes = {
        f'curl -H "Authorization: ODFHIR DEVELOPERKEY16XX/{KEY}" \\\n  https://api.example/v1': "a curl command",
        f"Authorization\tODFHIR DEVELOPERKEY16XX/{KEY}\t": "an Authorization header",
        f"DEVELOPERKEY16XX/{KEY}": "a developer key and a customer key",
        f'{{"DeveloperKey": "DEVELOPERKEY16XX", "CustomerKey": "{KEY}"}}': "a text that names it",
    }
    async with run_program(embedded) as user:
        await user.press("a")
        await user.at(AssignKeyScreen)
        for text, place in pastes.items():
            with case(place):
                await user.fill("key", text)
                described = f"Understood: ********Gh78 from {place}. The developer's key is left out."
                assert f"{described} Press Enter to accept it." in user.flowing_text
                await user.press("enter")
                assert (user.field("key").value, user.focused) == (KEY, "developer")
                assert described in user.flowing_text
                assert "DEVELOPERKEY16XX" not in user.text


async def test_a_key_with_marks_around_it_is_shown_without_them(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await user.press("a")
        await user.at(AssignKeyScreen)
        for text in (f'"{KEY}"', f"`{KEY}`", f"‹{KEY}›", f"{KEY}.", f"“{KEY}”,"):
            with case(text):
                await user.fill("key", text)
                assert "Understood: ********Gh78. Press Enter to accept it." in user.flowing_text
                await user.press("enter")
                assert user.field("key").value == KEY


async def test_leaving_the_field_accepts_the_key_too(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        for key in ("tab", "ctrl+s"):
            with case(key):
                await fill_form(user, key=f"Authorization: ODFHIR DEVELOPERKEY16XX/{KEY}", agreement="")
                user.field("key").focus()
                await user.press(key)
                if key == "ctrl+s":
                    await user.at(Question)
                    await user.press("escape")
                assert user.field("key").value == KEY
                await user.press("escape")
                await user.at(Question)
                await user.press("ctrl+y")


async def test_a_text_without_a_key_says_why_before_it_is_sent(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await user.press("a")
        await user.at(AssignKeyScreen)
        for text, reason in (
            ("short", "An API key has at least 10 characters; this text has 5."),
            ("https://api.example/v1", "This is a web address, not an API key."),
            ("Developer key: DEVELOPERKEY16XX", "This text has only the developer's key"),
        ):
            with case(text):
                await user.fill("key", text)
                assert reason in user.flowing_text
                await user.press("enter")
                assert (user.focused, user.field("key").value) == ("key", text)
                assert user.status_text.startswith(reason)


async def test_a_header_in_lines_that_arrive_as_keys_stays_in_the_field_of_the_key(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await user.press("a")
        await user.at(AssignKeyScreen)
        named = {" ": "space", "\n": "enter", "/": "slash", ":": "colon", "-": "minus"}
        text = f"curl\n-H Authorization: ODFHIR DEVELOPERKEY16XX/{KEY}\n"
        user.type_at(0.01, *(named.get(each, each) for each in text))
        await user.settle()
        assert (user.field("key").value, user.field("developer").value) == (KEY, "")


async def test_a_key_in_another_field_is_refused(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user)
        for field in ("developer", "email", "phone"):
            for text in (f"ODFHIR DEVELOPERKEY16XX/{KEY}", f"key {KEY}"):
                with case(f"{field}: {text}"):
                    await user.fill(field, text)
                    await user.press("ctrl+s")
                    assert user.status_text.startswith("This field contains an API key")
                    assert user.focused == field
            await user.fill(field, "Night Guard")


async def test_an_invalid_key_is_refused_with_a_message(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user, key="")
        for key, words in (
            ("", "Please enter an API key."),
            ("TWO WORDS", "An API key can't contain spaces, and no key was found in this text."),
            ("   ", "Please enter an API key."),
            ("K" * 256, "An API key has at most 255 characters; this text has 256."),
            ("HIDDEN\u200bMARK", "It has characters that aren't allowed in an API key."),
            ("TWO WORDS", "An API key can't contain spaces, and no key was found in this text."),
            ("SCHLÜSSEL", "It has characters that aren't allowed in an API key."),
        ):
            with case(key):
                await user.fill("key", key)
                user.field("agreement").focus()
                await user.press("ctrl+s")
                assert isinstance(user.screen, AssignKeyScreen)
                assert user.status_text.startswith(words)
                assert (user.screen.status.kind, user.focused) == ("problem", "key")


async def test_the_longest_key_can_be_added(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user, key="K" * 255)
        await user.press("ctrl+s")
        await user.at(LicenseScreen)


async def test_a_key_that_is_already_listed_is_refused(demo: OpenRequest) -> None:
    [(known,)] = rows.query(
        "SELECT clear_text(fingerprint, sealed) FROM apisetup_key WHERE developer = 'Dentist Finder'"
    )
    async with run_program(demo) as user:
        await fill_form(user, key=known)
        await user.press("ctrl+s")
        assert user.status_text.startswith("This key is already in the list: Dentist Finder, Disabled by Customer.")


# -- the other fields ----------------------------------------------------------------


async def test_the_name_of_the_developer_is_required(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user, developer="   ")
        await user.press("ctrl+s")
        assert (user.status_text, user.focused) == ("Please enter the developer's name.", "developer")


async def test_an_invalid_date_is_refused(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user, agreement="")
        for date in ("31.10.2024", "2024-02-30", "soon", "2024-13-01"):
            with case(date):
                await user.fill("agreement", date)
                user.field("key").focus()
                user.screen.show_status("")
                await user.press("ctrl+s")
                assert user.status_text.startswith("Not a valid date.")
                assert (user.focused, user.field("agreement").value) == ("agreement", date)


async def test_adding_a_key_without_an_agreement_needs_confirmation(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user, agreement="")
        await user.press("ctrl+s")
        await user.at(Question)
        assert "Sign an agreement first" in user.flowing_text
        await user.press("enter")
        assert (type(user.screen), user.focused) == (AssignKeyScreen, "agreement")
        await user.press("ctrl+s")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(LicenseScreen)
        await accept_license(user)
        await user.at(Notice)
        assert rows.query("SELECT agreement_since FROM apisetup_key") == [(None,)]


async def test_escape_leaves_the_permissions_unchanged(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user)
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.press("space", "escape")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(AssignKeyScreen)
        assert "Permissions            none" in user.text


async def test_leaving_with_unsaved_input_asks(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user)
        await user.press("escape")
        await user.at(Question)
        await user.press("enter")
        assert user.field("key").value == KEY
        await user.press("escape")
        await user.at(Question)
        await user.press("ctrl+y")
        assert (user.stack, user.status_text) == (["ApiSetupScreen"], "No key was added.")


async def test_leaving_an_empty_form_does_not_ask(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await user.press("a", "escape")
        assert (user.stack, user.status_text) == (["ApiSetupScreen"], "No key was added.")


async def test_quitting_with_unsaved_input_asks(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user)
        await user.press("ctrl+q")
        await user.at(Question)
        assert "Unsaved changes: the new API key." in user.text


# -- the agreement -------------------------------------------------------------------


async def test_the_agreement_cannot_be_accepted_before_its_end_is_visible(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        before = rows.last_entry()
        for _ in range(10):
            await user.press("ctrl+y", "f7")
            assert isinstance(user.screen, LicenseScreen)
            if "100%" in user.text:
                break
            assert "Scroll to the end to accept." in user.text
            assert "Accept" not in user.keys
            assert rows.last_entry() == before
            await user.press("pagedown")
            if "Press ^y to accept or d to decline." in user.text:
                break
        assert "Read 100%. Press ^y to accept or d to decline." in user.text
        assert user.keys.startswith("^y Accept")
        await user.press("ctrl+y")
        await user.at(Notice)


async def test_every_scrolling_key_reaches_the_end_of_the_agreement(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        for key, times in (("end", 1), ("G", 1), ("space", 5), ("down", 60)):
            with case(key):
                await open_license(user)
                assert ACCEPT not in user.text
                await user.press(*[key] * times)
                assert ACCEPT in user.text
                await user.press("home")
                assert ACCEPT in user.text
                await decline_license(user)


async def test_the_reading_progress_is_shown(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        first = user.text
        await user.press("down")
        assert "Read " in first
        assert first.count("%") == user.text.count("%") == 1
        assert first != user.text


async def test_an_agreement_that_fits_the_terminal_can_be_accepted_at_once(embedded: OpenRequest) -> None:
    async with run_program(embedded, size=(100, 80)) as user:
        await open_license(user)
        assert "Press ^y to accept or d to decline." in user.text
        await user.press("ctrl+y")
        await user.at(Notice)


async def test_declining_adds_no_key_and_is_logged(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        for key in ("d", "f8"):
            with case(key):
                await open_license(user)
                before = rows.last_entry()
                await decline_license(user, key)
                assert isinstance(user.screen, ApiSetupScreen)
                declined = "Declined: the agreement must be accepted to add an API key. Nothing was added."
                assert user.status_text == declined
                [text] = rows.audit_texts(before)
                assert "(Night Guard) declined by admin (SHA-256 " in text
                assert rows.key_texts() == []


async def test_escape_returns_from_the_agreement_to_the_form_with_everything_typed(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await fill_form(user)
        await user.fill("email", "help@nightguard.example")
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.press("space", "ctrl+s", "ctrl+s")
        await user.at(LicenseScreen)
        before = rows.last_entry()
        await user.press("end", "escape")
        await user.at(AssignKeyScreen)
        assert user.status_text == "The agreement was neither accepted nor declined. Press ^s to see it again."
        typed = [user.field(name).value for name in ("key", "developer", "email", "agreement")]
        assert typed == [KEY, "Night Guard", "help@nightguard.example", "2024-10-31"]
        assert rows.last_entry() == before
        await user.press("ctrl+s")
        await user.at(LicenseScreen)
        await accept_license(user)
        await user.at(Notice)
        stored = rows.query("SELECT clear_text(fingerprint, sealed), email, permissions FROM apisetup_key")
        assert stored == [(KEY, "help@nightguard.example", '["ApiReadAll"]')]


async def test_the_agreement_is_neither_accepted_nor_declined_by_text(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        before = rows.last_entry()
        await user.press("end", "a", "y", "n")
        assert isinstance(user.screen, LicenseScreen)
        for answer in ("ctrl+y", "d", "f7", "f8"):
            user.send("x", answer)
            await user.settle()
            assert isinstance(user.screen, LicenseScreen)
            assert user.status_text.startswith("Key ignored: it came too fast.")
        await user.press("d", "d", "y", "enter")
        assert isinstance(user.screen, LicenseScreen)
        assert rows.last_entry() == before


async def test_an_agreement_that_is_not_declined_after_all_stays_open(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        before = rows.last_entry()
        await user.press("d")
        await user.at(Question)
        assert "This is recorded in the Audit Trail." in user.flowing_text
        await user.press("escape")
        assert isinstance(user.screen, LicenseScreen)
        assert rows.last_entry() == before


async def test_accepting_is_logged_before_the_key_is_added(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        before = rows.last_entry()
        rows.execute(rows.REFUSE_KEYS)
        await accept_license(user)
        await user.at(Question)
        [text] = rows.audit_texts(before)
        assert "(Night Guard) accepted by admin (SHA-256 " in text
        assert rows.query("SELECT PermType FROM securitylog ORDER BY SecurityLogNum DESC LIMIT 1") == [(258,)]


async def test_the_configuration_can_replace_the_license(embedded: OpenRequest, tmp_path: Path) -> None:
    text = tmp_path / "license.txt"
    text.write_text("Be good.\n", encoding="utf-8")
    own = with_office(embedded, license_file=text, license_title="Vendor's License [red]2024[/red]")
    async with run_program(own) as user:
        await open_license(user)
        assert "Vendor's License [red]2024[/red]" in user.text
        assert "Be good." in user.text
        before = rows.last_entry()
        await user.press("ctrl+y")
        await user.at(Notice)
        assert rows.audit_texts(before)[0].startswith("Vendor's License [red]2024[/red] for API key ")


async def test_quitting_at_the_agreement_asks(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        await user.press("ctrl+q")
        await user.at(Question)
        assert "neither accepted nor declined" in user.flowing_text


# -- when adding fails ---------------------------------------------------------------


async def test_accepting_can_be_retried_after_the_file_was_locked(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        with rows.locked():
            await accept_license(user)
            assert isinstance(user.screen, LicenseScreen)
            assert "locked by another program" in user.status_text
        await user.press("ctrl+y")
        await user.at(Notice)
        assert rows.key_texts() == [KEY]


async def test_a_failed_addition_can_be_retried_without_typing_again(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        rows.execute(rows.REFUSE_KEYS)
        await accept_license(user)
        await user.at(Question)
        assert "The key was not added" in user.text
        rows.execute(rows.ACCEPT_KEYS)
        before = rows.last_entry()
        await user.press("ctrl+y")
        await user.at(Notice)
        assert rows.key_texts() == [KEY]
        assert len(rows.audit_texts(before)) == 1


async def test_a_failed_addition_can_be_abandoned(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_license(user)
        rows.execute(rows.REFUSE_KEYS)
        await accept_license(user)
        await user.at(Question)
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen"]
        assert user.screen.status.kind == "problem"
        assert rows.key_texts() == []
        assert not any(text.startswith("New API key") for text in rows.audit_texts())


async def test_the_agreement_can_be_declined_even_if_that_cannot_be_logged(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        with rows.locked():
            await decline_license(user)
            await user.at(Notice)
            assert "Declined, but not logged" in user.text
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen"]
        assert "Nothing was added." in user.status_text


async def test_two_keys_on_two_lines_are_refused(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("a")
        await user.at(AssignKeyScreen)
        await user.enter_text("FIRSTKEY00001\nSECONDKEY0002")
        await user.press("enter")
        assert "An API key can't contain spaces" in user.status_text


async def test_an_agreement_that_begins_in_the_future_is_refused(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("a")
        await user.at(AssignKeyScreen)
        await user.fill("key", "EXAMPLEKEY0001")
        await user.fill("developer", "Early Bird")
        await user.fill("agreement", "2999-01-01")
        await user.press("ctrl+s")
        assert "is in the future" in user.status_text
        assert user.focused == "agreement"


async def test_a_key_that_is_added_while_the_agreement_is_on_screen_is_not_accepted_for(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        before = rows.last_entry()
        rows.add_key(KEY, "Faster Program")
        await accept_license(user)
        await user.at(AssignKeyScreen)
        assert user.status_text.startswith("This key is already in the list: Faster Program, Enabled.")
        assert user.field("developer").value == "Night Guard"
        assert rows.last_entry() == before
