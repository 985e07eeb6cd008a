"""Recording in each office that its user signed out, as the program does for an office that is opened by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError
from core.fleet.parallel import for_each

if TYPE_CHECKING:
    from core.model.actor import Actor
    from core.office.office import Office

_AT_A_TIME = 32
"""The number of offices in which sign-outs are recorded at a time; each is one short entry."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SignOut:
    """A sign-in that ends now."""

    office: str
    actor: Actor
    open: Callable[[], Office]


def record_sign_outs(sign_outs: Sequence[SignOut], stopped: Event, *, idle: bool = False) -> None:
    """Record that users signed out. A failure is only written to the log: the sign-ins have ended already. Blocks.

    Args:
        sign_outs: The sign-ins that ended.
        stopped: Set it to begin no further office.
        idle: True if they ended because no key was pressed for a while.
    """

    def record_one(ended: SignOut) -> None:
        try:
            with closing(ended.open()) as office:
                record = office.users.log_off_idle if idle else office.users.sign_out
                record(ended.actor)
        except ApiSetupError as error:
            _logger.warning("Office %s: the sign-out could not be recorded: %s", ended.office, error)

    for_each(sign_outs, record_one, min(_AT_A_TIME, len(sign_outs)), stopped)
