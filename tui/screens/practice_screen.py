"""The base of the screens of an open office: undoes the last change of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tui.bindings import key
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.session import Session

if TYPE_CHECKING:
    from tui.key_definition import Key

T = TypeVar("T")

CHANGES = frozenset(
    {
        "add_key",
        "add_type",
        "adopt",
        "alphabetize",
        "ask_vendor",
        "choose_permissions",
        "delete",
        "disable",
        "edit_notes",
        "edit_type",
        "enable",
        "end",
        "end_review",
        "former_names",
        "hide",
        "keep",
        "match_copy",
        "move_down",
        "move_up",
        "remark",
        "remove_key",
        "resume",
        "reveal",
        "save",
        "seal",
        "select",
        "send_to_clipboard",
        "start_review",
        "undo",
        "undo_last",
        "unhide",
    }
)
"""The actions that write, or prepare for it. A user without the permission Setup isn't offered them."""


class PracticeScreen(BaseScreen[T]):
    """A screen of an open office. A subclass lists the key `undo-last` in its `KEYS`, and sets `session`."""

    session: Session | None = None
    """The open office and its user; None until it is open."""

    @property
    def open_session(self) -> Session:
        """The session, for actions that `check_action` disables until there is one."""
        assert self.session is not None  # noqa: S101 - see above
        return self.session

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable undoing until the office is open, and all changes for a user without the permission Setup."""
        if action == "undo_last" and self.session is None:
            return False
        return not self._is_withheld(action) and super().check_action(action, parameters)

    @property
    def help_keys(self) -> tuple[str, ...]:
        """The ids of the keys that the help lists; for a user without the permission Setup, without changes."""
        return tuple(id_ for id_ in super().help_keys if not self._is_withheld(key(id_).action))

    def _is_withheld(self, action: str) -> bool:
        return self.session is not None and not self.session.signed_in.has_setup and action in CHANGES

    def is_useful(self, key: Key) -> bool:
        """Leave undoing out of the key bar while there is nothing to undo."""
        if key.action == "undo_last" and self.session is not None:
            return self.session.office.can_undo_last(self.session.actor)
        return super().is_useful(key)

    @flow
    async def action_undo_last(self) -> None:
        """Undo the last change of this session, after a question that describes it."""
        from tui.flows.undo import undo_last_change

        if await undo_last_change(self, self.open_session):
            self.show_practice_again()

    def show_practice_again(self) -> None:
        """Load what an undo may have changed; unsaved input is kept."""
