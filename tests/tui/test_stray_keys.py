"""Keys that nobody meant to press: text that a terminal delivers as keys, and answers before the question was read."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from core.opendental.key_status import KeyStatus
from tests.support import embedded_rows as rows
from tests.support.thorough import first_of
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.notice import Notice
from tui.modals.question import Question
from tui.platform.base_screen import ANSWER_DELAY
from tui.platform.key_pace import BURST_GAP
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen

IN_A_BURST = 0.0
TYPED = 0.2
SLOWLY = 2.0
PACES = [IN_A_BURST, TYPED, SLOWLY]

PROSE = [
    "do it by today",
    "unfortunately",
    "Could you quickly check why you did not every key\nbecause we cannot edit\tany?",
    "dy\nx\ny\nq\ny\n",
]


def keys_of(text: str) -> list[str]:
    named = {" ": "space", "\n": "enter", "\t": "tab", "?": "question_mark"}
    return [named.get(character, character) for character in text]


def practice() -> list[tuple[object, ...]]:
    """Read all that a change of a key or a setting would change, and how many keys were sent to the clipboard."""
    sent = "SELECT count(*) FROM securitylog WHERE LogText LIKE '%clipboard%' OR LogText LIKE '%undoing%'"
    return [
        rows.settings(),
        *rows.query("SELECT sealed, status FROM apisetup_key ORDER BY 1"),
        *rows.query(sent),
    ]


async def paste(user: User, text: str, pace: float) -> None:
    """Type a text at a pace; the program has time between the keys if a person could have typed them."""
    for key in keys_of(text):
        user.type_at(pace, key)
        if pace >= TYPED:
            await user.settle()
    await user.settle()


@first_of(1, "pace", PACES)
@pytest.mark.parametrize("text", PROSE)
async def test_pasted_text_changes_nothing_on_api_setup(demo: OpenRequest, text: str, pace: float) -> None:
    async with run_program(demo) as user:
        before = practice()
        await paste(user, text, pace)
        assert practice() == before
        assert not user.app.is_exiting


@pytest.mark.parametrize("pace", PACES)
@first_of(1, "text", PROSE)
async def test_pasted_text_changes_nothing_on_the_screen_of_a_key(demo: OpenRequest, text: str, pace: float) -> None:
    async with run_program(demo) as user:
        await user.press("enter")
        await user.at(EditKeyScreen)
        before = practice()
        await paste(user, text, pace)
        assert practice() == before
        assert not user.app.is_exiting


@first_of(1, "pace", PACES)
async def test_pasted_text_undoes_nothing(demo: OpenRequest, pace: float) -> None:
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.fill("filter", 'only:ours text:"payment type"')
        await user.press("enter", "enter")
        await user.at(AuditEntryScreen)
        before = practice()
        await paste(user, "uy\nunfortunately\n", pace)
        assert practice() == before


async def test_letters_in_a_question_only_show_its_key(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("d")
        await user.at(Question)
        for key in ("y", "d", "q", "1", "tab"):
            user.screen.show_status("")
            await user.press(key)
            assert user.status_text == "Press ^y or ^e to confirm, Esc to cancel."
            assert user.focused == "cancel"
            assert user.stack == ["ApiSetupScreen", "Question"]


@first_of(2, "answer", [["ctrl+y"], ["right", "enter"], ["right", "space"]])
async def test_a_deliberate_answer_takes_two_keys(demo: OpenRequest, answer: list[str]) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d", *answer)
        await user.at(Notice)
        assert rows.status_of("Insurance Mate") == KeyStatus.DISABLED_BY_CUSTOMER


@pytest.mark.parametrize("pace", [IN_A_BURST, 0.06, TYPED, SLOWLY])
@first_of(1, "place", [[], ["enter"]])
async def test_pasted_text_with_the_end_of_a_key_does_not_enable_it(
    demo: OpenRequest, pace: float, place: list[str]
) -> None:
    async with run_program(demo) as user:
        await user.go_to("Dentist Finder")
        await user.press(*place)
        before = practice()
        ending = str(
            rows.query("SELECT clear_text(fingerprint, sealed) FROM apisetup_key WHERE developer = 'Dentist Finder'")[
                0
            ][0]
        )[-4:]
        await paste(user, f"E{ending}\n{ending}\n\n", pace)
        assert practice() == before


async def test_enabling_ignores_a_key_that_comes_in_a_burst(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Dentist Finder")
        ending = str(
            rows.query("SELECT clear_text(fingerprint, sealed) FROM apisetup_key WHERE developer = 'Dentist Finder'")[
                0
            ][0]
        )[-4:]
        await user.press("E")
        user.send(*ending, "ctrl+y")
        await user.settle()
        assert rows.status_of("Dentist Finder") == KeyStatus.DISABLED_BY_CUSTOMER
        await user.press("ctrl+y")
        await user.at(Notice)
        assert rows.status_of("Dentist Finder") == KeyStatus.ENABLED


@first_of(2, "follower", ["a", "ctrl+y", "space", "enter"])
async def test_an_answer_that_other_keys_follow_at_once_is_ignored(demo: OpenRequest, follower: str) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d")
        user.type_at(1.0, "ctrl+y")
        user.type_at(0.008, follower)
        await user.settle()
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED


@pytest.mark.parametrize("seconds", [0.0, ANSWER_DELAY - 0.01])
async def test_a_click_within_the_first_moment_is_ignored(demo: OpenRequest, seconds: float) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d")
        user.now += seconds
        await user.pilot.click("#answer-0")
        await user.settle()
        assert user.status_text == "Click ignored: it came too fast. Press ^y or ^e to confirm, Esc to cancel."
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED


async def test_a_deliberate_click_answers(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d")
        user.now += 1
        await user.pilot.click("#answer-0")
        await user.at(Notice)
        assert rows.status_of("Insurance Mate") == KeyStatus.DISABLED_BY_CUSTOMER


async def test_a_click_amid_keys_is_ignored(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d", "a")
        await user.pilot.click("#answer-0")
        await user.settle()
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED


async def test_an_answer_within_the_first_moment_is_ignored(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d")
        await user.at(Question)
        user.type_at(ANSWER_DELAY - 0.01, "ctrl+y")
        await user.settle()
        assert user.status_text == ("Key ignored: it came too fast. Press ^y or ^e to confirm, Esc to cancel.")
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED
        user.type_at(ANSWER_DELAY, "ctrl+y")
        await user.at(Notice)
        assert rows.status_of("Insurance Mate") == KeyStatus.DISABLED_BY_CUSTOMER


@first_of(2, "keys", [["d", "ctrl+y"], ["ctrl+y", "ctrl+y"], ["x", "ctrl+y"]])
async def test_an_answer_in_a_burst_is_ignored(demo: OpenRequest, keys: list[str]) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        await user.press("d")
        await user.at(Question)
        user.send(*keys)
        await user.settle()
        assert user.stack == ["ApiSetupScreen", "Question"]
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED


async def test_an_answer_in_the_burst_that_opened_the_question_is_ignored(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Insurance Mate")
        user.send("d", "ctrl+y", "ctrl+y")
        await user.settle()
        await until(lambda: user.stack == ["ApiSetupScreen", "Question"])
        assert rows.status_of("Insurance Mate") == KeyStatus.ENABLED


async def test_a_key_is_not_viewed_by_a_burst(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("enter")
        await user.at(EditKeyScreen)
        before = rows.last_entry()
        for keys in (("v", "x"), ("x", "v")):
            user.send(*keys)
            await user.settle()
            assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
            assert "too fast" in user.status_text
        assert rows.last_entry() == before
        user.type_at(2 * BURST_GAP, "v")
        await user.at(Notice)


async def test_q_asks_even_if_nothing_is_unsaved_and_its_ctrl_key_does_not(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("q")
        await user.at(Question)
        assert "Quit apisetup?" in user.text
        await user.press("y", "enter")
        assert user.stack == ["ApiSetupScreen"]
        await user.press("q")
        await user.at(Question)
        user.send("ctrl+y")
        await until(lambda: user.app.return_code == 0)


async def test_the_ctrl_key_for_quitting_also_confirms_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("q")
        await user.at(Question)
        user.send("ctrl+q")
        await until(lambda: user.app.return_code == 0)
