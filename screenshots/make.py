"""Make the pictures of the README from the demo practice: `.venv/bin/python screenshots/make.py`.

Clock, random numbers and names are fixed, so the same program makes the same pictures everywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from textual.pilot import Pilot
from textual.screen import Screen

from core.base.runtime import RuntimeContext
from core.database.address import FileAddress
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.paths import Paths
from tui.app import ApisetupApp
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.license import LicenseScreen
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.verification import VerificationScreen
from tui.widgets.inputs import PlainInput
from tui.widgets.row_list import RowList

PICTURES = Path(__file__).parent
NOW = datetime(2024, 11, 6, 14, 30, 15)
KEY = "Kq7mZt4xWb9sLp2D"
"""Invented, and opens nothing; no picture shows it."""

_MOST_PAUSES = 2_000

ThisPilot = Pilot[None]


def main() -> None:
    """Make all pictures."""
    with TemporaryDirectory() as directory, contextlib.chdir(directory):
        file = Path("demo.sqlite3")
        runtime = RuntimeContext(clock=lambda: NOW, random=Random(7), computer="server-1", account="office")  # noqa: S311 - pictures need no secrecy
        context = LaunchContext(runtime, Paths(Path("config.toml"), Path("debug.log")))
        request = OpenRequest(ConfiguredOffice("", FileAddress(file)), context, demo=True)
        pictures = asyncio.run(_pictures(ApisetupApp(request)))
    for name, picture in pictures.items():
        if KEY in picture:
            raise SystemExit(f"{name} shows a key.")
        (PICTURES / name).write_text(picture, encoding="utf-8")
        print(PICTURES.name + os.sep + name)


async def _pictures(app: ApisetupApp) -> dict[str, str]:
    """Walk through the main job, and take a picture of each screen."""
    found: dict[str, str] = {}
    async with app.run_test(size=(80, 24)) as pilot:

        async def take(name: str) -> None:
            await pilot.pause()
            found[f"{name}.svg"] = app.export_screenshot(title="apisetup")

        await _until(pilot, lambda: _listed(app.screen) == 12)
        await pilot.press(*["down"] * 6)
        await take("api-setup")
        await pilot.press("e")
        await _until(pilot, lambda: isinstance(app.screen, EditKeyScreen) and _listed(app.screen) > 0)
        await take("edit")
        await _back(pilot)
        await pilot.press("t")
        await _until(pilot, lambda: isinstance(app.screen, AuditTrailScreen) and _listed(app.screen) > 0)
        await pilot.press(*["down"] * 4)
        await take("audit-trail")
        await pilot.press("v", "e")
        await _until(pilot, lambda: isinstance(app.screen, VerificationScreen) and _listed(app.screen) > 0)
        await take("verification")
        await pilot.press("escape")
        await _until(pilot, lambda: isinstance(app.screen, AuditTrailScreen))
        await _back(pilot)
        await _back(pilot)
        await _assign(pilot, take)
    return found


async def _assign(pilot: ThisPilot, take: Callable[[str], Awaitable[None]]) -> None:
    """Fill the fields of a new key, all but the key for the picture; then the key, which leads to the agreement."""
    app = pilot.app
    await pilot.press("a")
    await _until(pilot, lambda: isinstance(app.screen, AssignKeyScreen))
    for name, text in (
        ("developer", "Recall Robot"),
        ("email", "support@recall-robot.example"),
        ("phone", "555-0142"),
        ("agreement", "2024-10-21"),
    ):
        app.screen.query_one(f"#{name}", PlainInput).value = text
    await take("assign")
    app.screen.query_one("#key", PlainInput).value = KEY
    await pilot.press("ctrl+s")
    await _until(pilot, lambda: isinstance(app.screen, LicenseScreen))
    await pilot.press("pagedown")
    await take("agreement")


async def _back(pilot: ThisPilot) -> None:
    await pilot.press("escape")
    await _until(pilot, lambda: isinstance(pilot.app.screen, ApiSetupScreen))


async def _until(pilot: ThisPilot, condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(_MOST_PAUSES):
        await pilot.pause(0.01)
        if condition():
            await pilot.pause()
            return
    raise SystemExit("The program does not show what the pictures need.")


def _listed(screen: Screen[object]) -> int:
    """How many rows the list of a screen has."""
    lists = screen.query(RowList)
    return len(lists.first().rows) if lists else 0


if __name__ == "__main__":
    main()
