"""The place Subscriptions at the keyboard: reading, ending, resuming and deleting."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program
from tui.modals.change_series import ChangeSeries
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.subscriptions import SubscriptionsScreen


async def open_place(user: User) -> None:
    await user.press("2")
    await user.at(SubscriptionsScreen)


def stops() -> dict[int, str]:
    return dict(rows.query("SELECT ApiSubscriptionNum, DateTimeStop FROM apisubscription"))


ENDED, NEVER = "2024-11-05 09:03:07", "0001-01-01 00:00:00"


async def test_every_state_is_listed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        for words in ("● working", "◐ late", "? no sign", "… not started", "○ ended", "✕ error", "! 3"):
            assert words in user.text


async def test_an_arrow_key_shows_the_details_of_another_subscription(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await open_place(user)
        await user.press("down", "down")
        assert "Probably nobody works at" in user.text
        assert "RECEPTION-OLD" in user.text
        await user.press("down", "down")
        assert "unencrypted" in user.text


async def test_enter_shows_all_in_a_narrow_terminal(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        await open_place(user)
        await user.press("enter")
        await user.at(Notice)
        assert "appointment-bridge" in user.text


async def test_a_subscription_is_ended_after_a_question(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        before = rows.last_entry()
        await user.press("d")
        await user.at(Question)
        assert "Appointment Bridge" in user.text
        await user.press("ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        await user.at(SubscriptionsScreen)
        assert "Ended: subscription 1 (Appointment Bridge, Appointment)." in user.text
        assert "^z undo" in user.text
    assert [number for number, stop in stops().items() if stop == ENDED] == [1]
    (text,) = rows.audit_texts(after=before)
    assert text.startswith("API subscription 1 of ********")


async def test_escape_ends_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        before = stops()
        await user.press("d", "escape")
        assert "Nothing was changed." in user.text
    assert stops() == before


async def test_one_that_has_ended_is_resumed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press("d", "ctrl+y", "enter", "d")
        assert "has ended. Press E to resume it." in user.text
        await user.press("E", "ctrl+y")
        assert "Resumed: subscription 1" in user.text
    assert stops()[1] == NEVER


async def test_what_has_not_ended_is_not_resumed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press("E")
        assert "hasn't ended" in user.text


async def test_ctrl_z_takes_an_end_back(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press("d", "ctrl+y", "enter", "ctrl+z")
        await user.at(Question)
        await user.press("ctrl+y")
    assert stops()[1] == NEVER


async def test_several_are_ended_with_one_question(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        before = rows.last_entry()
        await user.press("space", "space", *["down"] * 5, "space")
        assert "3 selected" in user.text
        await user.press("d")
        assert "Not changed:" in user.text
        await user.press("ctrl+y")
        await user.at(ChangeSeries)
        assert "2 of 2 done." in user.text
        await user.press("enter")
        assert "Ended 2 subscriptions." in user.text
        assert "selected" not in user.text
        assert [number for number, stop in stops().items() if stop == ENDED] == [1, 2]
        assert len(rows.audit_texts(after=before)) == 2
        await user.press("ctrl+z", "ctrl+y")
        await user.at(ChangeSeries)
    assert (stops()[1], stops()[2]) == (NEVER, NEVER)


async def test_escape_deselects_before_it_leaves(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press("space", "escape")
        assert "selected" not in user.text
        assert isinstance(user.app.screen, SubscriptionsScreen)
        await user.press("escape")
        await user.at_api_setup()


async def test_deleting_asks_twice(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press("delete", "ctrl+y")
        await user.at(Prompt)
        await user.press("ctrl+y")
        assert "Type delete to confirm." in user.text
        await user.enter_text("delete")
        assert 1 in stops()
        await user.press("ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        assert "Deleted: subscription 1" in user.text
    assert 1 not in stops()


@pytest.mark.parametrize("keys", [("delete", "escape"), ("delete", "ctrl+y", "escape")])
async def test_nothing_is_deleted_after_escape(demo: OpenRequest, keys: tuple[str, ...]) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press(*keys)
    assert 1 in stops()


async def test_a_fhir_subscription_can_not_be_changed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press("end", "d")
        assert "A FHIR subscription can't be changed here" in user.text


async def test_one_that_another_program_changed_is_shown_as_a_conflict(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user)
        await user.press("d")
        rows.execute("UPDATE apisubscription SET Note = 'x' WHERE ApiSubscriptionNum = 1")
        await user.press("ctrl+y")
        await user.at(Notice)
        assert "note: was blank" in user.text
    assert stops()[1] == NEVER


async def test_what_cannot_be_read_is_one_line(demo: OpenRequest) -> None:
    rows.execute("DROP TABLE apisubscription")
    async with run_program(demo) as user:
        await open_place(user)
        assert "unknown: no table apisubscription" in user.text
        assert "FHIR" in user.text


async def test_disabling_a_key_offers_to_end_its_subscriptions(demo: OpenRequest) -> None:
    async with run_program(demo, size=(80, 30)) as user:
        before = rows.last_entry()
        await user.press("d")
        await user.at(Question)
        assert "https://hooks.appointment-bridge.example/od/" in user.text
        await user.press("ctrl+e")
        await user.at(Notice)
        assert "Ended: subscription 1" in user.text
        await user.press("enter")
        assert stops()[1] == ENDED
        assert [text.split(" ")[1] for text in rows.audit_texts(after=before)] == ["key", "subscription"]


async def test_disabling_a_key_alone_leaves_its_subscriptions(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("d", "ctrl+y")
    assert rows.status_of("Appointment Bridge") == 2
    assert stops()[1] == NEVER


async def test_disabling_several_keys_ends_the_subscriptions_of_all(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        await user.press("space", "space", "d")
        await user.at(Question)
        await user.press("ctrl+e")
        await user.at(ChangeSeries)
        assert "4 of 4 done." in user.text
    assert [number for number, stop in stops().items() if stop == ENDED] == [1, 4]
