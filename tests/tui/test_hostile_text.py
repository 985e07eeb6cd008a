"""Text from the database is only text: it is shown as it stands, on every screen, and drives nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.offices.config import Configuration
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program
from tests.tui.test_assign import assign
from tui.modals.choice import Choice
from tui.modals.license import LicenseScreen
from tui.modals.notice import Notice
from tui.modals.permissions import PermissionChoice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.verification import VerificationScreen

HOSTILE = {
    "closing tag": ("x [/] y", "x [/] y"),
    "markup": ("[red]x[/red]", "[red]x[/red]"),
    "link": ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    "escape": ("\x1b[2J\x1b]0;t\x07", "␛[2J␛]0;t␇"),
    "direction": ("a\u202eb", "a<U+202E>b"),
    "70,000 characters": ("long " * 14_000, "long"),
}
each_text = pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)


def put_everywhere(text: str) -> None:
    """Put a text where the program reads one."""
    rows.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'PracticeTitle'", text)
    rows.execute("UPDATE definition SET ItemName = ?", text)
    rows.execute(
        "UPDATE programproperty SET PropertyValue = ? WHERE PropertyDesc = 'SubscriptionProcessingFrequency'", text
    )
    rows.execute("UPDATE userod SET UserName = ? WHERE UserNum > 1", text)
    rows.execute("UPDATE securitylog SET LogText = ?, CompName = ? WHERE UserNum > 1", text, text)
    # A key's entries are found by its short fingerprint.
    rows.execute("UPDATE securitylog SET LogText = LogText || ? WHERE LogText LIKE 'New API key%'", text)
    rows.execute("UPDATE apisetup_key SET developer = ?, email = ?, phone = ?", text, text, text)
    rows.execute("""UPDATE apisetup_key SET permissions = json_array('ApiReadAll', ?)""", text)
    rows.execute("UPDATE apisetup_license_acceptance SET title = ?, accepted_by = ?", text, text)


def literal(user: User, shown: str) -> None:
    """The text is to be read as it stands, and nothing that drives a terminal is on the screen."""
    assert shown in user.text.replace("\n", "") or shown in user.flowing_text
    harmless(user)


def harmless(user: User) -> None:
    """Nothing that drives a terminal is on the screen."""
    assert [character for character in "\x1b\x07\u202e" if character in user.text] == []


@each_text
async def test_api_setup(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    async with run_program(demo, size=(120, 36)) as user:
        literal(user, shown)
        assert user.text.splitlines()[0].startswith(shown)
        assert shown in user.text.splitlines()[4]
        assert shown in user.list.render_line(1).text
        await user.press("slash")
        await user.enter_text("a")
        await user.press("escape")
        user.screen.query_one("#payment-type").focus()
        await user.press("enter")
        literal(user, shown)


@each_text
async def test_dialogs_about_a_key(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        index = next(
            index
            for index in range(len(user.list.rows))
            if (row := user.list.rows.row(index)) and row.cells[2] == "yes"
        )
        user.list.cursor = index
        await user.press("d")
        await user.at(Question)
        literal(user, shown)
        assert "y Disable" in user.text
        await user.press("y")
        await user.at(Notice)
        literal(user, shown)
        assert "Enter Close" in user.text
        await user.press("enter")
        literal(user, shown)


@each_text
async def test_the_question_of_a_conflict(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        rows.execute(
            "UPDATE programproperty SET PropertyValue = ? WHERE PropertyDesc = 'SubscriptionProcessingFrequency'",
            f"{text} ",
        )
        await user.press("ctrl+s")
        await user.at(Question)
        literal(user, shown)
        assert "w Write yours" in user.text
        await user.press("t")
        assert user.stack == ["ApiSetupScreen"]


@each_text
async def test_edit(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    async with run_program(demo, size=(120, 36)) as user:
        await user.press("enter")
        await user.at(EditKeyScreen)
        literal(user, shown)
        assert user.list.region.height >= 3
        await user.press("p")
        await user.at(PermissionChoice)
        await user.press("end")
        literal(user, shown)
        await user.press("escape", "enter")
        await user.at(AuditEntryScreen)
        literal(user, shown)


@each_text
async def test_the_audit_trail_and_an_entry(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("down")
        await user.press("enter")
        await user.at(AuditEntryScreen)
        literal(user, shown)
        assert "Not genuine" in user.text
        await user.press("end")
        assert user.text.strip()


@each_text
async def test_choosing_a_user_and_the_filter_that_comes_of_it(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    # Namesakes are chosen by their numbers, so only one user has the name.
    rows.execute("UPDATE userod SET UserName = 'Maria ' || UserNum WHERE UserNum IN (2, 3)")
    rows.execute("UPDATE userod SET UserName = ? WHERE UserNum = 4", text.strip())
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("f", "u")
        await user.at(Choice)
        await user.go_to(text.strip())
        literal(user, shown[:40])
        await user.press("enter")
        await user.at(AuditTrailScreen)
        assert len(user.list.rows) > 10
        literal(user, shown)
        found = len(user.list.rows)
        # What was written for the admin can be searched as it stands.
        await user.press("slash", "enter")
        assert (len(user.list.rows), user.focused) == (found, None)
        harmless(user)
        await user.press("slash", "space", "ctrl+u")
        await user.enter_text(f"user:{text}")
        harmless(user)
        await user.press("tab", "enter")
        harmless(user)


@each_text
async def test_the_result_of_a_verification(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("v", "e")
        await user.at(VerificationScreen)
        literal(user, shown)
        assert "Altered" in user.text
        await user.press("enter")
        await user.at(AuditEntryScreen)
        literal(user, shown)


@each_text
async def test_an_export(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    rows.execute("UPDATE userod SET UserName = 'Maria ' || UserNum WHERE UserNum IN (2, 3)")
    rows.execute("UPDATE userod SET UserName = ? WHERE UserNum = 4", text.strip())
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("f", "u")
        await user.at(Choice)
        await user.go_to(text.strip())
        await user.press("enter", "x")
        await user.at(Prompt)
        harmless(user)
        assert "Enter Go on" in user.text
        await user.press("end", "ctrl+u")
        await user.enter_text("trail.csv")
        await user.press("enter")
        await user.at(Notice)
        harmless(user)
        written = Path("trail.csv").read_text(encoding="utf-8")
        assert [character for character in "\x1b\x07\u202e" if character in written] == []


@each_text
async def test_about_and_help_and_palette(demo: OpenRequest, text: str, shown: str) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.press("i")
        await user.at(Notice)
        literal(user, shown)
        assert "Enter Close" in user.text
        await user.press("enter", "question_mark")
        literal(user, shown)
        await user.press("escape")


@each_text
async def test_the_agreement(demo: OpenRequest, text: str, shown: str, tmp_path: Path) -> None:
    file = tmp_path / "license.txt"
    file.write_text(text, encoding="utf-8")
    own = replace(demo, configuration=Configuration(file, text[:200]))
    async with run_program(own) as user:
        await assign(user, developer=text[:200])
        await user.press("ctrl+s")
        await user.at(LicenseScreen)
        literal(user, shown)
        await user.press("end", "a")
        await user.at(Notice)
        literal(user, "Added and enabled")


@each_text
async def test_the_name_of_the_user_who_signed_in(demo: OpenRequest, text: str, shown: str) -> None:
    name = text[:299]
    rows.execute("UPDATE userod SET UserName = ? WHERE UserNum = 1", name)
    own = replace(demo, runtime=replace(demo.runtime, account=name, computer=name))
    async with run_program(own) as user:
        assert user.text.splitlines()[0].startswith("Bright Smiles")
        harmless(user)
        await user.go_to("Insurance Mate")
        await user.press("d", "y")
        await user.at(Notice)
        await user.press("enter", "t")
        await user.at(AuditTrailScreen)
        literal(user, shown)
