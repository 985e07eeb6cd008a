"""A dialog that makes several changes one after the other, and shows the result of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.base.errors import (
    AlreadyApplied,
    ApiSetupError,
    EditConflict,
    HeadquartersRefused,
    InvalidInput,
    OperationNotAllowed,
)
from tui.platform.base_modal import BaseModal
from tui.platform.workers import flow
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.key_definition import Key

_OTHER_LINES = 8
"""The lines of the dialog that are not text: the frame, the status line, the keys and the room around it."""
_CONCERNS_ONE = (EditConflict, HeadquartersRefused, InvalidInput, OperationNotAllowed)
"""The errors that say nothing about the changes that follow."""
_LOOK_FIRST = "Close this to see what it is now."


@dataclass(frozen=True)
class ChangeDone:
    """The result of a change that was made."""

    sentence: str
    consequences: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeriesChange:
    """One change of a series."""

    name: str
    make: Callable[[], ChangeDone]
    """Makes the change; called in a thread."""


@dataclass(frozen=True)
class SeriesResult:
    """The outcome of one change of a series: made, failed, or neither if it wasn't tried."""

    done: ChangeDone | None = None
    error: ApiSetupError | None = None


class ChangeSeries(BaseModal[tuple[SeriesResult, ...]]):
    """Makes changes in turn. Its result is that of each change, in the same order.

    Escape stops before the next change. An error that would befall the others too stops the series.

    Args:
        title: The title of the dialog.
        changes: The changes.
    """

    CSS_PATH = "change_series.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("close-series", "stop-series", "scroll-down")

    def __init__(self, title: str, changes: Sequence[SeriesChange]) -> None:
        super().__init__(title)
        self._changes = tuple(changes)
        self._results = [SeriesResult()] * len(changes)
        self._current: int | None = None
        self._stopped = False

    def compose_body(self) -> ComposeResult:
        """Compose the list of changes."""
        yield TextLines(id="changes")

    def on_mount(self) -> None:
        """Start with the first change."""
        self.query_one(TextLines).focus()
        self.run_series()

    def on_resize(self) -> None:
        """Make the list as high as it needs to be, if the terminal is high enough."""
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable closing the dialog until the series is over."""
        if action == "close":
            return not self.in_flow
        return super().check_action(action, parameters)

    def is_useful(self, key: Key) -> bool:
        """Leave out of the key bar what would do nothing: stopping after the end, and scrolling a text that fits."""
        if key.id == "scroll-down":
            return self.query_one(TextLines).overflows
        return key.id != "stop-series" or self.in_flow

    @flow
    async def run_series(self) -> None:
        """Make the changes."""
        for index, change in enumerate(self._changes):
            if self._stopped:
                break
            self._current = index
            self._show()
            self.show_status(f"{index + 1} of {len(self._changes)}. Esc stops after this one.")
            try:
                self._results[index] = SeriesResult(done=await self.commit(change.make))
            except AlreadyApplied as error:
                self._results[index] = SeriesResult(done=ChangeDone(error.sentence))
            except ApiSetupError as error:
                self.terminal_app.record_problem(error)
                self._results[index] = SeriesResult(error=error)
                self._stopped = not isinstance(error, _CONCERNS_ONE)
        self._current = None
        self._show()
        done = sum(result.done is not None for result in self._results)
        self.show_status(f"{done} of {len(self._changes)} done.", "ok" if done == len(self._changes) else "problem")
        # After this flow, since closing waits for it.
        self.call_after_refresh(self.refresh_bindings)

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(tuple(self._results))

    def action_back(self) -> None:
        """Stop before the next change, or close the dialog when the series is over."""
        if not self.in_flow:
            self.action_close()
            return
        self._stopped = True
        self.show_status("Stopping after this change…")

    # -- the text ------------------------------------------------------------------

    def _show(self) -> None:
        lines = [line for index in range(len(self._changes)) for line in self._lines_of(index)]
        if self._current is None:
            lines += self._consequences()
        texts = self.query_one(TextLines)
        texts.show(lines)
        width = max(1, texts.size.width)
        needed = sum(len(line.wrapped(width)) for line in lines)
        texts.styles.height = max(1, min(needed, self.size.height - _OTHER_LINES))

    def _lines_of(self, index: int) -> list[Line]:
        name, result = self._changes[index].name, self._results[index]
        mark, tone, text = self._state(index, result)
        lines = [safe_line((f"{mark} ", tone), (name, "strong"), (f"  {text}", "normal"), indent=2)]
        if result.error is not None:
            lines.append(safe_line(("  ", "normal"), (_text_of(result.error), "alert"), indent=2))
        return lines

    def _state(self, index: int, result: SeriesResult) -> tuple[str, Tone, str]:
        """Return the mark of a change, the mark's tone, and the state in words."""
        if result.done is not None:
            return "✓", "good", "done"
        if result.error is not None:
            return "!", "alert", "failed"
        if index == self._current:
            return "…", "accent", "in progress"
        return ("–", "warning", "not tried") if self._current is None else ("·", "dim", "waiting")

    def _consequences(self) -> list[Line]:
        """Return what follows from the changes, each sentence once."""
        done = (result.done for result in self._results if result.done is not None)
        sentences = dict.fromkeys(sentence for each in done for sentence in each.consequences)
        return [line for each in sentences for line in (safe_line(("", "normal")), safe_line((each, "normal")))]


def _text_of(error: ApiSetupError) -> str:
    """Return why a change failed, and what to do, which isn't to choose between values as with a single change."""
    return f"{error.sentence} {_LOOK_FIRST}" if isinstance(error, EditConflict) else str(error)
