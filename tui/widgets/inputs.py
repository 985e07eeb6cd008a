"""Text fields: compact, without blinking, and careful with secrets and pasted keys."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual import events
from textual.strip import Strip
from textual.widgets import Input

from tui.widgets.safe_text import same_length_visible

MAX_LENGTH = 10_000
"""No field of ours needs more; a whole file pasted by mistake shall not freeze the screen."""


class PlainInput(Input):
    """A text field of one line that does not blink and suggests nothing.

    Args:
        value: What it holds first.
        placeholder: What it shows while empty.
        password: Show dots instead of what it holds.
        max_length: The most characters it takes; 0 for the usual limit.
        restrict: A regular expression that the value must match while typing.
        select_on_focus: Whether its text is selected when it gets focus, so that typing replaces it.
    """

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
            compact=True,
            id=id,
            classes=classes,
            disabled=disabled,
        )
        self.cursor_blink = False

    def render_line(self, y: int) -> Strip:
        """Draw the field underlined in its whole width, so that an empty one can be seen without focus."""
        strip = super().render_line(y)
        style = self.rich_style + Style(underline=True)
        return strip.extend_cell_length(self.size.width, style).apply_style(Style(underline=True))

    @property
    def _value(self) -> Text:
        # Textual draws what the field holds as it is, control characters and all.
        return (
            super()._value
            if self.password
            else Text(same_length_visible(self.value), no_wrap=True, overflow="ignore", end="")
        )

    def pasted(self, text: str) -> str:
        """Say what is taken of a pasted text: its first line that is not blank, without control characters."""
        lines = (line.strip() for line in text.splitlines())
        return _printable(next((line for line in lines if line), ""))

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()  # else Textual calls the handler of Input as well
        self._take(event.text)

    def action_paste(self) -> None:
        """Paste what this program itself sent to the clipboard."""
        self._take(self.app.clipboard)

    def _take(self, text: str) -> None:
        taken = self.pasted(text)
        if taken:
            self.replace(taken, *sorted(self.selection))


class SecretInput(PlainInput):
    """A field for a password, whose text is neither shown nor copied, nor named by its messages."""

    class Changed(Input.Changed, namespace="input"):
        """The value changed; its text is not in the repr."""

        def __repr__(self) -> str:
            return "SecretInput.Changed()"

    class Submitted(Input.Submitted, namespace="input"):
        """Enter was pressed; its text is not in the repr."""

        def __repr__(self) -> str:
            return "SecretInput.Submitted()"

    class Blurred(Input.Blurred, namespace="input"):
        """Focus went elsewhere; its text is not in the repr."""

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
        """Whether the terminal-wide selection reaches in here: never."""
        return False

    def pasted(self, text: str) -> str:
        """Say what is taken of a pasted text: all of its first line, blanks too, because a password may have them."""
        return _printable(text.splitlines()[0] if text else "")

    def action_copy(self) -> None:
        """Copy nothing: a clipboard would show the secret to every program."""

    def action_cut(self) -> None:
        """Cut nothing, for the same reason."""

    def action_paste(self) -> None:
        """Paste nothing from this program, which holds no passwords."""


class KeyInput(PlainInput):
    """A field for an API key, which is often copied with blanks and line breaks around it."""

    def pasted(self, text: str) -> str:
        """Say what is taken of a pasted text: all of it, without blanks and line breaks around it.

        A line break inside becomes a blank, and what cannot be seen is marked instead of left out: such a text is no
        key - two of them, maybe - and shall be refused.
        """
        joined = " ".join(line.strip() for line in text.strip().splitlines())
        return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in joined)


def _printable(text: str) -> str:
    """Leave out what cannot be seen, such as control characters and direction marks."""
    return "".join(character for character in text if character.isprintable())
