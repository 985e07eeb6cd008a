"""Text fields that handle secrets, pasted keys and control characters safely."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from tui.widgets.safe_text import sanitize_same_length

MAX_LENGTH = 10_000
"""The default maximum length. It keeps a whole file pasted by mistake from freezing the screen."""


class PlainInput(Input):
    """A text field of one line, without a blinking cursor and without suggestions.

    Args:
        value: The initial value.
        placeholder: The text that is displayed while the field is empty.
        password: Display dots instead of the value.
        max_length: The maximum number of characters; 0 for `MAX_LENGTH`.
        restrict: A regular expression that the value must match while typing.
        select_on_focus: Select the value when the field gets focus, so that typing replaces it.
    """

    class LinesLeftOut(Message):
        """Posted when a pasted text had more lines than the one that was inserted.

        Args:
            count: The number of those that aren't blank.
        """

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        max_length: int = 0,
        restrict: str | None = None,
        select_on_focus: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            value,
            placeholder,
            password=password,
            max_length=max_length or MAX_LENGTH,
            restrict=restrict,
            select_on_focus=select_on_focus,
            id=id,
            classes=classes,
            disabled=disabled,
        )
        self.cursor_blink = False

    def validate(self, value: str) -> None:
        """Do nothing: values are checked where they are saved. Textual would mark each as valid, and style it anew."""

    def render_line(self, y: int) -> Strip:
        """Draw the field underlined over its whole width, so that an empty field without focus is visible."""
        strip = super().render_line(y)
        style = self.rich_style + Style(underline=True)
        return strip.extend_cell_length(self.size.width, style).apply_style(Style(underline=True))

    @property
    def _value(self) -> Text:
        # Textual draws the value unchanged, including control characters. This private property is the only hook for
        # drawing another text.
        return (
            super()._value
            if self.password
            else Text(sanitize_same_length(self.value), no_wrap=True, overflow="ignore", end="")
        )

    def clean_paste(self, text: str) -> str:
        """Return the part of a pasted text to insert: the first line that is not blank, without control characters."""
        lines = (line.strip() for line in text.splitlines())
        return _printable(next((line for line in lines if line), ""))

    def count_left_out(self, text: str) -> int:
        """Return the number of lines of a pasted text that `clean_paste` leaves out, without blank ones."""
        return max(0, sum(bool(line.strip()) for line in text.splitlines()) - 1)

    def on_paste(self, event: events.Paste) -> None:
        """Insert the cleaned text, instead of the text that `Input` would insert."""
        event.stop()
        event.prevent_default()  # else Textual also calls the handler of Input
        self._insert_paste(event.text)

    def action_paste(self) -> None:
        """Paste the text that this program itself sent to the clipboard."""
        self._insert_paste(self.app.clipboard)

    def _insert_paste(self, text: str) -> None:
        cleaned = self.clean_paste(text)
        if cleaned:
            self.replace(cleaned, *sorted(self.selection))
        left_out = self.count_left_out(text)
        if left_out:
            # After the message that the text changed, since that may clear the status line.
            self.post_message(self.LinesLeftOut(left_out))


class SecretInput(PlainInput):
    """A password field. Its value can't be copied and does not appear in the repr of its messages."""

    class Changed(Input.Changed, namespace="input"):
        """Posted when the value changed. The repr omits the value."""

        def __repr__(self) -> str:
            return "SecretInput.Changed()"

    class Submitted(Input.Submitted, namespace="input"):
        """Posted when Enter was pressed. The repr omits the value."""

        def __repr__(self) -> str:
            return "SecretInput.Submitted()"

    class Blurred(Input.Blurred, namespace="input"):
        """Posted when the field lost focus. The repr omits the value."""

        def __repr__(self) -> str:
            return "SecretInput.Blurred()"

    def __init__(
        self,
        *,
        placeholder: str = "",
        max_length: int = 0,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            placeholder=placeholder,
            password=True,
            max_length=max_length,
            id=id,
            classes=classes,
            disabled=disabled,
        )

    @property
    def allow_select(self) -> bool:
        """Always False: mouse selection can't copy the value."""
        return False

    def clean_paste(self, text: str) -> str:
        """Return the whole first line, with leading and trailing spaces, because a password may have them."""
        return _printable(text.splitlines()[0] if text else "")

    def count_left_out(self, text: str) -> int:
        """Return the number of lines after the first one, without blank ones."""
        return sum(bool(line.strip()) for line in text.splitlines()[1:])

    def action_copy(self) -> None:
        """Do nothing: every program can read the clipboard."""

    def action_cut(self) -> None:
        """Do nothing, for the same reason."""

    def action_paste(self) -> None:
        """Do nothing: this program's clipboard never contains a password."""


class KeyInput(PlainInput):
    """A field for an API key, which is often copied with more text around it."""

    def clean_paste(self, text: str) -> str:
        """Return the whole text in one line.

        Tabs and line breaks become spaces, and an invisible character becomes a replacement character. No key has it
        inside; around a key it is ignored.
        """
        joined = " ".join(text.split())
        return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in joined)

    def count_left_out(self, text: str) -> int:  # noqa: ARG002 - as for every field
        """Return 0: nothing is left out."""
        return 0


def _printable(text: str) -> str:
    """Remove invisible characters, such as control characters and direction marks."""
    return "".join(character for character in text if character.isprintable())
