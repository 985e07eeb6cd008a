"""Dialogs whose values can't be saved: they stay open with what was typed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from textual.screen import Screen
from textual.widgets import Input

from core.audit.export import AuditExport
from core.base.errors import PracticeUnavailable
from core.offices.open_request import OpenRequest
from core.payment_types.service import PaymentTypeService
from core.reports.evidence_reader import EvidenceReader
from core.review.notes import KeyNotes
from core.review.service import ReviewService
from core.use.service import UseService
from tests.support.user_driver import User, run_program
from tui.modals.form import Form, StartForm
from tui.modals.payment_type import PaymentTypeDialog
from tui.modals.prompt import Prompt


@dataclass(frozen=True)
class _Dialog:
    keys: tuple[str, ...]
    """The keys that open it from API Setup."""
    screen: type[Screen[object]]
    service: type[object]
    method: str
    """The method of the service that saves."""
    typed: str


DIALOGS = {
    "payment type": _Dialog(("3", "a"), PaymentTypeDialog, PaymentTypeService, "add", "Gift card"),
    "renamed type": _Dialog(("3", "enter"), PaymentTypeDialog, PaymentTypeService, "edit", "Checks"),
    "former names": _Dialog(("N",), Prompt, UseService, "set_former_names", "Old Bridge; Older Bridge"),
    "notes": _Dialog(("n",), Form, KeyNotes, "save", "Olga"),
    "start": _Dialog(("5", "C", "F", "ctrl+y", "escape", "escape", "a"), StartForm, ReviewService, "start", "X"),
    "decision": _Dialog(("5", "C", "W"), Form, ReviewService, "decide", "Which data?"),
    "evidence": _Dialog(("5", "C", "x"), Prompt, EvidenceReader, "read", "folder"),
    "export": _Dialog(("4", "x"), Prompt, AuditExport, "begin", "trail.csv"),
}


def fail(*_arguments: object, **_options: object) -> None:
    raise PracticeUnavailable("The server doesn't answer.")


def typed_text(user: User) -> str:
    field = user.screen.focused
    assert isinstance(field, Input)
    return field.value


@pytest.mark.parametrize("dialog", DIALOGS.values(), ids=DIALOGS)
async def test_what_was_typed_stays_if_it_can_not_be_saved(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, dialog: _Dialog
) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        await user.at_api_setup()
        for key in dialog.keys:
            await user.press(key)
        await user.at(dialog.screen)
        await user.press("end", "ctrl+u")
        await user.enter_text(dialog.typed)
        with monkeypatch.context() as patched:
            patched.setattr(dialog.service, dialog.method, fail)
            await user.press("ctrl+s")
            await user.at(dialog.screen)
        assert user.status_text.startswith("The server doesn't answer.")
        assert dialog.typed in typed_text(user)
        await user.press("ctrl+s")
        assert not isinstance(user.screen, dialog.screen)
