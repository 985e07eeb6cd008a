"""Create the screenshots of the README from the demo practice: `.venv/bin/python screenshots/make.py`.

Needs CairoSVG (`.venv/bin/pip install -e '.[pictures]'`), which draws the PNG files from the SVG files.

The clock, the random numbers and the names are fixed, so that the same version of the program creates the same
screenshots on every machine.
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
from tui.screens.payment_types import PaymentTypesScreen
from tui.screens.review import ReviewScreen
from tui.screens.subscriptions import SubscriptionsScreen
from tui.screens.verification import VerificationScreen
from tui.screens.why import WhyScreen
from tui.widgets.details_panel import DETAILS_DELAY
from tui.widgets.inputs import PlainInput
from tui.widgets.key_table import KeyTable
from tui.widgets.row_list import RowList

DIRECTORY = Path(__file__).parent
NOW = datetime(2024, 11, 6, 14, 30, 15)
KEY = "Kq7mZt4xWb9sLp2D"
"""An invented key that opens nothing. No screenshot may show it."""

_MAX_PAUSES = 2_000
_SCALE = 13 / 12.2
"""Makes a character 13 pixels wide instead of 12.2, because the positions of text are rounded to whole pixels."""

AppPilot = Pilot[None]


def main() -> None:
    """Create all screenshots."""
    with TemporaryDirectory() as directory, contextlib.chdir(directory):
        file = Path("demo.sqlite3")
        runtime = RuntimeContext(clock=lambda: NOW, random=Random(7), computer="server-1", account="office")  # noqa: S311 - screenshots need no secrecy
        context = LaunchContext(runtime, Paths(Path("config.toml"), Path("debug.log")))
        request = OpenRequest(ConfiguredOffice("", FileAddress(file)), context, demo=True)
        screenshots = asyncio.run(_take_screenshots(ApisetupApp(request)))
    for name, image in screenshots.items():
        if KEY in image:
            raise SystemExit(f"{name} shows a key.")
        (DIRECTORY / name).write_text(image, encoding="utf-8")
        _write_png((DIRECTORY / name).with_suffix(".png"), image)
        print(DIRECTORY.name + os.sep + name)


def _write_png(file: Path, image: str) -> None:
    """Draw an SVG image with a font that most computers have, since its own one is only linked to."""
    import cairosvg

    # Its characters are a little narrower than those that the image was laid out for.
    drawn = image.replace("Fira Code", "DejaVu Sans Mono").replace("font-size: 20px", "font-size: 20.266px")
    cairosvg.svg2png(bytestring=drawn.encode(), write_to=str(file), scale=_SCALE)


async def _take_screenshots(app: ApisetupApp) -> dict[str, str]:
    """Go through the main job, and return a screenshot of each screen by file name."""
    screenshots: dict[str, str] = {}
    async with app.run_test(size=(80, 24)) as pilot:

        async def take(name: str) -> None:
            await pilot.pause(2 * DETAILS_DELAY)
            screenshots[f"{name}.svg"] = app.export_screenshot(title="apisetup")

        await _wait_until(pilot, lambda: _row_count(app.screen) == 12)
        await pilot.resize_terminal(120, 36)
        await pilot.press(*["down"] * 6)
        await _wait_until(pilot, lambda: _is_complete(app.screen))
        await take("api-setup")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await pilot.press("w")
        await _wait_until(pilot, lambda: isinstance(app.screen, WhyScreen) and _row_count(app.screen) > 0)
        await take("why")
        await _return_to_api_setup(pilot)
        await pilot.press("2")
        await _wait_until(pilot, lambda: isinstance(app.screen, SubscriptionsScreen) and _row_count(app.screen) > 0)
        await pilot.press(*["down"] * 4)
        await take("subscriptions")
        await pilot.press("3")
        await _wait_until(pilot, lambda: isinstance(app.screen, PaymentTypesScreen) and _row_count(app.screen) > 0)
        await pilot.press("down", "down")
        await take("payment-types")
        await pilot.press("5")
        await _wait_until(pilot, lambda: isinstance(app.screen, ReviewScreen) and _row_count(app.screen) > 0)
        await pilot.press(*["down"] * 4)
        await take("review")
        await _return_to_api_setup(pilot)
        await pilot.press("e")
        await _wait_until(pilot, lambda: isinstance(app.screen, EditKeyScreen) and _row_count(app.screen) > 0)
        await take("edit")
        await _return_to_api_setup(pilot)
        await pilot.press("t")
        await _wait_until(pilot, lambda: isinstance(app.screen, AuditTrailScreen) and _row_count(app.screen) > 0)
        await pilot.press(*["down"] * 4)
        await take("audit-trail")
        await pilot.press("V", "e")
        await _wait_until(pilot, lambda: isinstance(app.screen, VerificationScreen) and _row_count(app.screen) > 0)
        await take("verification")
        await pilot.press("escape")
        await _wait_until(pilot, lambda: isinstance(app.screen, AuditTrailScreen))
        await _return_to_api_setup(pilot)
        await _return_to_api_setup(pilot)
        await _add_key(pilot, take)
    return screenshots


async def _add_key(pilot: AppPilot, take: Callable[[str], Awaitable[None]]) -> None:
    """Fill in a new key up to the agreement; the key itself is entered only after the screenshot of the form."""
    app = pilot.app
    await pilot.press("a")
    await _wait_until(pilot, lambda: isinstance(app.screen, AssignKeyScreen))
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
    await _wait_until(pilot, lambda: isinstance(app.screen, LicenseScreen))
    await pilot.press("pagedown")
    await take("agreement")


async def _return_to_api_setup(pilot: AppPilot) -> None:
    await pilot.press("escape")
    await _wait_until(pilot, lambda: isinstance(pilot.app.screen, ApiSetupScreen))


async def _wait_until(pilot: AppPilot, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    for _ in range(_MAX_PAUSES):
        await pilot.pause(0.01)
        if condition():
            await pilot.pause()
            return
    raise SystemExit("The program does not show what the pictures need.")


def _is_complete(screen: Screen[object]) -> bool:
    """Return True if the last changes of all keys and the details of the highlighted key are known."""
    table = screen.query_one(KeyTable)
    rows = screen.query_one(RowList).rows
    cells = [cell for index in range(len(rows)) for row in (rows.row(index),) if row is not None for cell in row.cells]
    return "…" not in cells and table.key is not None and table.has_history(table.key)


def _row_count(screen: Screen[object]) -> int:
    """Return the number of rows in the list of a screen."""
    lists = screen.query(RowList)
    return len(lists.first().rows) if lists else 0


if __name__ == "__main__":
    main()
