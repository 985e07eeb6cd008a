"""The one policy by which certificates of servers are verified, and the meaning of a refused one.

The policy is the same for every connection and every version of Python. Python 3.13 began to refuse certificates that
aren't formed as RFC 5280 demands (`VERIFY_X509_STRICT`), which many private authorities issue, and those that MySQL and
MariaDB generate for themselves. It also began to accept a server's own certificate, or an intermediate one, as the one
to trust (`VERIFY_X509_PARTIAL_CHAIN`).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

_WRONG_HOST = (62, 64)
"""OpenSSL's verification errors for another host name or IP address (`X509_V_ERR_*_MISMATCH`)."""
_EXPIRED = (9, 10)
"""Those for a certificate that isn't valid yet, or has expired (`X509_V_ERR_CERT_*`)."""
_UNKNOWN_ISSUER = (2, 18, 19, 20, 21)
"""Those for a chain that doesn't end at a trusted certificate."""
_NOT_AN_AUTHORITY = (24, 32, 79)
"""Those for an issuer that isn't allowed to sign certificates (`INVALID_CA` in OpenSSL 1.1.1 and 3,
`KEYUSAGE_NO_CERTSIGN`)."""
_WRONG_PURPOSE = 26
_TOO_WEAK = (66, 67, 68)


@dataclass(frozen=True)
class Rejection:
    """The reason why a server's certificate was refused.

    Attributes:
        reason: What is wrong with it, as the end of a sentence that begins with the certificate.
        hint: What to do about the certificate.
        untrusted: True if the certificate may be good, but nobody who is trusted here signed it.
    """

    reason: str
    hint: str
    untrusted: bool = False


def verifying_context(authority: Path | None = None) -> ssl.SSLContext:
    """Create an SSL context that verifies a server's certificate and host name.

    Args:
        authority: A PEM file with the certificates to trust; None for those that the system trusts.

    Raises:
        OSError: The file can't be read.
        ssl.SSLError: The file contains no certificate.
    """
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # Python's own default, which some distributions lower. The system may demand more.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context


def explain_rejection(error: ssl.SSLCertVerificationError) -> Rejection:
    """Return what a failed verification says about the certificate, in words for an admin."""
    code, message = error.verify_code, error.verify_message
    if code in _WRONG_HOST:
        return Rejection(
            "is for another host name, so this may be another server",
            "Use a name that is in the certificate (in its subjectAltName, if it has one), or have a certificate made"
            " for this one.",
        )
    if code in _EXPIRED:
        return Rejection(
            "is not valid at this time", "Have it renewed. If it should be valid, check this computer's clock."
        )
    if code in _UNKNOWN_ISSUER:
        return Rejection(
            f"isn't signed by a certificate authority that this computer trusts ({message})",
            "Find out who signed it before you trust it.",
            untrusted=True,
        )
    return Rejection(f"can't be accepted ({message})", _how_to_replace(code))


def _how_to_replace(code: int) -> str:
    """Return what a new certificate needs in place of one with this verification error."""
    if code in _NOT_AN_AUTHORITY:
        return (
            "The certificate that signed it isn't a CA certificate. It needs basicConstraints CA:TRUE, and"
            " keyCertSign if it has keyUsage."
        )
    if code == _WRONG_PURPOSE:
        return "Have a certificate made for a server: its extendedKeyUsage must include serverAuth."
    if code in _TOO_WEAK:
        return "Have a certificate made with a key of at least 2048 bits (RSA) and signed with SHA-256."
    return "Have a new certificate made that includes what is missing."
