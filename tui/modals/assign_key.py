"""The screen Assign API Key: the key, its developer, its permissions and the Business Associate Agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import InvalidInput
from core.model.api_key import KeyFields, NewKey
from core.model.key_text import PastedKind, parse_paste
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.inputs import KeyInput, PlainInput
from tui.widgets.key_fields import Contacts, KeyFieldsForm

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.session import Session

_AGREEMENT_WARNING = [
    "No Business Associate Agreement is given for this developer.",
    "",
    "The program will read protected health information. Have an agreement in place first: without one the practice"
    " may break the law by sharing it.",
]


_HEADQUARTERS_HINT = (
    "Open Dental's headquarters is asked to assign the key. It tells whose the key is, how to reach them, and what the"
    " key permits."
)


class AssignKeyScreen(BaseScreen[NewKey | None]):
    """A form for a new key. Its result is the validated key, or None if the user went back."""

    CSS_PATH = "assign_key.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("continue", "choose-permissions", "next-field", "back", "help")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._accepted_whole = ""
        """The text that the user chose to use in full although it looks like more than a key."""

    def compose_body(self) -> ComposeResult:
        """Compose the fields."""
        yield Static("Assign API Key", classes="heading", markup=False)
        with Horizontal():
            yield Static("API key", classes="label")
            yield KeyInput(id="key", placeholder="Enter API key")
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
        self.show_status("Paste the key that the developer gave you. The license agreement comes next.")

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

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "agreement":
            self.action_continue()
        elif event.input.id == "key":
            self.check_key()
        else:
            self.focus_next()

    @flow
    async def check_key(self) -> None:
        """Move to the next field at once, so that keys typed next go there, and validate the key meanwhile."""
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
        """Validate all fields and close the form with the key."""
        key = await self._validated_key()
        if key is None:
            return
        try:
            new = self._new_key(key)
            await self.call_service(lambda: self._session.office.keys.check_fields(new.fields), group="fields")
        except InvalidInput as error:
            self.show_problem(error)
            self._focus_field(error.field)
            return
        if new.fields.agreement_since is None and not await self._confirm_missing_agreement():
            self.query_one(KeyFieldsForm).focus_field("agreement")
            return
        self.dismiss(new)

    @flow
    async def action_back(self) -> None:
        """Close the form, after a confirmation if anything was typed."""
        if self.unsaved:
            question = Question("Leave?", ["What was typed here will be gone."], Answer("ctrl+y", "Leave", "leave"))
            if await self.app.push_screen_wait(question) is None:
                return
        self.dismiss(None)

    async def _validated_key(self, *, focus_on_error: bool = True) -> str | None:
        """Return the key if it can be added; otherwise display the reason and return None.

        Args:
            focus_on_error: Focus the field of the key if the key is not valid.
        """
        field = self.query_one("#key", KeyInput)
        if not await self._offer_part(field):
            field.focus()
            return None
        typed = field.value
        try:
            secret = await self.call_service(lambda: self._session.office.keys.check_new(typed), group="check")
        except InvalidInput as error:
            self.show_problem(error)
            if focus_on_error:
                field.focus()
            return None
        self.show_status("")
        return secret.reveal()

    async def _offer_part(self, field: KeyInput) -> bool:
        """Offer to use only the key if the field contains a whole header or a pair of keys.

        Returns:
            False if the user did not decide.
        """
        pasted = parse_paste(field.value)
        if pasted.kind is PastedKind.KEY or field.value == self._accepted_whole:
            return True
        answers = [Answer("ctrl+y", "Use the part after the slash", "part")]
        if pasted.kind is PastedKind.PAIR:
            answers.append(Answer("ctrl+o", "Use the whole text", "whole"))
        question = Question(
            "More than a key",
            [
                f"This looks like {pasted.kind.value}.",
                "",
                "Only the customer key, the part after the slash, belongs here. It would be:",
                f"  {pasted.key}",
            ],
            *answers,
        )
        choice = await self.app.push_screen_wait(question)
        if choice == "part":
            field.value = pasted.key
        elif choice == "whole":
            self._accepted_whole = field.value
        return choice is not None

    def _new_key(self, key: str) -> NewKey:
        from core.base.secret import Secret

        developer = self._developer
        if self._keeps_contacts and not developer:
            raise InvalidInput("developer", "Please enter the developer's name.")
        return NewKey(Secret(key), developer, self.query_one(KeyFieldsForm).typed)

    def _focus_field(self, name: str) -> None:
        if name == "developer":
            self.query_one("#developer").focus()
        else:
            self.query_one(KeyFieldsForm).focus_field(name)

    async def _confirm_missing_agreement(self) -> bool:
        question = Question(
            "Without an agreement?",
            _AGREEMENT_WARNING,
            Answer("ctrl+y", "Go on without one", "without"),
            cancel="Back to the date",
        )
        return await self.app.push_screen_wait(question) is not None
