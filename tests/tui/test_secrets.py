"""No key, password or connection secret appears on a screen, in a message, a repr or the clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Input

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.open_requests import DATABASE_PASSWORD, server_request
from tests.support.user_driver import User, run_program
from tests.tui.test_assign import KEY
from tui.commands.parser import parse_arguments
from tui.modals.notice import Notice
from tui.modals.sign_in import SignInScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.connect import ConnectScreen
from tui.screens.verification import VerificationScreen

SNAPSHOTS = sorted(Path(__file__).parent.glob("__snapshots__/test_snapshots/*.svg"))
SHOW_THE_TYPED_KEY = ("assign_", "edit_reveal")
"""Screens with the form in which the key was typed, or with a dialog above it, and the one that shows a key."""


def test_no_screen_shows_a_key_without_a_request(demo: OpenRequest) -> None:
    known = rows.key_texts()
    assert len(known) == 12
    assert len(SNAPSHOTS) > 80
    for snapshot in SNAPSHOTS:
        text = snapshot.read_text(encoding="utf-8")
        assert [secret for secret in (*known, DATABASE_PASSWORD) if secret in text] == [], snapshot.name
        assert KEY not in text or any(name in snapshot.name for name in SHOW_THE_TYPED_KEY), snapshot.name


# -- keys in the Audit Trail ---------------------------------------------------------


@pytest.fixture
def logged_key(demo: OpenRequest) -> str:
    """Return a key of the practice that an entry contains in clear text, as Open Dental's own window writes it."""
    key = rows.key_text("ClearPay")
    rows.execute(
        "UPDATE securitylog SET LogText = ?, PermType = 8 WHERE SecurityLogNum = 417", f"New API key {key} added by X"
    )
    return str(key)


async def search(user: User, filter_text: str) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)
    await user.fill("filter", filter_text)
    await user.press("enter")


async def test_an_entry_found_by_a_full_key_shows_it_masked(demo: OpenRequest, logged_key: str) -> None:
    async with run_program(demo) as user:
        await search(user, f"text:{logged_key}")
        assert len(user.list.rows) == 1
        assert logged_key not in user.row
        assert "New API key ********AD92" in user.row
        # The only place that shows the key is the filter that it was typed into.
        assert user.text.count(logged_key) == 1
        await user.press("enter")
        await user.at(AuditEntryScreen)
        shown = user.text
        await user.press("end")
        assert logged_key not in shown + user.text


async def test_a_key_in_an_entry_is_masked_in_a_verification(demo: OpenRequest, logged_key: str) -> None:
    async with run_program(demo) as user:
        await search(user, "")
        await user.press("V")
        await user.at(VerificationScreen)
        assert any("New API key ********AD92" in str(row) for row in list_rows(user))
        assert not any(logged_key in str(row) for row in list_rows(user))
        await user.go_to("altered: New API key")
        assert logged_key not in user.text
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert logged_key not in user.text


def list_rows(user: User) -> list[object]:
    return [user.list.rows.row(index) for index in range(len(user.list.rows))]


