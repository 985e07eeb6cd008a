"""A dialog that asks for a decision. Each answer has its own key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button

from tui.bindings import key
from tui.key_names import display
from tui.modals.text_modal import TextModal
from tui.platform.key_help import KeyHelp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult


_ALWAYS = key("lock").keys.split(",")
"""Keys that work above every question, since they answer none."""


@dataclass(frozen=True)
class Answer:
    """An answer that does something. Every question also has an answer that does nothing: Cancel."""

    key: str
    """The key, in Textual's notation.

    A Ctrl+letter if the answer changes or discards something, because text that is pasted or typed by mistake contains
    none. A letter if it only selects what is shown. It must differ from the key that opens the question.
    """
    label: str
    """The text of the button."""
    value: str
    """The result of the question."""


class Question(TextModal[str]):
    """Asks before an action. Its result is the value of the chosen answer, or None for Cancel, which has the focus.

    A question with a Ctrl+letter guards against keys that nobody meant to press: letters and Tab do nothing in it, and
    an answer that arrives in a burst, or before the question could be read, is ignored, whether by key or by mouse.

    Args:
        title: The title of the dialog.
        lines: The information that the decision needs.
        answers: The answers that do something.
        cancel: The text of the button that does nothing.
    """

    CSS_PATH = "question.tcss"

    def __init__(self, title: str, lines: list[str], *answers: Answer, cancel: str = "Cancel") -> None:
        super().__init__(title, lines, len(answers))
        self._answers = answers
        self._cancel = cancel
        self._guarded = any(answer.key.startswith("ctrl+") for answer in answers)

    def compose_answers(self) -> ComposeResult:
        """Compose the buttons."""
        with Vertical(id="answers"):
            yield Button(Content(f"Esc {self._cancel}"), id="cancel", compact=True)
            for number, answer in enumerate(self._answers):
                yield Button(Content(f"{display(answer.key)} {answer.label}"), id=f"answer-{number}", compact=True)

    async def on_key(self, event: events.Key) -> None:
        """Choose the answer of a key. The arrow keys move the focus between the buttons."""
        answer = self._answer_of(event)
        if answer is not None:
            event.stop()
            await self._choose(answer, event)
        elif event.key in ("left", "up"):
            self.focus_previous()
        elif event.key in ("right", "down"):
            self.focus_next()
        elif self._guarded and _occurs_in_text(event) and event.key not in _ALWAYS:
            event.stop()
            self.show_status(self._hint)

    def _answer_of(self, event: events.Key) -> Answer | None:
        if event.key in ("enter", "space"):
            return self._answers_by_id.get(self.focused.id or "") if self.focused else None
        return next((answer for answer in self._answers if answer.key == event.key), None)

    async def _choose(self, answer: Answer, event: events.Key) -> None:
        if self._guarded and not await self.is_deliberate(event):
            self.show_status(f"Key ignored: it came too fast. {self._hint}")
            return
        self.dismiss(answer.value)

    @property
    def _hint(self) -> str:
        keys = " or ".join(display(answer.key) for answer in self._answers)
        return f"Press {keys} to confirm, Esc to cancel."

    @property
    def _answers_by_id(self) -> dict[str, Answer]:
        return {f"answer-{number}": answer for number, answer in enumerate(self._answers)}

    @property
    def own_help(self) -> tuple[KeyHelp, ...]:
        """The keys of the answers, for the help."""
        answers = tuple(KeyHelp(display(answer.key), f"{answer.label}.") for answer in self._answers)
        return (*answers, KeyHelp(display("escape"), f"{self._cancel}. Nothing is changed."))

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        """Choose the answer of a button that was clicked. Enter on a button comes as a key."""
        answer = self._answers_by_id.get(event.button.id or "")
        if answer and self._guarded and not await self.is_deliberate_click():
            self.show_status(f"Click ignored: it came too fast. {self._hint}")
            return
        self.dismiss(answer.value if answer else None)


def discard_question(unsaved: Sequence[str]) -> Question:
    """Return the question that asks whether to discard unsaved input; its answer is None for no."""
    lines = [f"Unsaved changes: {', '.join(unsaved)}."]
    return Question("Discard your changes?", lines, Answer("ctrl+y", "Discard", "discard"), cancel="Back")


def _occurs_in_text(event: events.Key) -> bool:
    """Return True for a letter, a digit and Tab. Other characters keep their meaning, such as `?` for the help."""
    return event.key in ("tab", "shift+tab") or bool(event.character and event.character.isalnum())
