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

_HINTS: dict[type[Exception], str] = {
    LoginRefused: "Check the user in companion, and the password from companion_password_from.",
    InsecureConnection: "Check companion_tls, companion_tls_ca, and the certificate of the companion's server.",
    NoSuchDatabase: "Check the name in companion, and create the database if it doesn't exist yet.",
    NotAPractice: "Restore the companion from a backup.",
}
_GRANT = "Grant the user the rights that the manual's page 'companion' lists."
_OWN = (CompanionUnavailable, EncryptionKeyUnavailable, NotAPractice)
"""Errors that name the companion already, unless they are about an error of the server."""
_WITHOUT = " Without it, a practice opens with --url: its companion is then a file on this computer."


@contextmanager
def name_companion_server(url: URL) -> Iterator[None]:
    """Say of errors that the block raises that they are those of the companion's server.

    The practice's own errors have consequences that these must not have: another prompt for its password, or the search
    for a change whose answer was lost.

    Args:
        url: The companion, without its password.

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
        hint = next((_HINTS[kind] for kind in _HINTS if isinstance(error, kind)), error.hint)
        if isinstance(error, ServerUnreachable):
            hint += _WITHOUT
        raise CompanionUnavailable(f"Companion database {place}: {error.sentence}", hint) from error
