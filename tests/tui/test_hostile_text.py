"""Text from the database is shown literally on every screen, and never controls the terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.open_requests import with_office
from tests.support.thorough import first_of
from tests.support.user_driver import User, run_program
from tests.tui.test_assign import fill_form
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
from tui.screens.why import WhyScreen

SHORT_TEXTS = {
    # a text, and how it is shown
    "[red]x[/red]": "[red]x[/red]",
    "\x1b[2J\x1b]0;t\x07": "␛[2J␛]0;t␇",
    "x [/] y": "x [/] y",  # a closing tag of nothing
    "[@click=app.quit]x[/]": "[@click=app.quit]x[/]",
    "a\u202eb": "a<U+202E>b",
}
LONG = "70,000 characters"
HOSTILE = {
    # one run of the program for all the short ones, because each must be seen on each screen
    "short texts": (" ".join(SHORT_TEXTS), tuple(SHORT_TEXTS.values())),
    LONG: ("long " * 14_000, ("long",)),
}
WIDE = (180, 36)
"""A terminal with room for all short texts in one column."""
each_text = pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
each_text_alone = first_of(
    3,
    ("text", "shown"),
    [HOSTILE[LONG], *((text, (shown,)) for text, shown in SHORT_TEXTS.items())],
    ids=[LONG, "markup", "escape", "closing tag", "link", "direction"],
)
"""For screens with a column that is too narrow for all short texts."""


def put_everywhere(text: str) -> None:
    """Store a text in every column that the program reads."""
    rows.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'PracticeTitle'", text)
    rows.execute("UPDATE definition SET ItemName = ?", text)
    rows.execute(
        "UPDATE programproperty SET PropertyValue = ? WHERE PropertyDesc = 'SubscriptionProcessingFrequency'", text
    )
    rows.execute("UPDATE userod SET UserName = ? WHERE UserNum > 1", text)
    rows.execute("UPDATE securitylog SET LogText = ?, CompName = ? WHERE UserNum > 1", text, text)
    # The entries of a key are found by its short fingerprint, which must stay in the text.
    rows.execute("UPDATE securitylog SET LogText = LogText || ? WHERE LogText LIKE 'New API key%'", text)
    rows.execute("UPDATE apisetup_key SET developer = ?, email = ?, phone = ?", text, text, text)
    rows.execute("""UPDATE apisetup_key SET permissions = json_array('ApiReadAll', ?)""", text)
    rows.execute(
        "UPDATE apisubscription SET EndPointUrl = ?, Workstation = ?, WatchTable = ?, Note = ?", text, text, text, text
    )
    rows.execute("UPDATE fhirsubscription SET Criteria = ?, Reason = ?, ErrorNote = ?", text, text, text)
    rows.execute("UPDATE apisetup_license_acceptance SET title = ?, accepted_by = ?", text, text)


def assert_literal(user: User, *shown: str) -> None:
    """Check that texts are shown literally and that no character on the screen controls the terminal."""
    unbroken, flowing = user.text.replace("\n", ""), user.flowing_text
    assert [text for text in shown if text not in unbroken and text not in flowing] == []
    assert_harmless(user)


def assert_harmless(user: User) -> None:
    """Check that no character on the screen controls the terminal."""
    assert [character for character in "\x1b\x07\u202e" if character in user.text] == []


@each_text
async def test_api_setup(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo, size=WIDE) as user:
        assert_literal(user, *shown)
        title, payment_type, first_row = (
            user.text.splitlines()[0].strip(),
            user.text.splitlines()[3],
            user.list.render_line(1),
        )
        assert title.startswith(" ".join(shown))
        assert " ".join(shown)[:20] in payment_type
        assert " ".join(shown)[:18] in first_row.text
        await user.press("slash")
        await user.enter_text("a")
        await user.press("escape")
        user.screen.query_one("#payment-type").focus()
        await user.press("enter")
        assert_literal(user, *shown)


@each_text
async def test_subscriptions(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo, size=WIDE) as user:
        await user.press("2", "down")
        assert_harmless(user)
        await user.press("d")
        assert_harmless(user)
        await user.press("escape", "end")
        assert_harmless(user)


@each_text
async def test_payment_types(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo, size=WIDE) as user:
        await user.press("3", "down")
        assert_harmless(user)
        await user.press("enter")
        assert_harmless(user)
        await user.press("escape", "d")
        assert_harmless(user)


@each_text
async def test_dialogs_about_a_key(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        index = next(
            index
            for index in range(len(user.list.rows))
            if (row := user.list.rows.row(index)) and row.cells[2] == "● on"
        )
        user.list.cursor = index
        await user.press("d")
        await user.at(Question)
        assert_literal(user, *shown)
        assert "^y Disable" in user.text
        await user.press("ctrl+y")
        await user.at(Notice)
        assert_literal(user, *shown)
        assert "Enter Close" in user.text
        await user.press("enter")
        assert_literal(user, *shown)


@each_text
async def test_the_question_of_a_conflict(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.fill("interval", "15")
        rows.execute(
            "UPDATE programproperty SET PropertyValue = ? WHERE PropertyDesc = 'SubscriptionProcessingFrequency'",
            f"{text} ",
        )
        await user.press("ctrl+s")
        await user.at(Question)
        assert_literal(user, *shown)
        assert "^o Overwrite with yours" in user.text
        await user.press("ctrl+t")
        assert user.stack == ["ApiSetupScreen"]


@each_text_alone
async def test_why_calls_fail(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    rows.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'WebServiceServerName'", text)
    rows.execute("UPDATE computer SET CompName = ?", text)
    rows.execute("UPDATE program SET IsDisabledByHq = 1, CustErr = ? WHERE ProgName = 'FHIR'", text)
    rows.execute("UPDATE alertitem SET Type = 11, Description = ?", text)
    rows.execute(
        "UPDATE eservicesignal SET Severity = 4, IsProcessed = 0, Description = ?,"
        " SigDateTime = datetime(SigDateTime, '+1 day')",
        text,
    )
    async with run_program(demo, size=WIDE) as user:
        await user.press("w")
        await user.at(WhyScreen)
        for title in ("✕ Off at headquarters", "✕ Two eConnectors", "✕ eConnector errors"):
            await user.go_to(title)
            assert_literal(user, *shown)
        await user.press("f")
        await user.at(Choice)
        assert_literal(user, *shown)
        await user.press("escape", "v")
        await user.at(Notice)
        assert_literal(user, *shown)


@each_text_alone
async def test_a_key_and_its_entries(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo, size=(120, 36)) as user:
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert_literal(user, *shown)
        assert user.list.region.height >= 3
        await user.press("p")
        await user.at(PermissionChoice)
        await user.press("end")
        assert_literal(user, *shown)
        await user.press("escape", "enter")
        await user.at(AuditEntryScreen)
        assert_literal(user, *shown)


@each_text
async def test_the_audit_trail_and_an_entry(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("down")
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert_literal(user, *shown)
        assert "hash does not match" in user.flowing_text or "No hash" in user.text
        await user.press("end")
        assert user.text.strip()


@each_text_alone
async def test_choosing_a_user_for_the_filter(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    # Users with the same name are chosen by number, so only one of them gets this name.
    rows.execute("UPDATE userod SET UserName = 'Maria ' || UserNum WHERE UserNum IN (2, 3)")
    rows.execute("UPDATE userod SET UserName = ? WHERE UserNum = 4", text.strip())
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("f", "u")
        await user.at(Choice)
        await user.go_to(text.strip())
        assert_literal(user, *shown)
        await user.press("enter")
        await user.at(AuditTrailScreen)
        assert len(user.list.rows) > 10
        assert_literal(user, *shown)
        found = len(user.list.rows)
        # The filter that the program wrote can be submitted unchanged.
        await user.press("slash", "enter")
        assert (len(user.list.rows), user.focused) == (found, None)
        assert_harmless(user)
        await user.press("slash", "space", "ctrl+u")
        await user.enter_text(f"user:{text}")
        assert_harmless(user)
        await user.press("tab", "enter")
        assert_harmless(user)


@each_text
async def test_the_result_of_a_verification(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("V", "e")
        await user.at(VerificationScreen)
        assert_literal(user, *shown)
        assert "Altered" in user.text
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert_literal(user, *shown)


@each_text
async def test_an_export(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
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
        assert_harmless(user)
        assert "^s Export" in user.text
        await user.press("end", "ctrl+u")
        await user.enter_text("trail.csv")
        await user.press("ctrl+s")
        await user.at(Notice)
        assert_harmless(user)
        written = Path("trail.csv").read_text(encoding="utf-8")
        assert [character for character in "\x1b\x07\u202e" if character in written] == []


@each_text
async def test_about_and_help(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    put_everywhere(text)
    async with run_program(demo) as user:
        await user.press("i")
        await user.at(Notice)
        assert_literal(user, *shown)
        assert "Enter Close" in user.text
        await user.press("enter", "question_mark")
        assert_literal(user, *shown)
        await user.press("escape")


@each_text
async def test_the_agreement(demo: OpenRequest, text: str, shown: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "license.txt"
    file.write_text(text, encoding="utf-8")
    own = with_office(demo, license_file=file, license_title=text[:200])
    async with run_program(own) as user:
        await fill_form(user, developer=text[:200])
        await user.press("ctrl+s")
        await user.at(LicenseScreen)
        assert_literal(user, *shown)
        await user.press("end", "ctrl+y")
        await user.at(Notice)
        assert_literal(user, "Added and enabled")


@each_text_alone
async def test_the_name_of_the_user_who_signed_in(demo: OpenRequest, text: str, shown: tuple[str, ...]) -> None:
    name = text[:299]
    rows.execute("UPDATE userod SET UserName = ? WHERE UserNum = 1", name)
    context = demo.context
    named = replace(context.runtime, account=name, computer=name)
    own = replace(demo, context=replace(context, runtime=named))
    async with run_program(own) as user:
        assert user.text.lstrip().startswith("Bright Smiles")
        assert_harmless(user)
        await user.go_to("Insurance Mate")
        await user.press("d", "ctrl+y")
        await user.at(Notice)
        await user.press("enter", "t")
        await user.at(AuditTrailScreen)
        assert_literal(user, *shown)
