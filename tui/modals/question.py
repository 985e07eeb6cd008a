"""A dialog that asks for a decision. Each answer has its own key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button

from tui.modals.text_modal import TextModal

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult


@dataclass(frozen=True)
class Answer:
    """An answer that does something. Every question also has an answer that does nothing: Cancel."""

    key: str
    """A single letter. It must differ from the key that opens the question."""
    label: str
    """The text of the button."""
    value: str
    """The result of the question."""


class Question(TextModal[str]):
    """Asks before an action. Its result is the value of the chosen answer, or None for Cancel, which has the focus.

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

    def compose_answers(self) -> ComposeResult:
        """Compose the buttons."""
        with Vertical(id="answers"):
            yield Button(Content(f"Esc {self._cancel}"), id="cancel", compact=True)
            for number, answer in enumerate(self._answers):
                yield Button(Content(f"{answer.key} {answer.label}"), id=f"answer-{number}", compact=True)

    def on_key(self, event: events.Key) -> None:
        """Choose the answer of a key. The arrow keys move the focus between the buttons."""
        for answer in self._answers:
            if event.key == answer.key:
                event.stop()
                self.dismiss(answer.value)
        if event.key in ("left", "up"):
            self.focus_previous()
        elif event.key in ("right", "down"):
            self.focus_next()

    @property
    def help_lines(self) -> list[str]:
        """The keys of the answers, as lines of the help screen."""
        return [f"  {answer.key:<18} {answer.label}." for answer in self._answers]

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        values_by_id = {f"answer-{number}": answer.value for number, answer in enumerate(self._answers)}
        self.dismiss(values_by_id.get(event.button.id or ""))
