"""The place Review at the keyboard: what needs a decision, the notes on keys, and a review."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import PracticeUnavailable
from core.base.secret import Secret
from core.model.review import Choice, DecisionKind
from core.offices.open_request import OpenRequest
from core.review.notes import KeyNotes
from tests.support import embedded_rows as rows
from tests.support.actors import ADMIN
from tests.support.reviews import decide, end_review, key_of
from tests.support.user_driver import User, run_program
from tui.modals.form import Form, StartForm
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.edit_key import EditKeyScreen
from tui.screens.key_review import KeyReviewScreen
from tui.screens.practice_screen import CHANGES
from tui.screens.review import ReviewScreen
from tui.screens.why import WhyScreen
from tui.widgets.filter_input import FilterInput

UNDER_WAY = "Q4 2024"
"""The review of the demo."""


def fail(*_arguments: object, **_options: object) -> None:
    raise PracticeUnavailable("The server doesn't answer.")


async def open_place(user: User) -> None:
    await user.press("5")
    await user.at(ReviewScreen)


async def open_review(user: User) -> None:
    await open_place(user)
    await user.press("C")
    await user.at(KeyReviewScreen)


async def at_key_of(user: User, developer: str) -> None:
    await open_review(user)
    await user.go_to(developer)


async def test_what_needs_a_decision_is_listed_worst_first_and_filtered(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await open_place(user)
        levels = [row.cells[0] for number in range(len(user.list.rows)) if (row := user.list.rows.row(number))]
        assert levels == sorted(levels, key=["✕ high", "! med", "· low", "– later"].index)
        assert set(levels) == {"✕ high", "! med", "· low"}
        assert f"{UNDER_WAY}: 3 of 12 decided   C continue" in user.text
        assert "4 changes were made" in user.text
        await user.press("slash")
        await user.enter_text("severity:low rule:no-")
        assert user.panel("list-panel").startswith("To decide  3 of 16 · 3 keys")
        await user.press("enter")
        assert user.row.startswith("· low | Insurance Mate")
        await user.press("escape")
        assert user.panel("list-panel").startswith("To decide  16 · 7 keys · ✕ 4 high")
        await user.press("s")
        assert user.row.split(" | ")[:2] == ["· low", "Insurance Mate"]
        assert user.status_text == "Sorted by developer."
        await user.press("slash")
        await user.enter_text("severity:worst")
        await user.press("enter")
        assert "Unknown severity: worst." in user.status_text
        await user.press("escape", "escape")
        assert user.stack == ["ApiSetupScreen"]


async def test_a_key_that_follows_the_key_of_a_place_at_once_is_not_typed_into_a_hidden_filter(
    demo: OpenRequest,
) -> None:
    async with run_program(demo) as user:
        for place in "234501":
            user.send(place, "z")
            await user.settle()
            hidden = [each for each in user.screen.query(FilterInput) if not each.display]
            assert [each.value for each in hidden] == [""] * len(hidden), place
        user.send("5", "slash")
        await user.settle()
        assert user.panel("list-panel").startswith("To decide  16 · 7 keys")


async def test_a_finding_leads_to_its_key_and_to_what_can_be_done(demo: OpenRequest) -> None:
    async with run_program(demo, size=(80, 40)) as user:
        await open_place(user)
        await user.go_to("! med")
        assert "n  edit the notes" in user.text
        await user.press("w")
        await user.at(WhyScreen)
        await user.press("escape", "enter")
        await user.at(EditKeyScreen)
        assert user.panel("key-panel").startswith("ClearPay")
        await user.press("escape")
        await user.at(ReviewScreen)
        await user.go_to("(practice)")
        await user.press("n")
        assert user.status_text == "This line isn't about a key."
        await user.press("enter")
        await user.at(Notice)
        assert "a customer key that this practice doesn't list" in user.flowing_text


async def test_the_details_stand_below_the_list_in_a_narrow_terminal(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        await open_place(user)
        assert "✕ Changes after the key was disabled" in user.text
        assert user.text.splitlines()[1].strip() == "1 API  2 Subscriptions  3 Pay  4 Audit  5 Review"


async def test_what_can_not_be_read_takes_one_line(demo: OpenRequest) -> None:
    rows.execute("DROP TABLE apisubscription")
    async with run_program(demo) as user:
        await open_place(user)
        assert "Unknown: the subscriptions: no table" in user.text
        assert "no owner" in user.text


async def test_notes_are_saved_with_an_entry_and_undone(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await open_place(user)
        await user.go_to("· low")
        before = rows.last_entry()
        await user.press("n")
        await user.at(Form)
        await user.enter_text("Maria")
        await user.press("enter")
        await user.fill("review_date", "soon")
        await user.press("ctrl+s")
        assert "Not a valid date: soon." in user.status_text
        assert user.focused == "review_date"
        await user.fill("review_date", "2025-02-01")
        await user.press("ctrl+s")
        await user.at(ReviewScreen)
        assert "owner: Maria, review date: 2025-02-01" in user.status_text
        assert user.panel("list-panel").startswith("To decide  15")
        (text,) = rows.audit_texts(after=before)
        assert "owner" in text
        await user.press("ctrl+z", "ctrl+y")
        assert user.panel("list-panel").startswith("To decide  16")
        await user.press("1")
        await user.at_api_setup()
        assert "Maria | 2025-05-24" in user.row
        await user.press("n")
        await user.at(Form)
        await user.press("escape", "enter", "n")
        await user.at(Form)
        await user.fill("purpose", "Booking")
        await user.press("ctrl+s")
        await user.at(EditKeyScreen)
        assert "Maria · Booking · review on 2025-05-24" in user.text


@pytest.mark.parametrize(("answer", "owner"), [("ctrl+o", "Olga"), ("ctrl+t", "Front Desk")])
async def test_notes_that_another_admin_changed_are_a_conflict(demo: OpenRequest, answer: str, owner: str) -> None:
    async with run_program(demo) as user:
        await user.press("n")
        await user.at(Form)
        await user.fill("owner", "Olga")
        await user.fill("purpose", "Reminders")
        office = demo.open(Secret(""))
        key = key_of(office, "Appointment Bridge")
        read = office.notes.of(key)
        office.notes.save(ADMIN, key, read, replace(read, note=replace(read.note, owner="Front Desk")))
        await user.press("ctrl+s")
        await user.at(Question)
        assert "owner: was Maria now Front Desk yours Olga" in user.flowing_text
        await user.press("escape")
        await user.at(Form)
        assert user.field("owner").value == "Olga"
        await user.press("ctrl+s", answer)
        if answer == "ctrl+t":
            await user.at(Form)
            assert user.field("owner").value == "Front Desk"
            await user.press("ctrl+s")
        await user.at_api_setup()
        note = office.notes.of(key).note
        office.close()
        assert (note.owner, note.purpose) == (owner, "Reminders")


async def test_a_review_ends_with_its_open_keys_named_and_its_evidence_written(
    demo: OpenRequest, tmp_path: Path
) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        await open_review(user)
        before = rows.last_entry()
        await user.press("F")
        await user.at(Question)
        assert "API key ********CC75 (Whole Office Suite)" in user.text
        await user.press("escape", "F", "ctrl+y")
        await user.at(Prompt)
        folder = tmp_path / "evidence"
        await user.press("ctrl+u")
        await user.enter_text(str(folder))
        await user.press("ctrl+s")
        await user.at(Notice)
        assert "Recorded as entry" in user.flowing_text
        await user.press("enter")
        assert (user.text.count("… open"), user.text.count("– none")) == (6, 3)
        await user.press("y")
        assert user.stack[-1] == "KeyReviewScreen"
        await user.press("escape")
        await user.at(ReviewScreen)
        await user.press("a")
        await user.at(StartForm)
        assert user.field("name").value == "Q4 2024, 2"
        await user.fill("name", UNDER_WAY)
        await user.press("ctrl+s")
        assert f"There is a review named {UNDER_WAY} already." in user.status_text
        await user.fill("name", "Extra")
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel").startswith("Review Extra  0 of 12 decided")
    assert (folder / "index.html").exists()
    texts = rows.audit_texts(after=before)
    assert len(texts) == 3
    assert UNDER_WAY in texts[0]


async def test_a_review_that_another_admin_started_first_is_shown(demo: OpenRequest) -> None:
    other = demo.open(Secret(""))
    end_review(other)
    async with run_program(demo, size=(120, 40)) as user:
        await open_place(user)
        await user.press("a")
        await user.at(StartForm)
        await user.fill("name", "Mine")
        other.review.start(ADMIN, "Theirs")
        await user.press("ctrl+s")
        await user.at(StartForm)
        assert user.status_text.startswith("The review Theirs is under way.")
        assert user.field("name").value == "Mine"
        await user.press("escape", "ctrl+y")
        await user.at(ReviewScreen)
        assert "Theirs: 0 of 12 decided" in user.text
        # It is found before the form opens, too.
        end_review(other)
        await user.press("r")
        other.review.start(ADMIN, "Second")
        await user.press("a")
        await user.at(ReviewScreen)
        assert user.status_text.startswith("The review Second is under way.")
        assert "Second: 0 of 12 decided" in user.text
    other.close()


async def test_evidence_from_the_screen_has_the_offices_name(demo: OpenRequest, tmp_path: Path) -> None:
    named = replace(demo, office=replace(demo.office, name="Downtown"))
    async with run_program(named, size=(100, 40)) as user:
        await open_review(user)
        await user.press("x")
        await user.at(Prompt)
        await user.press("ctrl+u")
        await user.enter_text(str(tmp_path / "evidence"))
        await user.press("ctrl+s")
        await user.at(Notice)
        assert "The verification found something" in user.flowing_text
    (office,) = json.loads((tmp_path / "evidence" / "manifest.json").read_text())["offices"]
    assert office["office"] == "Downtown"


@pytest.mark.usefixtures("refused_writes")
async def test_a_session_that_can_not_write_is_offered_no_changes(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_review(user)
        offered = {action for action in CHANGES if user.screen.check_action(action, ())}
        assert not offered
        for word in ("Keep", "Disable", "Ask vendor", "Notes", "Finish"):
            assert word not in user.keys
        await user.press("escape")
        await user.at(ReviewScreen)
        assert "Notes" not in user.keys
        assert "no owner" in user.text


async def test_disabling_takes_over_no_note_of_the_decision_before(demo: OpenRequest) -> None:
    with closing(demo.open(Secret(""))) as office:
        decide(office, "ClearPay", Choice(DecisionKind.ASK, note="Somebody else's words"))
    async with run_program(demo) as user:
        await at_key_of(user, "ClearPay")
        before = rows.last_entry()
        await user.press("d")
        await user.at(Question)
        await user.press("ctrl+y")
        assert "disable" in " ".join(rows.audit_texts(before))
        assert "words" not in " ".join(rows.audit_texts(before))


async def test_notes_that_can_not_be_read_are_unknown(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyNotes, "all", fail)
    async with run_program(demo) as user:
        await open_place(user)
        assert "Unknown: the notes on keys." in user.text
        assert "C continue" in user.text
        assert "no owner" not in user.text


@pytest.mark.parametrize("name", ["[bold]x[/]", "\x1b[2J\u202egpj.exe", "名" * 60])
async def test_a_hostile_developer_name_is_harmless(demo: OpenRequest, name: str) -> None:
    rows.execute("UPDATE apisetup_key SET developer = ? WHERE developer = 'Insurance Mate'", name)
    async with run_program(demo, size=(120, 40)) as user:
        await open_place(user)
        await user.go_to("· low")
        assert not {"\x1b", "\u202e"} & set(user.text)
        await user.press("n")
        await user.at(Form)
        await user.press("escape", "C")
        await user.at(KeyReviewScreen)
        await user.press("y")
        await user.at(Form)
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        assert not {"\x1b", "\u202e"} & set(user.text)


async def test_a_practice_without_findings_says_what_to_do(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await open_place(user)
        await user.press("C")
        assert isinstance(user.app.screen, ReviewScreen)
        await user.press("a")
        assert "There are no API keys to review." in user.status_text


async def test_the_key_bar_offers_only_what_the_row_allows(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.at_api_setup()
        await user.press("5")
        await user.at(ReviewScreen)
        seen = {}
        for name in ("ClearPay", "Dentist", "(practice)"):
            await user.go_to(name)
            seen[name] = [each for each in ("d Disable", "n Notes") if each in user.keys]
        assert seen == {"ClearPay": ["d Disable", "n Notes"], "Dentist": ["n Notes"], "(practice)": []}