@pytest.mark.parametrize("name", ["trail.csv", "trail.jsonl"])
async def test_a_key_is_masked_in_an_export_and_its_audit_entries(
    demo: OpenRequest, logged_key: str, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    async with run_program(demo) as user:
        await search(user, f"text:{logged_key}")
        before = rows.last_entry()
        await user.press("x", "end", "ctrl+u")
        await user.enter_text(name)
        await user.press("ctrl+s")
        await user.at(Notice)
        written = Path(name).read_text(encoding="utf-8") + Path(f"{name}.about.json").read_text(encoding="utf-8")
        assert "New API key ********AD92" in written
        assert "text:********AD92" in written
        texts = rows.audit_texts(before)
        assert "text:********AD92" in texts[0]
        assert logged_key not in written + " ".join(texts) + caplog.text


async def test_a_key_typed_into_the_filter_is_not_logged(demo: OpenRequest, caplog: pytest.LogCaptureFixture) -> None:
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        for word in ("user", "permission", "source", "since", "only", "nothing"):
            with case(word):
                await user.fill("filter", f"{word}:{KEY}")
                await user.press("enter")
                assert user.field("filter").selected_text == f"{word}:{KEY}"
                await user.press("escape")
        await user.press("D")
        await user.enter_text(KEY)
        await user.press("enter")
        assert user.status_text.startswith("Not a valid date")
        assert KEY not in caplog.text


async def test_an_unknown_key_in_an_entry_is_masked(demo: OpenRequest) -> None:
    rows.execute(
        "UPDATE securitylog SET LogText = 'New API key NOBODY-KNOWS-THIS-9999 added by X' WHERE SecurityLogNum = 417"
    )
    async with run_program(demo) as user:
        await search(user, "text:NOBODY-KNOWS")
        assert "New API key ********9999" in user.row
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert "THIS-9999" not in user.text


# -- passwords -------------------------------------------------------------------------


async def type_password(user: User) -> Input:
    screen = await user.at(ConnectScreen)
    await user.press(*"hunter2")
    return screen.query_one("#password", Input)


async def test_a_password_is_shown_as_dots(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        field = await type_password(user)
        assert field.value == "hunter2"
        assert "hunter" not in user.text
        assert "•••••••" in user.text


async def test_a_password_never_reaches_the_clipboard(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_program(server_request()) as user:
        sent: list[str] = []
        monkeypatch.setattr(HeadlessDriver, "write", lambda _driver, data: sent.append(data))
        field = await type_password(user)
        for keys in (["ctrl+c"], ["shift+home", "ctrl+c", "ctrl+x"], ["ctrl+a", "ctrl+c", "ctrl+x", "super+c"]):
            await user.press(*keys)
            assert user.app.clipboard == ""
        field.select_all()
        await user.press("ctrl+c", "ctrl+x")
        assert user.app.clipboard == ""
        assert not any("\x1b]52" in text for text in sent)
        assert field.value == "hunter2"


async def test_a_password_appears_in_no_repr_and_no_message(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_program(server_request()) as user:
        seen: list[str] = []
        post = Input.post_message

        def record(field: Input, message: Any) -> bool:
            seen.append(repr(message))
            return post(field, message)

        monkeypatch.setattr(Input, "post_message", record)
        field = await type_password(user)
        await user.press("enter")
        assert any("Submitted" in text for text in seen)
        assert not any(
            "hunter2" in text for text in (*seen, repr(field), repr(user.screen), repr(user.app), user.status_text)
        )
        assert "hunter2" not in user.text


async def test_the_password_is_cleared_from_its_field_after_use(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        screen = await user.at(ConnectScreen)
        field = screen.query_one("#password", Input)
        await user.enter_text(DATABASE_PASSWORD)
        await user.press("enter")
        await user.at(SignInScreen)
        assert field.value == ""


async def test_a_password_typed_at_the_sign_in_is_not_logged(demo: OpenRequest) -> None:
    async with run_program(server_request(password=DATABASE_PASSWORD)) as user:
        await user.at(SignInScreen)
        before = rows.last_entry()
        for name, password in (("hunter2", ""), ("admin", "hunter2")):
            user.field("name").focus()
            await user.press("end", "ctrl+u")
            await user.enter_text(name)
            await user.press("enter")
            if password:
                await user.enter_text(password)
            await user.press("enter")
        texts = rows.audit_texts(before)
        assert len(texts) == 2
        assert not any("hunter2" in text for text in texts)


async def test_a_key_typed_into_the_form_is_not_logged(demo: OpenRequest, caplog: pytest.LogCaptureFixture) -> None:
    async with run_program(demo) as user:
        await user.press("a")
        await user.fill("key", f"{KEY} {KEY}")
        await user.press("ctrl+s")
        assert "can't contain spaces" in user.status_text
        assert KEY not in user.status_text
        assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("arguments", "secret"),
    [
        (("keys", "add", "Aa12Bb34Cc56Dd78"), "Aa12Bb34Cc56Dd78"),
        (("keys", "Aa12Bb34Cc56Dd78"), "Aa12Bb34Cc56Dd78"),
        (("mysql+pymysql://admin:pass@word@db/practice",), "pass@word"),
    ],
)
def test_an_error_in_the_arguments_does_not_repeat_a_secret(
    arguments: tuple[str, ...], secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(arguments)
    printed = capsys.readouterr().err
    assert secret not in printed
    assert "****" in printed
