"""Opening the memory of all offices together: on this computer, or in a companion that a team shares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.base.errors import CompanionUnavailable, ConfigurationError
from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.fleet.store import FleetStore
from core.offices.password_source import COMPANION_PASSWORD, PROMPT

if TYPE_CHECKING:
    from core.offices.companion_settings import TeamCompanion
    from core.offices.open_request import LaunchContext

_ACCOUNT = "all offices"
"""Stands for the name of an office in the system keyring."""


def fleet_store(context: LaunchContext) -> FleetStore:
    """Return the memory of all offices together. Nothing is opened yet."""
    team = context.team_companion
    shared = partial(_source, context, team) if team is not None else None
    return FleetStore(context.paths.fleet, context.runtime.clock, shared)


def _source(context: LaunchContext, team: TeamCompanion) -> CompanionSource:
    """Return the companion of the team, with its password. May block.

    Raises:
        CompanionUnavailable: The source of its password has none, or can't be read.
    """
    password: Secret | None = Secret("")
    if context.prompts_for_team_password:
        raise CompanionUnavailable(
            "The password of the team's companion must be typed, and wasn't asked for.",
            "Start apisetup again to type it, or set companion_password_from to env:NAME, file:PATH or command:PROGRAM,"
            " as a scheduled job needs.",
        )
    if team.password_from == PROMPT:
        password = context.typed_passwords[team.address]
    elif team.password_from is not None:
        try:
            password = team.password_from.read(
                _ACCOUNT, context.environment, context.password_variables, COMPANION_PASSWORD
            )
        except ConfigurationError as error:
            raise CompanionUnavailable(error.sentence, error.hint) from error
    if password is None:
        raise CompanionUnavailable(
            "The companion's password can't be read: the system keyring can't be used over SSH.",
            "Use another source in companion_password_from: env:NAME, file:PATH or command:PROGRAM.",
        )
    return CompanionSource(team.address, context.paths.stem_of_shared(team.address), password)
