"""How the line to a database server is protected, and what its failures mean."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from core.base.errors import ConfigurationError, InsecureConnection

SERVER_WITHOUT_TLS = 2026
"""PyMySQL's error number for a server that offers no TLS to a client that requires it."""

WRONG_HOST = (62, 64)
EXPIRED = (9, 10)
"""OpenSSL's numbers for a certificate of another host, and for one that is not valid yet or any more."""


@dataclass(frozen=True)
class Tls:
    """What is asked of the line; the server's certificate and its host name are always verified.

    Attributes:
        authority: A PEM file with the certificates of those who may sign the server's; else the system's own.
        certificate: A PEM file with our own certificate, for a server that asks for one.
        key: The private key of that, where it is not in the same file.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """What the driver needs.

        Raises:
            ConfigurationError: One of the files cannot be read, or holds something else.
        """
        context = _trusting(self.authority)
        # As the driver does: certificates that MariaDB and MySQL make for themselves are not strict.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password=_no_password)
            except (OSError, ssl.SSLError, _KeyHasPassword) as error:
                raise ConfigurationError(
                    f"The client certificate {self.certificate} or its key cannot be used: {_reason(error)}.",
                    "Both must be PEM files that this account can read, and the key without a password.",
                ) from error
        return context


def is_local(host: str, socket: str) -> bool:
    """Whether the line to a server stays on this computer."""
    if socket or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def insecure_connection(error: BaseException | None, code: int) -> InsecureConnection | None:
    """The meaning of a connection that failed because of TLS; None where it failed otherwise.

    Args:
        error: What the driver met underneath its own error.
        code: The driver's error number.
    """
    if code == SERVER_WITHOUT_TLS:
        return InsecureConnection(
            "The server offers no encrypted line, so nothing was sent to it.",
            "Have TLS turned on there, use an SSH tunnel to 127.0.0.1, or give --tls off if the network is safe.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(error)
    if isinstance(error, ssl.SSLError):
        return InsecureConnection(
            f"No encrypted line could be made with the server ({error.reason or 'TLS failed'}).",
            "Check that server and client have a version of TLS in common, and whether it asks for a certificate.",
        )
    return None


def _unverified(error: ssl.SSLCertVerificationError) -> InsecureConnection:
    if error.verify_code in WRONG_HOST:
        return InsecureConnection(
            "The server's certificate is for another host name, so this may be another server.",
            "Use the name that is in the certificate, or have a certificate made for this one.",
        )
    if error.verify_code in EXPIRED:
        return InsecureConnection(
            "The server's certificate is not valid at this time.",
            "Have it renewed; check the clock of this computer, too.",
        )
    return InsecureConnection(
        f"The server's certificate was not signed by anybody who is trusted here ({error.verify_message}).",
        "Name the file of its certificate authority by --tls-ca.",
    )


def _trusting(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The certificate authority {authority} cannot be used: {_reason(error)}.",
            "It must be a PEM file that this account can read.",
        ) from error


class _KeyHasPassword(Exception):
    pass


def _no_password() -> str:
    # OpenSSL would ask on the terminal.
    raise _KeyHasPassword("the key has a password")


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "it is no PEM file"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
