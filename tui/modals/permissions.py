"""A dialog for choosing the permissions of a key."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Input, Static

from core.opendental.api_permissions import API_PERMISSIONS, ApiPermission, PermissionGroup, describe_permission
from tui.bindings import bindings
from tui.modals.question import Answer, Question
from tui.platform.base_modal import BaseModal
from tui.platform.workers import flow
from tui.widgets.inputs import PlainInput
from tui.widgets.row_list import RowList
from tui.widgets.rows import UNLIMITED, Column, Row
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from textual.app import ComposeResult
    from textual.binding import BindingType


class PermissionChoice(BaseModal[tuple[str, ...]]):
    """A list of permissions by group. Its result is the chosen ones in Open Dental's order, or None after Escape.

    Args:
        chosen: The initially chosen permissions. Unknown names are kept and listed too.
    """

    CSS_PATH = "permissions.tcss"
    KEYS = (
        "choose-permission",
        "save-choice",
        "choose-all",
        "choose-none",
        "filter-permissions",
        "back",
        "help",
    )

    def __init__(self, chosen: tuple[str, ...]) -> None:
        super().__init__("Permissions")
        self._initial = frozenset(chosen)
        self._chosen = set(chosen)
        self._names = (*API_PERMISSIONS, *(name for name in chosen if name not in API_PERMISSIONS))
        order = list(PermissionGroup)
        by_group = sorted(map(describe_permission, self._names), key=lambda each: order.index(each.group))
        self._permissions = tuple(by_group)

    def compose_body(self) -> ComposeResult:
        """Compose the filter, the list and the explanation of the permission under the cursor."""
        yield PlainInput(id="permission-filter", placeholder="name or description")
        yield _ChoiceList(
            Column("", 3),
            Column("Permission", 22, min_width=19),
            Column("Allows a key to", 30, max_width=UNLIMITED),
            empty="No permission matches. Press Esc to show all.",
        )
        yield Static("", id="explanation", markup=False)

    def on_mount(self) -> None:
        """Fill the list, with the cursor on the first permission."""
        self._filter.display = False
        self._show_rows()
        rows = self.query_one(RowList)
        rows.cursor = 1
        rows.focus()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The permissions, if any was toggled."""
        return ("the permissions of the key",) if self._chosen != self._initial else ()

    def action_choose_permission(self) -> None:
        """Toggle the permission under the cursor, or all of the group whose heading is there."""
        row = self.query_one(RowList).row
        if row is None:
            return
        if isinstance(row.identity, PermissionGroup):
            names = {each.name for each in self._matching() if each.group is row.identity}
            self._choose(names, chosen=not names <= self._chosen)
        else:
            name = str(row.identity)
            self._choose({name}, chosen=name not in self._chosen)

    def action_choose_all(self) -> None:
        """Choose all permissions that the filter shows."""
        self._choose({each.name for each in self._matching()}, chosen=True)

    def action_choose_none(self) -> None:
        """Drop all permissions that the filter shows."""
        self._choose({each.name for each in self._matching()}, chosen=False)

    def action_save(self) -> None:
        """Close the dialog with the chosen permissions."""
        self.dismiss(tuple(name for name in self._names if name in self._chosen))

    def action_filter(self) -> None:
        """Open the filter."""
        self._filter.display = True
        # `set_focus` takes effect at once, so keys that are typed next go to the filter.
        self.set_focus(self._filter)

    def action_back(self) -> None:
        """Close the filter, or else the dialog, after a question if a permission was toggled."""
        if self._filter.display:
            self._end_filter()
        else:
            self.leave()

    @flow
    async def leave(self) -> None:
        """Close the dialog without a choice; ask first if a permission was toggled."""
        if self.unsaved:
            answer = Answer("ctrl+y", "Discard", "discard")
            question = Question("Discard what you toggled?", self._changes(), answer, cancel="Back")
            if await self.app.push_screen_wait(question) is None:
                return
        self.dismiss(None)

    # -- the filter --------------------------------------------------------------

    @property
    def _filter(self) -> PlainInput:
        return self.query_one("#permission-filter", PlainInput)

    def _end_filter(self) -> None:
        with self.prevent(Input.Changed):
            self._filter.value = ""
        self._filter.display = False
        self._show_rows()
        self.query_one(RowList).focus()

    @on(Input.Changed)
    def _apply_filter(self) -> None:
        self._show_rows()
        # The heading of the first group comes before its first permission.
        self.query_one(RowList).cursor = 1

    @on(Input.Submitted)
    def _focus_list(self) -> None:
        self.query_one(RowList).focus()

    def _matching(self) -> list[ApiPermission]:
        words = self._filter.value.casefold().split()
        return [each for each in self._permissions if all(word in _searchable_text(each) for word in words)]

    # -- the list ----------------------------------------------------------------

    def _choose(self, names: set[str], *, chosen: bool) -> None:
        self._chosen = self._chosen | names if chosen else self._chosen - names
        self._show_rows()

    def _show_rows(self) -> None:
        self.query_one(RowList).show(self._rows(self._matching()))
        self._show_explanation()

    def _rows(self, matching: Iterable[ApiPermission]) -> Iterator[Row]:
        for group, members in groupby(matching, key=lambda each: each.group):
            permissions = list(members)
            chosen = sum(each.name in self._chosen for each in permissions)
            count = f"{chosen} of {len(permissions)} chosen"
            yield Row(("", group.value.upper(), count), identity=group, tone="dim")
            for each in permissions:
                yield self._row(each)

    def _row(self, permission: ApiPermission) -> Row:
        mark = "[x]" if permission.name in self._chosen else "[ ]"
        allows = f"! {permission.risk}" if permission.risk else permission.explanation.rstrip(".")
        return Row(
            (mark, permission.name, allows), identity=permission.name, tone="alert" if permission.risk else "normal"
        )

    @on(RowList.Highlighted)
    def _show_explanation(self) -> None:
        row = self.query_one(RowList).row
        self.query_one("#explanation", Static).update(self._explanation(row) if row else "")

    def _explanation(self, row: Row) -> str:
        if isinstance(row.identity, PermissionGroup):
            return "Press Space to select all of this group, or none."
        permission = describe_permission(str(row.identity))
        risk = f"! Risky: it {permission.risk}. " if permission.risk else ""
        return f"{risk}{sanitize(permission.name)}: {permission.explanation}"

    def _changes(self) -> list[str]:
        added = [name for name in self._names if name in self._chosen - self._initial]
        removed = [name for name in self._names if name in self._initial - self._chosen]
        lines = [f"Added: {', '.join(added)}."] if added else []
        return [*lines, *([f"Removed: {', '.join(removed)}."] if removed else [])]


def _searchable_text(permission: ApiPermission) -> str:
    texts = (permission.name, permission.group.value, permission.explanation, permission.risk)
    return " ".join(texts).casefold()


class _ChoiceList(RowList):
    """A list in which Space and Enter toggle a permission. In other lists Space scrolls by a page."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("choose-permission")
