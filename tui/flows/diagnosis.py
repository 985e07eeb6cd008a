"""The line in the border of the settings: what is certainly wrong with the API, or else that a review is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError
from tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

FIRST_LOOK = 3.0
"""The seconds from opening the office until the first look, so that it delays nothing that an admin waits for."""
PERIOD = 60.0
"""The seconds between two looks."""


def look_regularly(screen: BaseScreen[Any], look: Callable[[], None]) -> None:
    """Call a function a moment after the office was opened, and then once a minute."""
    screen.set_timer(FIRST_LOOK, look)
    screen.set_interval(PERIOD, look)


async def show_headline(screen: BaseScreen[Any], session: Session) -> None:
    """Show in the border of the settings what is certainly wrong with the API. What can't be read is not said here.

    If nothing is wrong, show whether a review is due.

    Args:
        screen: API Setup. While another screen covers it, nothing is read.
        session: The open office.
    """
    if screen.app.screen is not screen:
        return
    office, form = session.office, screen.query_one(SettingsForm)
    try:
        headline = await screen.call_service(office.diagnosis.headline, group="health")
        if headline:
            form.show_headline(headline)
            return
        due = await screen.call_service(lambda: office.review.due(), group="health")
    except ApiSetupError:
        # The next key that reads says what is wrong with the connection; the line would only say it twice.
        return
    form.show_headline(due.sentence if due.is_due else "", of_api=False)
