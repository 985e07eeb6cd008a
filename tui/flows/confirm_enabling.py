"""The confirmation of whatever enables or removes a key: typing the end of the key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import InvalidInput
from tui.modals.prompt import Prompt

if TYPE_CHECKING:
    from tui.platform.base_screen import BaseScreen


async def confirm_enabling(screen: BaseScreen[Any], title: str, lines: Sequence[str], ending: str) -> bool:
    """Ask for the end of a key, so that a routine of keys never lets a developer in again. Call it from a flow.

    Args:
        screen: The screen that the dialog opens above.
        title: The title of the dialog.
        lines: What will happen.
        ending: The end of the key that must be typed, as in `ApiKey.ending`.

    Returns:
        False if the admin cancelled.
    """
    return await confirm_with_ending(screen, title, lines, ending, "Enable")


async def confirm_with_ending(
    screen: BaseScreen[Any], title: str, lines: Sequence[str], ending: str, verb: str
) -> bool:
    """Ask for the end of a key before something that is hard to take back. Call it from a flow.

    Args:
        screen: The screen that the dialog opens above.
        title: The title of the dialog.
        lines: What will happen.
        ending: The end of the key that must be typed, as in `ApiKey.ending`.
        verb: What the button does.

    Returns:
        False if the admin cancelled.
    """
    by_fingerprint = ending.startswith("#")
    what = "short fingerprint" if by_fingerprint else "last four characters"
    lines = [*lines, "", f"Type the key's {what}{f', {ending},' if by_fingerprint else ''} to confirm:"]
    require = partial(_require_ending, ending, what)
    prompt = Prompt(title, lines, "", require, verb=verb, key="ctrl+y", placeholder=f"the key's {what}")
    return await screen.app.push_screen_wait(prompt) is not None


def _require_ending(ending: str, what: str, typed: str) -> str:
    given = typed.strip()
    if given != ending and f"#{given.removeprefix('#').lower()}" != ending:
        raise InvalidInput(
            "ending", f"Not the key's {what}.", "Nothing was changed. Try again, or press Esc to cancel."
        )
    return ending


async def confirm_with_count(screen: BaseScreen[Any], title: str, lines: Sequence[str], count: int, verb: str) -> bool:
    """Ask for the number of keys before several of them are enabled at once. Call it from a flow.

    Args:
        screen: The screen that the dialog opens above.
        title: The title of the dialog.
        lines: What will happen.
        count: The number that must be typed.
        verb: What the button does.

    Returns:
        False if the admin cancelled.
    """
    lines = [*lines, "", f"Type {count}, the number of these keys, to confirm:"]
    require = partial(_require_count, count)
    prompt = Prompt(title, lines, "", require, verb=verb, key="ctrl+y", placeholder="the number of keys")
    return await screen.app.push_screen_wait(prompt) is not None


def _require_count(count: int, typed: str) -> int:
    if typed.strip() != str(count):
        raise InvalidInput(
            "count", f"Not {count}, the number of keys.", "Nothing was changed. Try again, or press Esc to cancel."
        )
    return count
