"""The command palette. Imported when it is opened, since few starts need it."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette


class Palette(CommandPalette):
    """Textual's command palette, which ignores keys for a list that isn't drawn yet."""

    def _action_command_list(self, action: str) -> None:
        # Textual has no public hook for this. Its list looks up lines that it computes when it is laid out: a key that
        # comes between the first result and its picture would end the program (KeyError).
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
