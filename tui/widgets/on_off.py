"""A setting that is on or off, readable without colour."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox


class OnOff(Checkbox):
    """Shows `[x] on` or `[ ] off`; Textual's own shows the same cross in another colour."""

    def __init__(self, *, id: str | None = None, disabled: bool = False) -> None:  # noqa: A002 - Textual's name
        super().__init__("", compact=True, id=id, disabled=disabled)

    @property
    def _button(self) -> Content:
        return Content("[x] on " if self.value else "[ ] off")
