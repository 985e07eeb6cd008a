"""The base of the screens of an open office: undoes the last change, and withholds changes if it is read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual import events

from core.opendental.key_status import KeyStatus
from tui.bindings import key, keys
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.session import Session

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
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
"""The actions that write to the practice, or prepare for it. A read-only session isn't offered them."""
_ONLY_IN_COMPANION = frozenset({"former_names"})
"""Those of them that write to the companion alone, so that they only need the permission Setup."""


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
        """Disable undoing until the office is open, and all changes in a read-only session."""
        if action == "undo_last" and self.session is None:
            return False
        return not self._is_withheld(action) and super().check_action(action, parameters)

    @property
    def help_keys(self) -> tuple[str, ...]:
        """The ids of the keys that the help lists; in a read-only session, without changes."""
        return tuple(id_ for id_ in super().help_keys if not self._is_withheld(key(id_).action))

    def _is_withheld(self, action: str) -> bool:
        if self.session is None or action not in CHANGES:
            return False
        may = self.session.signed_in.has_setup if action in _ONLY_IN_COMPANION else self.session.may_change
        return not may

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing that is only withheld because the session is read-only."""
        withheld = {name for each in keys(self.KEYS) if self._is_withheld(each.action) for name in each.keys.split(",")}
        if event.key in withheld and event.key not in self.active_bindings:
            self.show_status(f"Read-only: {self.open_session.read_only_reason}", "problem")

    def is_useful(self, key: Key) -> bool:
        """Leave undoing out of the key bar while there is nothing to undo."""
        if key.action == "undo_last" and self.session is not None:
            return self.session.office.can_undo_last(self.session.actor)
        return super().is_useful(key)

    def is_allowed(self, key: Key, api_key: ApiKey) -> bool:
        """Return False if a key of the keyboard changes a status to one that an API key can't have now, or has."""
        status = {"disable": KeyStatus.DISABLED_BY_CUSTOMER, "enable": KeyStatus.ENABLED}.get(key.action)
        return status is None or not self.open_session.office.keys.status_refusal(api_key, status)

    @flow
    async def action_undo_last(self) -> None:
        """Undo the last change of this session, after a question that describes it."""
        from tui.flows.undo import undo_last_change

        if await undo_last_change(self, self.open_session):
            self.show_practice_again()

    def show_practice_again(self) -> None:
        """Load what an undo may have changed; unsaved input is kept."""
