"""No key, password or connection secret is on a screen, in a message, a repr or a clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.open_requests import DATABASE_PASSWORD, server_request
from tests.support.user_driver import User, run_program
from tests.tui.test_assign import KEY
from tui.modals.notice import Notice
from tui.modals.sign_in import SignInScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.connect import ConnectScreen
from tui.screens.verification import VerificationScreen

PICTURES = sorted(Path(__file__).parent.glob("__snapshots__/test_snapshots/*.svg"))
SHOWS_WHAT_WAS_TYPED = ("assign_filled", "assign_pair", "assign_header", "edit_reveal")


def test_no_screen_shows_a_key_that_nobody_asked_for(demo: OpenRequest) -> None:
    known = rows.key_texts()
    assert len(known) == 12
    assert len(PICTURES) > 80
    for picture in PICTURES:
        text = picture.read_text(encoding="utf-8")
        assert [secret for secret in (*known, DATABASE_PASSWORD) if secret in text] == [], picture.name
        assert KEY not in text or any(name in picture.name for name in SHOWS_WHAT_WAS_TYPED), picture.name


# -- keys in the Audit Trail ---------------------------------------------------------


@pytest.fixture
def named(demo: OpenRequest) -> str:
    """A key of the practice, which an entry names in clear as Open Dental's own window writes it."""
    [(key,)] = rows.query("SELECT key_text FROM apisetup_key WHERE developer = 'ClearPay'")
    rows.execute(
        "UPDATE securitylog SET LogText = ?, PermType = 8 WHERE SecurityLogNum = 300", f"New API key {key} added by X"
    )
    return str(key)


async def find(user: User, line: str) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)
    await user.fill("filter", line)
    await user.press("enter")


async def test_a_key_that_is_searched_is_found_and_shown_masked(demo: OpenRequest, named: str) -> None:
    async with run_program(demo) as user:
        await find(user, f"text:{named}")
        assert len(user.list.rows) == 1
        assert named not in user.row
        assert "New API key ********AD92" in user.row
        # It stands there only as it was typed.
        assert user.text.count(named) == 1
        await user.press("enter")
        await user.at(AuditEntryScreen)
        shown = user.text
        await user.press("end")
        assert named not in shown + user.text


async def test_a_key_that_an_entry_names_is_masked_in_the_result_of_a_verification(
    demo: OpenRequest, named: str
) -> None:
    async with run_program(demo) as user:
        await find(user, "")
        await user.press("v")
        await user.at(VerificationScreen)
        assert any("New API key ********AD92" in str(row) for row in verified(user))
        assert not any(named in str(row) for row in verified(user))
        await user.go_to("New API key")
        assert named not in user.text
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert named not in user.text


def verified(user: User) -> list[object]:
    return [user.list.rows.row(index) for index in range(len(user.list.rows))]


@pytest.mark.parametrize("name", ["trail.csv", "trail.jsonl"])
async def test_a_key_is_masked_in_an_export_and_in_what_is_logged_of_it(
    demo: OpenRequest, named: str, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    async with run_program(demo) as user:
        await find(user, f"text:{named}")
        before = rows.last_entry()
        await user.press("x", "end", "ctrl+u")
        await user.enter_text(name)
        await user.press("enter")
        await user.at(Notice)
        written = Path(name).read_text(encoding="utf-8") + Path(f"{name}.about.json").read_text(encoding="utf-8")
        assert "New API key ********AD92" in written
        assert "text:********AD92" in written
        texts = rows.audit_texts(before)
        assert "text:********AD92" in texts[0]
        assert named not in written + " ".join(texts) + caplog.text


@pytest.mark.parametrize("word", ["user", "permission", "source", "since", "only", "nothing"])
async def test_a_key_that_is_typed_as_a_part_of_the_filter_is_in_no_log(
    demo: OpenRequest, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    async with run_program(demo) as user:
        await find(user, f"{word}:{KEY}")
        assert user.field("filter").selected_text == f"{word}:{KEY}"
        await user.press("escape", "d")
        await user.enter_text(KEY)
        await user.press("enter")
        assert "is no date" in user.status_text
        assert KEY not in caplog.text


async def test_what_an_entry_of_a_stranger_key_names_is_masked_by_its_words(demo: OpenRequest) -> None:
    rows.execute(
        "UPDATE securitylog SET LogText = 'New API key NOBODY-KNOWS-THIS-9999 added by X' WHERE SecurityLogNum = 300"
    )
    async with run_program(demo) as user:
        await find(user, "text:NOBODY-KNOWS")
        assert "New API key ********9999" in user.row
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert "THIS-9999" not in user.text


# -- passwords -------------------------------------------------------------------------


async def type_password(user: User) -> Input:
    screen = await user.at(ConnectScreen)
    await user.press(*"hunter2")
    return screen.query_one("#password", Input)


async def test_a_typed_password_is_shown_as_dots(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        field = await type_password(user)
        assert field.value == "hunter2"
        assert "hunter" not in user.text
        assert "•••••••" in user.text


async def test_a_password_never_reaches_the_clipboard(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_program(server_request()) as user:
        sent: list[str] = []
        monkeypatch.setattr(user.app._driver, "write", sent.append)
        field = await type_password(user)
        for keys in (["ctrl+c"], ["shift+home", "ctrl+c", "ctrl+x"], ["ctrl+a", "ctrl+c", "ctrl+x", "super+c"]):
            await user.press(*keys)
            assert user.app.clipboard == ""
        field.select_all()
        await user.press("ctrl+c", "ctrl+x")
        assert user.app.clipboard == ""
        assert not any("\x1b]52" in text for text in sent)
        assert field.value == "hunter2"


async def test_a_password_is_in_no_repr_and_no_message(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_program(server_request()) as user:
        seen: list[str] = []
        post = Input.post_message

        def note(field: Input, message: Any) -> bool:
            seen.append(repr(message))
            return post(field, message)

        monkeypatch.setattr(Input, "post_message", note)
        field = await type_password(user)
        await user.press("enter")
        assert any("Submitted" in text for text in seen)
        assert not any(
            "hunter2" in text for text in (*seen, repr(field), repr(user.screen), repr(user.app), user.status_text)
        )
        assert "hunter2" not in user.text


async def test_the_password_is_gone_from_its_field_when_it_was_used(demo: OpenRequest) -> None:
    async with run_program(server_request()) as user:
        screen = await user.at(ConnectScreen)
        field = screen.query_one("#password", Input)
        await user.enter_text(DATABASE_PASSWORD)
        await user.press("enter")
        await user.at(SignInScreen)
        assert field.value == ""


async def test_the_password_of_a_user_is_not_logged(demo: OpenRequest) -> None:
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


async def test_a_key_that_is_typed_is_in_no_log(demo: OpenRequest, caplog: pytest.LogCaptureFixture) -> None:
    async with run_program(demo) as user:
        await user.press("a")
        await user.fill("key", f"{KEY} {KEY}")
        await user.press("ctrl+s")
        assert "no blanks inside" in user.status_text
        assert KEY not in user.status_text
        assert KEY not in caplog.text
