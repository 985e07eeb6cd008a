"""Drawing a screen that another one covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.screen import ModalScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    _Screen = Screen[Any]
else:
    _Screen = object


class CoverableScreen(_Screen):
    """A screen that is drawn once for each change while another screen covers it.

    Textual 8.2 draws it again sixty times a second from its first change on, since a screen without a background of its
    own counts as seen through, and drawing it marks it as changed. An answer that comes late, such as the use of keys,
    would keep a slow line busy until the screen above is closed.
    """

    def _compositor_refresh(self) -> None:
        if self is self.app.screen:
            super()._compositor_refresh()
            return
        changed = list(self._compositor._dirty_regions)
        self._compositor._dirty_regions.clear()
        self._dirty_widgets.clear()
        if changed and self._is_seen:
            # The screen on top is drawn together with what is seen around it.
            self.app.screen.refresh(*changed)

    @property
    def _is_seen(self) -> bool:
        """True if there are only dialogs above. A full-size screen hides it, and leaving that one draws it again."""
        stack = self.app.screen_stack
        return self in stack and all(isinstance(each, ModalScreen) for each in stack[stack.index(self) + 1 :])
