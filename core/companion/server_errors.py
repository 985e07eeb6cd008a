"""The errors of a companion on a server, told from those of the practice's own server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from core.base.errors import (
    CompanionUnavailable,
    EncryptionKeyUnavailable,
    InsecureConnection,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    NotPermitted,
    PracticeUnavailable,
    ServerUnreachable,
)
from core.database.companion_address import CONFIGURED, CompanionSettings

_GRANT = "Grant the user the rights that the manual's page 'companion' lists."
_OWN = (CompanionUnavailable, EncryptionKeyUnavailable, NotAPractice)
"""Errors that name the companion already, unless they are about an error of the server."""
_WITHOUT = " Without it, a practice opens with --url: its companion is then a file on this computer."


@contextmanager
def name_companion_server(url: URL, settings: CompanionSettings = CONFIGURED) -> Iterator[None]:
    """Say of errors that the block raises that they are those of the companion's server.

    The practice's own errors have consequences that these must not have: another prompt for its password, or the search
    for a change whose answer was lost.

    Args:
        url: The companion, without its password.
        settings: The names of the settings that a hint names.

    Raises:
        CompanionUnavailable: The companion can't be used.
        NotPermitted: The database user may not do this in the companion.
    """
    place = f"{url.database} on {url.host}" if url.host else f"{url.database}"
    try:
        yield
    except NotPermitted as error:
        raise NotPermitted(f"Companion database {place}: {error.sentence}", _GRANT) from error
    except PracticeUnavailable as error:
        if isinstance(error, _OWN) and not isinstance(error.__cause__, SQLAlchemyError):
            raise
        hint = _hint(error, settings)
        raise CompanionUnavailable(f"Companion database {place}: {error.sentence}", hint) from error


def _hint(error: PracticeUnavailable, settings: CompanionSettings) -> str:
    if isinstance(error, LoginRefused):
        return f"Check the user in {settings.url}, and the password from {settings.password}."
    if isinstance(error, InsecureConnection):
        return f"Check {settings.tls}, {settings.authority}, and the certificate of the companion's server."
    if isinstance(error, NoSuchDatabase):
        return f"Check the name in {settings.url}, and create the database if it doesn't exist yet."
    if isinstance(error, NotAPractice):
        return "Restore the companion from a backup."
    is_in_use = settings == CONFIGURED
    return f"{error.hint}{_WITHOUT}" if isinstance(error, ServerUnreachable) and is_in_use else error.hint
