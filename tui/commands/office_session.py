"""Opening an office for a command: reads the database password and signs in to Open Dental."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from getpass import getpass
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError, ConfigurationError
from core.base.secret import DATABASE_PASSWORD_VARIABLE, OPEN_DENTAL_PASSWORD_VARIABLE, Secret
from core.opendental.permission_types import Permission
from tui.platform.output import is_terminal, print_error
from tui.session import Session
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest

USER_VARIABLE = "APISETUP_OD_USER"


@contextmanager
def office_session(
    request: OpenRequest,
    user: str | None,
    environment: Mapping[str, str],
    permission: Permission = Permission.AUDIT_TRAIL,
) -> Iterator[Session]:
    """Open an office and sign in a user who has a permission; at the end, sign out and close it.

    Args:
        request: The office to open.
        user: The Open Dental user that the command line names, if any.
        environment: The environment variables that can hold the user's name and password.
        permission: The permission that the user needs.

    Raises:
        ConfigurationError: A name or a password is missing, and there is no terminal to prompt on.
        ApiSetupError: The office can't be opened, or the sign-in was refused.
    """
    name = user or environment.get(USER_VARIABLE)
    if not request.on_server and user is not None:
        raise ConfigurationError("An SQLite practice has no users to sign in as.", "Leave out --user.")
    if request.on_server and not name:
        raise ConfigurationError("No Open Dental user was given.", f"Add --user NAME, or set {USER_VARIABLE}.")
    office = request.open(read_database_password(request))
    try:
        if not request.on_server:
            account = office.users.account(request.context.runtime.account, permission)
            yield Session(office, account)
            return
        password = _open_dental_password(str(name), environment)
        session = Session(office, office.users.sign_in(str(name), password, permission))
        try:
            yield session
        finally:
            _sign_out(session)
    finally:
        office.close()


def read_database_password(request: OpenRequest) -> Secret:
    """Return the database password from its configured source, or prompt for it.

    Raises:
        ConfigurationError: The source has no password, or there is no terminal to prompt on.
    """
    known = request.read_password()
    # APISETUP_PASSWORD is never sent to the server of a configured office, so the hint must not suggest it there.
    alternative = (
        "password_from to env:NAME, file:PATH or command:PROGRAM" if request.office.name else DATABASE_PASSWORD_VARIABLE
    )
    return known if known is not None else _prompt("Password of the database user", alternative)


def _open_dental_password(name: str, environment: Mapping[str, str]) -> Secret:
    password = environment.get(OPEN_DENTAL_PASSWORD_VARIABLE)
    return (
        Secret(password)
        if password is not None
        else _prompt(f"Open Dental password of {name}", OPEN_DENTAL_PASSWORD_VARIABLE)
    )


def _prompt(question: str, alternative: str) -> Secret:
    if not is_terminal(sys.stdin):
        raise ConfigurationError(f"{question}: no terminal to prompt on.", f"Set {alternative} for a scheduled job.")
    try:
        return Secret(getpass(f"{sanitize(question)}: "))
    except EOFError:
        raise ConfigurationError(f"{question}: no password was entered.", f"Enter it, or set {alternative}.") from None


def _sign_out(session: Session) -> None:
    """Log that the user signed out. A failure is only reported: the command's work is done and stays done."""
    if not session.signed_in.writable:
        return
    try:
        session.office.users.sign_out(session.actor)
    except ApiSetupError as error:
        print_error(f"the sign-out could not be logged. {error}")
