"""The decisions of a review at the keyboard: one, several at once, in conflict with another admin, and undone."""

from __future__ import annotations

from typing import Any

import pytest

from core.base.errors import AlreadyApplied
from core.base.secret import Secret
from core.model.review import Choice, DecisionKind, DecisionResult
from core.offices.open_request import OpenRequest
from core.opendental.key_status import KeyStatus
from core.review.service import ReviewService
from tests.support import embedded_rows as rows
from tests.support.actors import ADMIN
from tests.support.reviews import FAR, decide, end_review, key_of
from tests.support.user_driver import run_program
from tests.tui.test_review import UNDER_WAY, at_key_of, fail, open_review
from tui.modals.change_series import ChangeSeries
from tui.modals.form import Form
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.key_review import KeyReviewScreen
from tui.screens.review import ReviewScreen


async def test_a_key_is_kept_asked_about_and_disabled(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await open_review(user)
        assert user.row.startswith("… open | Canopy Analytics")
        before = rows.last_entry()
        await user.press("y")
        await user.at(Form)
        assert user.field("until").value == "2025-11-05"
        await user.fill("until", "2024-01-01")
        await user.press("ctrl+s")
        assert "isn't in the future" in user.status_text
        await user.fill("until", "2025-06-30")
        await user.fill("note", "Contract seen")
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel") == f"Review {UNDER_WAY}  4 of 12 decided · 5 open"
        assert user.row.startswith("… open | ClearPay")
        await user.press("W")
        await user.enter_text("Which payments?")
        await user.press("ctrl+s")
        assert user.row.startswith("… open | Molar Records")
        await user.go_to("Patient Portal Plus")
        await user.press("d")
        await user.at(Question)
        assert f"It is also the decision in the review {UNDER_WAY}." in user.flowing_text
        await user.press("ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        assert user.row.startswith("… open | Patient Portal Plus | …A08A")
        await user.go_to("○ disabled")
        assert "○ off" in user.row
        assert "Disabled by Customer" in user.text
        await user.press("R")
        await user.enter_text("No contract")
        await user.press("ctrl+s")
        assert "No contract" in user.text
        office = demo.open(Secret(""))
        (key,) = (key for key in office.keys.list().keys if key.ending == "9511")
        office.keys.set_status(ADMIN, key, KeyStatus.ENABLED)
        office.close()
        await user.press("r")
        assert user.row.startswith("! on again | Patient Portal Plus")
        assert "It was enabled again since." in user.flowing_text
    texts = rows.audit_texts(after=before)
    assert sum("keep until 2025-06-30" in text for text in texts) == 1
    assert sum("Contract seen" in text for text in texts) == 1
    assert sum("Which payments?" in text for text in texts) == 1


async def test_a_decision_does_not_read_the_review_again(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_program(demo) as user:
        await at_key_of(user, "Canopy Analytics")
        monkeypatch.setattr("tui.screens.key_review.read_review", fail)
        await user.press("y")
        await user.at(Form)
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel") == f"Review {UNDER_WAY}  4 of 12 decided · 5 open"
        assert user.status_text.startswith("API key ********899C (Canopy Analytics): keep until 2025-11-05.")


async def test_a_decision_of_another_admin_is_shown_and_kept(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("y")
        await user.at(Form)
        office = demo.open(Secret(""))
        decide(office, "Canopy Analytics", Choice(DecisionKind.ASK, note="Ask first"))
        decide(office, "ClearPay", Choice(DecisionKind.KEEP, FAR))
        await user.press("ctrl+s")
        await user.at(Question)
        assert "A decision about API key" in user.flowing_text
        assert "was not decided now ask the vendor yours keep until 2025-11-05" in user.flowing_text
        assert "Ask first" in user.flowing_text
        await user.press("ctrl+t")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  5 of 12 decided")
        item = office.review.require_under_way().item(key_of(office, "Canopy Analytics").fingerprint)
        office.close()
        assert item is not None
        assert item.decision is not None
        assert item.decision.choice == Choice(DecisionKind.ASK, note="Ask first")


async def test_a_decision_can_replace_that_of_another_admin(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("y")
        await user.at(Form)
        await user.fill("note", "Mine")
        office = demo.open(Secret(""))
        decide(office, "Canopy Analytics", Choice(DecisionKind.ASK, note="Ask first"))
        await user.press("ctrl+s")
        await user.at(Question)
        await user.press("escape")
        await user.at(Form)
        assert user.field("note").value == "Mine"
        await user.press("ctrl+s", "ctrl+o")
        await user.at(KeyReviewScreen)
        item = office.review.require_under_way().item(key_of(office, "Canopy Analytics").fingerprint)
        office.close()
    assert item is not None
    assert item.decision is not None
    assert item.decision.choice.note == "Mine"


async def test_a_decision_that_can_not_be_saved_keeps_its_form_with_the_note(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_program(demo) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("W")
        await user.at(Form)
        await user.enter_text("Which data?")
        with monkeypatch.context() as patched:
            patched.setattr(ReviewService, "decide", fail)
            await user.press("ctrl+s")
            await user.at(Form)
        assert user.status_text.startswith("The server doesn't answer.")
        assert user.field("note").value == "Which data?"
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  4 of 12 decided")


async def test_several_keys_are_kept_with_one_form_and_an_entry_each(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await at_key_of(user, "Canopy Analytics")
        before = rows.last_entry()
        await user.press("space", "space")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  2 selected")
        await user.press("y")
        await user.at(Form)
        assert "Keep 2 keys?" in user.text
        await user.fill("until", "2024-01-01")
        await user.press("ctrl+s")
        await user.at(Form)
        assert "isn't in the future" in user.status_text
        await user.fill("until", "2025-06-30")
        await user.fill("note", "Contracts seen")
        await user.press("ctrl+s")
        await user.at(ChangeSeries)
        await user.press("enter")
        await user.at(KeyReviewScreen)
        assert user.status_text.startswith("Decided about 2 keys: keep until 2025-06-30.")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  5 of 12 decided")
        assert user.row.startswith("… open")
        texts = rows.audit_texts(after=before)
        assert sum("keep until 2025-06-30; note: Contracts seen" in text for text in texts) == 2
        await user.press("ctrl+z")
        await user.at(Question)
        assert user.flowing_text.count("from keep until 2025-06-30 back to not decided") == 2
        await user.press("ctrl+y")
        await user.at(ChangeSeries)
        await user.press("enter")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  3 of 12 decided")
        assert sum("undone by" in text for text in rows.audit_texts(after=before)) == 2


async def test_a_key_that_can_not_be_decided_about_does_not_stop_the_others(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("space", "space", "W")
        await user.at(Form)
        office = demo.open(Secret(""))
        decide(office, "Canopy Analytics", Choice(DecisionKind.KEEP, FAR))
        office.close()
        await user.press("ctrl+s")
        await user.at(ChangeSeries)
        assert "was made in the meantime. Nothing was saved. Close this to see what it is now." in user.flowing_text
        await user.press("enter")
        await user.at(KeyReviewScreen)
        assert user.status_text.startswith("Decided about 1 of 2 keys.")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  1 selected")
        await user.press("escape")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  5 of 12 decided")
        await user.press("escape")
        await user.at(ReviewScreen)


async def test_a_decision_whose_answer_was_lost_counts_and_does_not_stop_the_others(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide_now = ReviewService.decide

    def lose_answer(service: ReviewService, *arguments: Any, **options: Any) -> DecisionResult:
        result = decide_now(service, *arguments, **options)
        if result.key.developer == "Canopy Analytics":
            raise AlreadyApplied
        return result

    async with run_program(demo, size=(120, 40)) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("space", "space", "W")
        await user.at(Form)
        monkeypatch.setattr(ReviewService, "decide", lose_answer)
        await user.press("ctrl+s")
        await user.at(ChangeSeries)
        assert user.status_text == "2 of 2 done."
        await user.press("enter")
        await user.at(KeyReviewScreen)
        assert user.status_text.startswith("Decided about 2 keys: ask the vendor.")
        await user.press("escape")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  5 of 12 decided")


async def test_the_key_bar_offers_to_disable_selected_keys_wherever_the_cursor_is(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await at_key_of(user, "ClearPay")
        await user.press("space")
        assert user.row.startswith("– off | Dentist Finder")
        assert "d Disable" in user.keys
        await user.press("escape")
        assert "d Disable" not in user.keys


async def test_several_keys_are_disabled_as_decisions(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await at_key_of(user, "Canopy Analytics")
        before = rows.last_entry()
        await user.press("space", "space", "d")
        await user.at(Question)
        assert f"These are also the decisions in the review {UNDER_WAY}." in user.flowing_text
        await user.press("ctrl+y")
        await user.at(ChangeSeries)
        await user.press("enter")
        await user.at(KeyReviewScreen)
        assert user.status_text.startswith("Disabled 2 keys.")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  5 of 12 decided")
    texts = rows.audit_texts(after=before)
    assert sum("to Disabled by Customer" in text for text in texts) == 2
    assert sum(": disable" in text for text in texts) == 2


async def test_undoing_many_changes_says_what_to_type_in_the_smallest_terminal(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        await open_review(user)
        await user.press("g", *["space"] * 12, "d")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(ChangeSeries)
        await user.press("enter")
        await user.at(KeyReviewScreen)
        await user.press("ctrl+z")
        await user.at(Prompt)
        assert "the number of keys" in user.text
        assert user.text.count("(Whole Office Suite)") == 1
        assert "back to not decided status: from Disabled" in user.flowing_text


async def test_a_decision_is_undone_to_the_one_before_it_and_to_none(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("y")
        await user.at(Form)
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  4 of 12 decided")
        await user.go_to("Canopy Analytics")
        await user.press("W")
        await user.at(Form)
        await user.fill("note", "Which data?")
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        before = rows.last_entry()
        await user.press("ctrl+z")
        await user.at(Question)
        assert f"Decision in {UNDER_WAY}: from ask the vendor back to keep until 2025-11-05" in user.flowing_text
        await user.press("ctrl+y")
        await user.at(KeyReviewScreen)
        assert "keep until 2025-11-05" in user.status_text
        (text,) = rows.audit_texts(after=before)
        assert "undone by admin: from ask the vendor back to keep until 2025-11-05 (undoing entry" in text
        await user.press("ctrl+z")
        assert "can't be undone" in user.status_text


async def test_disabling_as_a_decision_is_undone_with_the_end_of_the_key_typed(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await at_key_of(user, "Patient Portal Plus")
        await user.press("d")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        await user.at(KeyReviewScreen)
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  4 of 12 decided")
        before = rows.last_entry()
        await user.press("ctrl+z")
        await user.at(Prompt)
        assert "back to not decided" in user.flowing_text
        assert "from Disabled by Customer back to Enabled" in user.flowing_text
        await user.enter_text("9511")
        await user.press("ctrl+y")
        await user.at(ChangeSeries)
        await user.press("enter")
        await user.at(KeyReviewScreen)
        await user.go_to("Patient Portal Plus")
        assert user.row.startswith("… open")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  3 of 12 decided")
        assert len(rows.audit_texts(after=before)) == 2


async def test_a_decision_that_another_admin_replaced_is_not_undone(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("W")
        await user.at(Form)
        await user.press("ctrl+s")
        await user.at(KeyReviewScreen)
        office = demo.open(Secret(""))
        key, review = key_of(office, "Canopy Analytics"), office.review.require_under_way()
        office.review.decide(ADMIN, review, key.fingerprint, Choice(DecisionKind.KEEP, FAR))
        office.close()
        await user.press("ctrl+z")
        await user.at(Notice)
        assert "now keep until 2099-12-31" in user.flowing_text


async def test_a_review_that_another_admin_ended_is_shown_as_ended(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_review(user)
        await user.press("y")
        await user.at(Form)
        await user.fill("note", "Contract seen")
        end_review(demo.open(Secret("")))
        await user.press("ctrl+s")
        await user.at(Form)
        assert f"ended the review {UNDER_WAY}" in user.status_text
        assert user.field("note").value == "Contract seen"
        await user.press("escape", "ctrl+y")
        await user.at(KeyReviewScreen)
        assert "Keep" not in user.keys
        assert "Left open" in user.text


async def test_the_keys_of_a_review_that_another_admin_ended_are_no_longer_marked(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await at_key_of(user, "Canopy Analytics")
        await user.press("space", "space")
        assert user.text.count("✓") == 2
        end_review(demo.open(Secret("")))
        await user.press("r")
        assert "ended 2024-11-05" in user.text
        assert "✓" not in user.text


async def test_the_form_for_many_keys_fits_into_the_smallest_terminal(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        await open_review(user)
        await user.press("g", *["space"] * 12, "y")
        await user.at(Form)
        assert "Keep 12 keys?" in user.text
        assert "and 9 more" in user.text
        assert "Keep until" in user.text
        assert "^s Save" in user.text


async def test_a_review_in_which_another_admin_decides_is_not_ended(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await open_review(user)
        await user.press("F")
        await user.at(Question)
        office = demo.open(Secret(""))
        decide(office, "ClearPay", Choice(DecisionKind.KEEP, FAR))
        await user.press("ctrl+y")
        await user.at(KeyReviewScreen)
        assert user.status_text.startswith("A decision about a key was made in the meantime. The review was not ended.")
        assert user.panel("list-panel").startswith(f"Review {UNDER_WAY}  4 of 12 decided")
        assert office.review.require_under_way().name == UNDER_WAY
        office.close()
