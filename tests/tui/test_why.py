"""The diagnosis: the line on API Setup, the screen, and the steps that a cause leads to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from textual.app import App

from core.diagnosis import cause_ids as ids
from core.diagnosis.service import DiagnosisService
from core.model.diagnosis import Diagnosis
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program
from tui.modals.choice import Choice
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.why import WhyScreen
from tui.widgets.diagnosis_rows import TITLES

HEADLINE = "! eConnector: no sign of life for 3 h   w why"


async def look(user: User) -> None:
    (await user.at(ApiSetupScreen)).look()
    await user.settle()


async def ask_why(user: User) -> WhyScreen:
    await user.press("w")
    return await user.at(WhyScreen)


async def test_one_line_says_what_is_certainly_wrong(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert HEADLINE not in user.text
        await look(user)
        assert HEADLINE in user.text
        rows.execute("UPDATE eservicesignal SET SigDateTime = datetime(SigDateTime, '+3 hours', '+10 minutes')")
        await look(user)
        assert "eConnector" not in user.text


async def test_the_line_says_that_a_review_is_due_if_nothing_is_wrong(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        rows.execute("UPDATE apisetup_review SET name = 'Q4', ended_at = '2020-01-01 00:00:00.000000'")
        await look(user)
        assert HEADLINE in user.text
        rows.execute("UPDATE eservicesignal SET SigDateTime = datetime(SigDateTime, '+3 hours', '+10 minutes')")
        await look(user)
        assert re.search(r"Settings · ! Review due: Q4 ended [0-9,]+ d ago   5 review ─", user.text)
        rows.execute("DELETE FROM apisetup_review")
        rows.execute("DELETE FROM apisetup_key_note")
        await look(user)
        assert "Review due" not in user.text


async def test_an_embedded_practice_has_no_line(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        await look(user)
        assert "w why" not in user.text


async def test_a_failed_look_says_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await look(user)
        rows.execute("ALTER TABLE eservicesignal RENAME TO away")
        await look(user)
        assert HEADLINE in user.text
        assert user.status_text == ""


async def test_nothing_is_drawn_while_nothing_changes(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await look(user)
        drawn: list[object] = []
        screen = user.app.screen
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(screen), "_compositor_refresh", lambda self: drawn.append(self._dirty_widgets))
            before = user.text
            await look(user)
            assert not screen._dirty_widgets
            assert user.text == before


async def test_it_looks_only_while_api_setup_is_on_top(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    headline = DiagnosisService.headline

    def count(service: DiagnosisService) -> str:
        asked.append("asked")
        return headline(service)

    monkeypatch.setattr(DiagnosisService, "headline", count)
    async with run_program(demo) as user:
        setup = await user.at(ApiSetupScreen)
        await ask_why(user)
        setup.look()
        await user.settle()
        assert asked == []
        await user.press("escape")
        await look(user)
        assert asked == ["asked"]


async def test_w_says_why_for_the_key_under_the_cursor(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("ClearPay")
        await ask_why(user)
        assert user.panel("causes-panel") == "Why?  ClearPay …AD92 · 1 cause found"
        assert user.row.startswith("✕ eConnector | The eConnector on SERVER-1 gave its last sign of life 3 h ago.")
        assert "What to do Start the eConnector service on SERVER-1." in user.flowing_text
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]


async def test_w_in_the_settings_says_why_for_the_practice(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.app.screen.query_one("#enabled").focus()
        await ask_why(user)
        assert user.panel("causes-panel").startswith("Why?  Bright Smiles Dental (demo)")


async def test_a_key_and_the_practice_are_looked_at_in_turn(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Dentist Finder")
        await ask_why(user)
        assert user.row.startswith("✕ Key disabled")
        await user.press("i")
        assert user.panel("causes-panel").startswith("Why?  Bright Smiles Dental (demo)")
        assert user.row.startswith("✕ eConnector")
        await user.press("i")
        assert user.row.startswith("✕ Key disabled")


async def test_what_the_developer_saw_narrows_the_causes_down(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("ClearPay")
        await ask_why(user)
        await user.press("slash")
        await user.at(Prompt)
        await user.enter_text("401 PUT /appointments/123/Confirm")
        await user.press("enter")
        await user.at(WhyScreen)
        assert user.row.startswith("✕ Permission missing | The key lacks the permission ApiComm")
        assert "The API answers 401 to all of these." in user.flowing_text
        await user.press("down")
        assert "Certain, but it doesn't explain what the developer saw." in user.flowing_text
        # A blank text looks at everything again.
        await user.press("slash", "ctrl+u", "enter")
        await user.at(WhyScreen)
        assert "Unknown. Press" in user.flowing_text


async def test_a_workstation_is_chosen_from_those_that_exist(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await ask_why(user)
        await user.press("f")
        await user.at(Choice)
        await user.enter_text("operatory")
        await user.press("enter")
        await user.at(WhyScreen)
        assert user.row.startswith("✕ Workstation | Open Dental was last seen running on OPERATORY-3 1 d ago.")
        await user.press("f", "enter")
        await user.at(WhyScreen)
        assert user.row.startswith("✕ eConnector")


async def test_the_port_is_asked_only_on_request(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    probe: Callable[[str], object] = lambda host: asked.append(host)  # noqa: E731
    monkeypatch.setattr("core.diagnosis.service.probe_service", probe)
    async with run_program(demo) as user:
        await ask_why(user)
        await user.press("r")
        assert asked == []
        await user.press("p")
        assert asked == ["SERVER-1"]


async def test_the_text_for_the_developer_is_shown_and_copied(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(App, "copy_to_clipboard", lambda _app, text: copied.append(text))
    async with run_program(demo) as user:
        await user.go_to("ClearPay")
        await ask_why(user)
        await user.press("c")
        assert "Our eConnector isn't running." in copied[0]
        assert "AD92" not in copied[0]
        await user.press("v")
        await user.at(Notice)
        assert "Please send us for one failed call:" in user.flowing_text


async def test_enter_enables_the_disabled_key(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Dentist Finder")
        await ask_why(user)
        assert "Enter enables the key." in user.flowing_text
        await user.press("enter")
        await user.at(Prompt)
        assert "Dentist Finder" in user.flowing_text


async def test_the_screen_of_a_key_says_why_for_that_key(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Dentist Finder")
        await user.press("enter")
        await user.at(EditKeyScreen)
        await ask_why(user)
        assert user.panel("causes-panel").startswith("Why?  Dentist Finder …70F3")
        await user.press("enter")
        await user.at(Prompt)
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen", "Prompt"]


async def test_enter_goes_to_the_switch(demo: OpenRequest) -> None:
    rows.execute("UPDATE program SET Enabled = 0 WHERE ProgName = 'FHIR'")
    async with run_program(demo) as user:
        await ask_why(user)
        assert user.row.startswith("✕ API is off")
        await user.press("enter")
        assert (user.stack, user.focused) == (["ApiSetupScreen"], "enabled")
        assert user.status_text == "Space switches the API on; ^s saves."


async def test_enter_goes_to_the_payment_type(demo: OpenRequest) -> None:
    rows.execute("UPDATE preference SET ValueString = '4' WHERE PrefName = 'ApiPaymentType'")
    async with run_program(demo) as user:
        await ask_why(user)
        await user.go_to("✕ Payment type")
        await user.press("enter")
        assert (user.stack, user.focused) == (["ApiSetupScreen"], "payment-type")


async def test_a_cause_that_is_fixed_elsewhere_says_so(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await ask_why(user)
        assert "Enter" not in user.keys
        await user.press("enter")
        assert user.status_text.startswith("Nothing can be done about it from here. Start the eConnector service")


async def test_a_practice_that_cannot_be_read_keeps_the_screen(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.base.errors import ConnectionLost

    def lose(*_: object) -> Diagnosis:
        raise ConnectionLost("The line was cut.", "Try again.")

    async with run_program(demo) as user:
        with monkeypatch.context() as patch:
            patch.setattr(DiagnosisService, "diagnose", lose)
            await ask_why(user)
            assert user.status_text == "The line was cut. Try again."
            assert "Not loaded. Press r to retry." in user.text
        await user.press("r")
        assert user.row.startswith("✕ eConnector")


async def test_places_and_help_work_there(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await ask_why(user)
        await user.press("1")
        assert user.stack == ["ApiSetupScreen"]
        assert not isinstance(user.app.screen, Question)


def test_every_cause_has_a_title() -> None:
    known = {value for name, value in vars(ids).items() if name.isupper() and isinstance(value, str)}
    assert set(TITLES) == known


async def test_the_age_is_shown_in_the_list(demo: OpenRequest) -> None:
    rows.execute("UPDATE eservicesignal SET SigDateTime = datetime(SigDateTime, '-41 days')")
    async with run_program(demo) as user:
        await ask_why(user)
        assert user.row.endswith("41 d")
