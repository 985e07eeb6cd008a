"""Changes that a killed program left half done: they are shown when the office opens, and the admin decides."""

from __future__ import annotations

import pytest

from core.base.errors import ApiSetupError, Conflict, EditConflict, OperationNotAllowed, PracticeUnavailable
from core.model.interrupted_change import InterruptedChange
from core.model.logged_event import Edit
from core.office.office import Office
from core.offices.open_request import OpenRequest
from core.recovery.service import RecoveryService
from tests.support.user_driver import run_program
from tui.modals.notice import Notice
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen

HALF = InterruptedChange(
    "A save was interrupted: 1 of 2 values were written.",
    announced=3,
    entry=17,
    written=(Edit("Enabled", "off", "on"),),
    unwritten=(Edit("payment type", "Check", "Cash"),),
)


@pytest.fixture(autouse=True)
def has_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the demo look for interrupted changes, as a practice with a journal does."""
    monkeypatch.setattr(Office, "may_have_interrupted_changes", True)


@pytest.fixture
def decisions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have a half-made save be found, and record what is decided about it."""
    made: list[str] = []

    def decide(what: str) -> object:
        def record(_self: object, _actor: object, change: InterruptedChange) -> str:
            assert change is HALF
            made.append(what)
            return f"{what}: done."

        return record

    monkeypatch.setattr(RecoveryService, "settle", lambda _self, _actor: (HALF,))
    monkeypatch.setattr(RecoveryService, "finish", decide("Finished"))
    monkeypatch.setattr(RecoveryService, "roll_back", decide("Rolled back"))
    return made


@pytest.mark.parametrize(("key", "decided"), [("ctrl+y", "Finished"), ("ctrl+r", "Rolled back"), ("escape", "")])
async def test_a_half_made_save_is_finished_rolled_back_or_left(
    demo: OpenRequest, decisions: list[str], key: str, decided: str
) -> None:
    async with run_program(demo, wait_for=Question) as user:
        assert "1 of 2 values were written" in user.flowing_text
        assert "Written Enabled: off → on" in user.flowing_text
        assert "Not written payment type: Check → Cash" in user.flowing_text
        await user.press(key)
        await user.at(ApiSetupScreen)
        assert decisions == ([decided] if decided else [])
        half_made = "A save is incomplete: Enabled written, payment type not. The next start asks again."
        assert user.status_text.startswith(decided or half_made)


@pytest.mark.parametrize(
    "error",
    [
        EditConflict((Conflict("payment type", "Check", "Cash", "Cash"),)),
        PracticeUnavailable("The server closed the connection."),
        OperationNotAllowed("The user Admin is hidden."),
    ],
)
async def test_a_decision_that_fails_is_told_and_hides_no_other_change(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, error: ApiSetupError
) -> None:
    def fail(_self: object, _actor: object, _change: InterruptedChange) -> str:
        raise error

    other = InterruptedChange("A save was interrupted after it was made: API Setup: Enabled changed from off to on.")
    monkeypatch.setattr(RecoveryService, "settle", lambda _self, _actor: (HALF, other))
    monkeypatch.setattr(RecoveryService, "finish", fail)
    async with run_program(demo, wait_for=Question) as user:
        await user.press("ctrl+y")
        await user.at(Notice)
        assert error.sentence in user.flowing_text
        assert "Not written payment type: Check → Cash The next start asks again." in user.flowing_text
        await user.press("enter")
        assert "it was made: API Setup" in user.flowing_text
        await user.press("enter")
        await user.at_api_setup()
        assert user.status_text.startswith("A save is incomplete: Enabled written, payment type not.")
        assert user.screen.status.kind == "problem"


async def test_a_failure_to_look_for_interrupted_changes_stays_on_the_screen(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: object, _actor: object) -> tuple[InterruptedChange, ...]:
        raise PracticeUnavailable("The companion is locked.")

    monkeypatch.setattr(RecoveryService, "settle", fail)
    async with run_program(demo) as user:
        assert user.status_text.startswith("The companion is locked.")


async def test_a_settled_change_is_told(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = InterruptedChange("A save was interrupted after it was made: API Setup: Enabled changed from off to on.")
    monkeypatch.setattr(RecoveryService, "settle", lambda _self, _actor: (settled,))
    async with run_program(demo, wait_for=Notice) as user:
        assert "it was made: API Setup: Enabled changed from off to on" in user.flowing_text
        await user.press("enter")
        await user.at_api_setup()
