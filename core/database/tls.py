"""TLS settings for connections to a database server, and the meaning of TLS failures."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from core.base.certificates import explain_rejection, verifying_context
from core.base.errors import ConfigurationError, InsecureConnection
from core.base.regular_file import require_regular_file

SERVER_WITHOUT_TLS = 2026
"""The error number that PyMySQL raises if it requires TLS and the server offers none."""


@dataclass(frozen=True)
class Tls:
    """TLS settings of a verified connection: the server's certificate and host name are always checked.

    Attributes:
        authority: A PEM file with the CA certificates to trust; None for those the system trusts.
        certificate: A PEM file with a client certificate, for a server that requires one.
        key: The private key of the client certificate; None if it's in the same file.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Create the SSL context for the driver.

        Raises:
            ConfigurationError: A file can't be read or isn't a PEM file of the right kind.
        """
        context = _create_context(self.authority)
        if self.certificate is not None:
            try:
                for file in filter(None, (self.certificate, self.key)):
                    require_regular_file(file)
                context.load_cert_chain(self.certificate, self.key, password=_refuse_password)
            except (OSError, ssl.SSLError, _KeyHasPassword) as error:
                raise ConfigurationError(
                    f"The client certificate {self.certificate} or its key cannot be used: {_reason(error)}.",
                    "Both must be PEM files that this account can read, and the key without a password.",
                ) from error
        return context


def insecure_connection(error: BaseException | None, code: int) -> InsecureConnection | None:
    """Return the error for a connection that failed because of TLS; None if it failed for another reason.

    Args:
        error: The socket or TLS error that caused the driver's error, if any.
        code: The driver's error number.
    """
    if code == SERVER_WITHOUT_TLS:
        return InsecureConnection(
            "The server doesn't support encrypted connections, so nothing was sent to it.",
            "Turn on TLS on the server, use an SSH tunnel to 127.0.0.1, or use --tls off if the network is safe.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification_error(error)
    if isinstance(error, ssl.SSLError):
        return InsecureConnection(
            f"The encrypted connection to the server failed ({error.reason or 'TLS failed'}).",
            "Check that the server and this computer support a common TLS version, and whether the server requires"
            " a client certificate.",
        )
    return None


def _verification_error(error: ssl.SSLCertVerificationError) -> InsecureConnection:
    rejection = explain_rejection(error)
    hint = "Name its certificate authority's file with --tls-ca." if rejection.untrusted else rejection.hint
    return InsecureConnection(f"The server's certificate {rejection.reason}.", hint)


def _create_context(authority: Path | None) -> ssl.SSLContext:
    try:
        return verifying_context(authority)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The certificate authority {authority} cannot be used: {_reason(error)}.",
            "It must be a PEM file that this account can read.",
        ) from error


class _KeyHasPassword(Exception):
    """The private key is encrypted with a password."""


def _refuse_password() -> str:
    # Without a callback, OpenSSL would prompt on the terminal.
    raise _KeyHasPassword("the key has a password")


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "it isn't a PEM file"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
