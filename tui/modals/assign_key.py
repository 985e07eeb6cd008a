"""The screen Assign API Key: the key, its developer, its permissions and the Business Associate Agreement."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import InvalidInput
from core.keys.pasted_key import PastedKey, PasteSource, find_key
from core.model.api_key import KeyFields, NewKey
from tui.bindings import key as key_of
from tui.key_names import display
from tui.modals.license import LicenseScreen, Refusal
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Answer, Question, discard_question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.inputs import KeyInput, PlainInput
from tui.widgets.key_fields import Contacts, KeyFieldsForm

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.base.secret import Secret
    from core.model.agreement import Acceptance
    from tui.session import Session

_AGREEMENT_WARNING = [
    "No date for a Business Associate Agreement with this developer.",
    "",
    "The developer's program will read protected health information. Sign an agreement first: without one, the"
    " practice may break the law by sharing it.",
]


_HEADQUARTERS_HINT = (
    "This asks Open Dental's headquarters to assign the key. Headquarters provides the developer, the contact and"
    " the permissions."
)


@dataclass(frozen=True)
class Assigned:
    """A new key, and the agreement that was accepted for it."""

    key: NewKey
    acceptance: Acceptance


class AssignKeyScreen(BaseScreen[Assigned | Refusal | None]):
    """A form for a new key, and the agreement after it.

    Its result is the key with the acceptance, `DECLINED`, or None if the user went back from the form. Going back from
    the agreement returns to the form.
    """

    CSS_PATH = "assign_key.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium")]  # noqa: RUF012 - declared so by Textual
    KEYS: ClassVar[tuple[str, ...]] = ("continue", "choose-permissions", "next-field", "back", "help")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._accepted: PastedKey | None = None
        """The key that replaced a longer text in its field."""

    @property
    def frame_title(self) -> str:
        """The title in the frame."""
        return "Assign API Key"

    def compose_body(self) -> ComposeResult:
        """Compose the fields."""
        with Horizontal(id="key-line"):
            yield Static("API key", classes="label")
            yield KeyInput(id="key", placeholder="key, header or whole email")
        with Horizontal():
            yield Static("", classes="label")
            yield Static("", id="understood", markup=False)
        if self._keeps_contacts:
            with Horizontal():
                yield Static("Developer", classes="label")
                yield PlainInput(id="developer", max_length=255)
                yield Static("required", classes="remark")
        yield KeyFieldsForm(KeyFields(), contacts=Contacts.EDITABLE if self._keeps_contacts else Contacts.HIDDEN)
        if not self._keeps_contacts:
            yield Static(_HEADQUARTERS_HINT, id="headquarters-hint", markup=False)

    def on_mount(self) -> None:
        """Focus the key."""
        self.query_one("#key").focus()
        self.show_status("Paste what the developer sent you: the key, a header or a whole email.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable `choose_permissions` if headquarters keeps the permissions."""
        if action == "choose_permissions" and not self._keeps_contacts:
            return False
        return super().check_action(action, parameters)

    @property
    def _keeps_contacts(self) -> bool:
        return self._session.office.keys.authority.keeps_contacts

    @property
    def _developer(self) -> str:
        """The developer's name as typed; empty if there is no field, because headquarters sends the name later."""
        fields = self.query("#developer").results(PlainInput)
        return next((field.value.strip() for field in fields), "")

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The new key, if anything was typed."""
        typed = self.query_one("#key", KeyInput).value or self._developer
        return ("the new API key",) if typed or self.query_one(KeyFieldsForm).edited else ()

    @on(Input.Changed, "#key")
    def _show_understood(self) -> None:
        self.query_one("#understood", Static).update(self._understood)

    @property
    def _understood(self) -> str:
        """Return what the program reads in the field of the key."""
        text = self.query_one("#key", KeyInput).value
        if not text.strip():
            return ""
        accepted = self._accepted
        if accepted is not None and accepted.key.reveal() == text:
            return _describe(accepted)
        try:
            found = find_key(text)
        except InvalidInput as error:
            return error.sentence
        return _describe(found) if found.key.reveal() == text else f"{_describe(found)} Press Enter to accept it."

    @on(Input.Blurred, "#key")
    def _accept_key(self) -> None:
        """Replace a text with the key that was found in it, so that the developer's key is nowhere any more."""
        field = self.query_one("#key", KeyInput)
        with suppress(InvalidInput):
            found = find_key(field.value)
            if found.key.reveal() != field.value:
                self._accepted = found
                field.value = found.key.reveal()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "agreement":
            self.action_continue()
        elif event.input.id == "key":
            self._submit_key()
        else:
            self.focus_next()

    def _submit_key(self) -> None:
        try:
            find_key(self.query_one("#key", KeyInput).value)
        except InvalidInput as error:
            # The rest of a text with several lines may follow as keys; it must not end up in the next field.
            self.show_problem(error)
            return
        self.check_key()

    @flow
    async def check_key(self) -> None:
        """Move to the next field at once, so that keys typed next go there, and validate the key meanwhile."""
        self._accept_key()
        self.query_one("#developer" if self._keeps_contacts else "#agreement").focus()
        await self._validated_key(focus_on_error=False)

    @flow
    async def action_choose_permissions(self) -> None:
        """Open the list of permissions."""
        form = self.query_one(KeyFieldsForm)
        chosen = await self.app.push_screen_wait(PermissionChoice(form.permissions))
        if chosen is not None:
            form.permissions = chosen

    @flow
    async def action_continue(self) -> None:
        """Validate all fields, show the agreement, and close the form if it was accepted or declined."""
        key = await self._validated_key()
        if key is None:
            return
        try:
            new = NewKey(key, self._developer, self.query_one(KeyFieldsForm).typed)
            await self.call_service(lambda: self._session.office.keys.check_details(new), group="fields")
        except InvalidInput as error:
            self.show_problem(error)
            self._focus_field(error.field)
            return
        if new.fields.agreement_since is None and not await self._confirm_missing_agreement():
            self.query_one(KeyFieldsForm).focus_field("agreement")
            return
        answer = await self.app.push_screen_wait(LicenseScreen(self._session, new))
        if answer is None:
            again = display(key_of("continue"))
            self.show_status(f"The agreement was neither accepted nor declined. Press {again} to see it again.")
            return
        if isinstance(answer, InvalidInput):
            # Another program added the key meanwhile.
            self.show_problem(answer)
            self.query_one("#key").focus()
            return
        self.dismiss(answer if isinstance(answer, Refusal) else Assigned(new, answer))

    @flow
    async def action_back(self) -> None:
        """Close the form, after a confirmation if anything was typed."""
        if not self.unsaved or await self.app.push_screen_wait(discard_question(self.unsaved)):
            self.dismiss(None)

    async def _validated_key(self, *, focus_on_error: bool = True) -> Secret | None:
        """Return the key if it can be added; otherwise display the reason and return None.

        Args:
            focus_on_error: Focus the field of the key if the key is not valid.
        """
        self._accept_key()
        field = self.query_one("#key", KeyInput)
        typed = field.value
        try:
            secret = await self.call_service(lambda: self._session.office.keys.check_new(typed), group="check")
        except InvalidInput as error:
            self.show_problem(error)
            if focus_on_error:
                field.focus()
            return None
        self.show_status("")
        return secret

    def _focus_field(self, name: str) -> None:
        if name == "developer":
            self.query_one("#developer").focus()
        else:
            self.query_one(KeyFieldsForm).focus_field(name)

    async def _confirm_missing_agreement(self) -> bool:
        question = Question(
            "Continue without an agreement?",
            _AGREEMENT_WARNING,
            Answer("ctrl+y", "Continue without one", "without"),
            cancel="Back to the date",
        )
        return await self.app.push_screen_wait(question) is not None


def _describe(found: PastedKey) -> str:
    where = "" if found.source is PasteSource.ALONE else f" from {found.source.value}"
    left_out = " The developer's key is left out." if found.drops_developer_key else ""
    return f"Understood: {found.masked}{where}.{left_out}"
