"""Opening offices for a command: reads the database password, and signs in to Open Dental once for each office."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from getpass import getpass
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError, ConfigurationError
from core.base.secret import DATABASE_PASSWORD_VARIABLE, OPEN_DENTAL_PASSWORD_VARIABLE, Secret
from tui.platform.output import ask, is_terminal, print_error
from tui.session import Session
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.database.companion_address import CompanionAddress
    from core.offices.open_request import LaunchContext, OpenRequest
    from core.opendental.permission_types import Permission

USER_VARIABLE = "APISETUP_OD_USER"


class CommandSignIn:
    """Finds the Open Dental user and the password for each office of a command, and signs in.

    A password that was typed is used for all offices where the same user signs in, so it is asked for once. Each office
    gets one attempt, so that no user is locked out.

    Args:
        user: The Open Dental user that the command line names, if any.
        environment: The environment variables that can hold the user's name and password.
        several: True if the command works on several offices; those in an SQLite file then ignore `user`.
    """

    def __init__(self, user: str | None, environment: Mapping[str, str], *, several: bool = False) -> None:
        self._user = user
        self._environment = environment
        self._several = several
        self._typed_user: str | None = None
        self._typed_passwords: dict[str, Secret] = {}
        self._asked: dict[str, Secret | ApiSetupError] = {}
        """The database passwords that were asked for first, or why there is none, by the office's name."""

    def ask_first(self, requests: Iterable[OpenRequest]) -> None:
        """Ask for all that must be typed before several offices are opened at the same time: only one thread can ask.

        An error is raised when its office is opened.
        """
        for request in requests:
            if not request.on_server:
                continue
            try:
                if request.password is None and request.office.password_from.may_prompt:
                    self._asked[request.office.name] = read_database_password(request)
                ask_for_companion_password(request)
                name = self.user_name(request)
                if name and self._may_prompt(request, name):
                    self.password(request, name)
            except ApiSetupError as error:
                self._asked[request.office.name] = error

    @contextmanager
    def session(self, request: OpenRequest, *needs: Permission) -> Iterator[Session]:
        """Open an office and sign in a user; at the end, sign out and close it.

        Args:
            request: The office to open.
            needs: The permissions of which the user needs one; Setup if none is given.

        Raises:
            ConfigurationError: A name or a password is missing, and there is no terminal to prompt on.
            ApiSetupError: The office can't be opened, or the sign-in was refused.
        """
        if not request.on_server:
            with self._account_session(request, *needs) as session:
                yield session
            return
        name = self.user_name(request)
        if not name:
            raise ConfigurationError(
                "No Open Dental user was given.", f"Add --user NAME, or set od_user or {USER_VARIABLE}."
            )
        password = self._database_password(request)
        ask_for_companion_password(request)
        office = request.open(password)
        try:
            session = Session(office, office.users.sign_in(name, self.password(request, name), *needs))
            try:
                yield session
            finally:
                _sign_out(session)
        finally:
            office.close()

    def user_name(self, request: OpenRequest) -> str:
        """Return the name of the Open Dental user for an office on a server; prompts for it once at a terminal.

        The command line comes first, then the office's own user, then the environment. It's empty if none of them
        names one.
        """
        name = self._user or request.office.od_user or self._environment.get(USER_VARIABLE) or self._typed_user
        if not name and self._typed_user is None and is_terminal(sys.stdin):
            name = self._typed_user = ask("Open Dental user:") or ""
        return name or ""

    @contextmanager
    def _account_session(self, request: OpenRequest, *needs: Permission) -> Iterator[Session]:
        if self._user is not None and not self._several:
            raise ConfigurationError("An SQLite practice has no users to sign in as.", "Leave out --user.")
        if self._several:
            request.refuse_missing_file()
        office = request.open(Secret(""))
        try:
            yield Session(office, office.users.account(request.context.runtime.account, *needs))
        finally:
            office.close()

    def _database_password(self, request: OpenRequest) -> Secret:
        asked = self._asked.get(request.office.name)
        if isinstance(asked, ApiSetupError):
            raise asked
        return asked if asked is not None else read_database_password(request)

    def _may_prompt(self, request: OpenRequest, name: str) -> bool:
        is_own = name.casefold() == request.office.od_user.casefold()
        if is_own and not request.office.od_password_from.may_prompt:
            return False
        return OPEN_DENTAL_PASSWORD_VARIABLE not in self._environment

    def password(self, request: OpenRequest, name: str) -> Secret:
        """Return a user's password: from the office's own source, from the environment, or as it is typed."""
        folded = name.casefold()
        if folded == request.office.od_user.casefold():
            password = request.read_open_dental_password()
            if password is not None:
                return password
        variable = self._environment.get(OPEN_DENTAL_PASSWORD_VARIABLE)
        if variable is not None:
            return Secret(variable)
        if folded not in self._typed_passwords:
            alternative = f"od_password_from or {OPEN_DENTAL_PASSWORD_VARIABLE}"
            if not request.office.name:
                alternative = OPEN_DENTAL_PASSWORD_VARIABLE
            self._typed_passwords[folded] = _prompt(f"Open Dental password of {name}", alternative)
        return self._typed_passwords[folded]


def read_database_password(request: OpenRequest) -> Secret:
    """Return the database password from its configured source, or prompt for it.

    Raises:
        ConfigurationError: The source has no password, or there is no terminal to prompt on.
    """
    known = request.read_password()
    # APISETUP_PASSWORD is never sent to the server of a configured office, so the hint must not suggest it there.
    name = request.office.name
    alternative = "password_from to env:NAME, file:PATH or command:PROGRAM" if name else DATABASE_PASSWORD_VARIABLE
    question = f"Password of the database user of {name}" if name else "Password of the database user"
    return known if known is not None else _prompt(question, alternative)


def ask_for_companion_password(request: OpenRequest) -> None:
    """Ask for the password of an office's companion on a server, if it must be typed and wasn't yet.

    Raises:
        ConfigurationError: There is no terminal to prompt on.
    """
    if request.prompts_for_companion_password:
        request.use_companion_password(prompt_for_companion(request.companion_address))


def ask_for_team_password(context: LaunchContext) -> None:
    """Ask for the password of the team's companion, if it must be typed and wasn't yet.

    Raises:
        ConfigurationError: There is no terminal to prompt on.
    """
    if context.team_companion is not None and context.prompts_for_team_password:
        address = context.team_companion.address
        context.typed_passwords[address] = prompt_for_companion(address)


def prompt_for_companion(address: CompanionAddress, setting: str = "companion_password_from") -> Secret:
    """Ask for the password of a companion's database user.

    Args:
        address: The companion.
        setting: What names another source.

    Raises:
        ConfigurationError: There is no terminal to prompt on.
    """
    return _prompt(
        f"Password for the companion {address.label}", f"{setting} to env:NAME, file:PATH or command:PROGRAM"
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
