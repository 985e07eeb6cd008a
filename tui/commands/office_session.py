"""How a command gets into an office: the database's password, and the sign-in to Open Dental."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from getpass import getpass
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError, ConfigurationError
from core.base.secret import Secret
from core.opendental.permission_types import Permission
from tui.session import Session

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest

USER_VARIABLE = "APISETUP_OD_USER"
PASSWORD_VARIABLE = "APISETUP_OD_PASSWORD"  # noqa: S105 - the name of a variable


@contextmanager
def office_session(opening: OpenRequest, user: str | None, environment: Mapping[str, str]) -> Iterator[Session]:
    """An open office with a user in it who may see the Audit Trail; signed out and closed at the end.

    Args:
        opening: Which office to open.
        user: The name of an Open Dental user from the command line.
        environment: Where the name and the password may be instead.

    Raises:
        ConfigurationError: A name or a password is missing, and nobody is there to be asked.
        ApiSetupError: The office cannot be opened, or the sign-in was refused.
    """
    name = user or environment.get(USER_VARIABLE)
    if not opening.on_server and user is not None:
        raise ConfigurationError("An SQLite practice has no users to sign in as.", "Leave out --user.")
    if opening.on_server and not name:
        raise ConfigurationError("No Open Dental user is named.", f"Add --user NAME, or set {USER_VARIABLE}.")
    office = opening.open(asked_for_password(opening))
    try:
        if not opening.on_server:
            account = office.users.account(opening.context.runtime.account, Permission.AUDIT_TRAIL)
            yield Session(office, account)
            return
        given = environment.get(PASSWORD_VARIABLE)
        secret = Secret(given) if given is not None else _asked(f"Open Dental password of {name}", PASSWORD_VARIABLE)
        session = Session(office, office.users.sign_in(str(name), secret, Permission.AUDIT_TRAIL))
        try:
            yield session
        finally:
            _sign_out(session)
    finally:
        office.close()


def asked_for_password(opening: OpenRequest) -> Secret:
    """The database password from where it is kept, or from somebody at the terminal.

    Raises:
        ConfigurationError: It is not where it should be, or nobody is there to be asked.
    """
    known = opening.read_password()
    # The variable is never sent to the server of an office, so setting it would help nobody there.
    instead = "password_from to env:NAME, file:PATH or command:PROGRAM" if opening.office.name else "APISETUP_PASSWORD"
    return known if known is not None else _asked("Password of the database user", instead)


def _asked(question: str, instead: str) -> Secret:
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{question}: nobody is there to be asked.", f"Set {instead} for a scheduled job.")
    try:
        return Secret(getpass(f"{question}: "))
    except EOFError:
        raise ConfigurationError(f"{question}: none was given.", f"Type it, or set {instead}.") from None


def _sign_out(session: Session) -> None:
    """Log that the user left; what was done stays done where that fails."""
    if not session.signed_in.writable:
        return
    try:
        session.office.users.sign_out(session.actor)
    except ApiSetupError as error:
        print(f"apisetup: signing out was not logged. {error}", file=sys.stderr)
