"""A question with a few answers, each with a key of its own."""

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
    """One answer that does something; the one that does nothing is always there, as Cancel."""

    key: str
    """A single letter, other than the key that asked."""
    label: str
    value: str


class Question(TextModal[str]):
    """Asks before something is done; gives the value of the answer, or None. Focus is on Cancel.

    Args:
        title: What is asked about.
        lines: What the admin has to know to decide.
        answers: The answers that do something.
        cancel: What the button is called that does nothing.
    """

    CSS_PATH = "question.tcss"

    def __init__(self, title: str, lines: list[str], *answers: Answer, cancel: str = "Cancel") -> None:
        super().__init__(title, lines, len(answers))
        self._answers = answers
        self._cancel = cancel

    def compose_answers(self) -> ComposeResult:
        """Make the buttons."""
        with Vertical(id="answers"):
            yield Button(Content(f"Esc {self._cancel}"), id="cancel", compact=True)
            for number, answer in enumerate(self._answers):
                yield Button(Content(f"{answer.key} {answer.label}"), id=f"answer-{number}", compact=True)

    def on_key(self, event: events.Key) -> None:
        """Take the key of an answer, or go to the button beside."""
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
        """The keys of the answers."""
        return [f"  {answer.key:<18} {answer.label}." for answer in self._answers]

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        values = {f"answer-{number}": answer.value for number, answer in enumerate(self._answers)}
        self.dismiss(values.get(event.button.id or ""))
