"""Certificate authorities and certificates for tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Form(Enum):
    """The form of a certificate."""

    COMPLETE = "complete"
    """With subject and authority key identifiers and key usage, as RFC 5280 demands."""
    BARE = "bare"
    """Without them, as private authorities often issue it; Python 3.13 and later refuse it by default."""
    FOR_CLIENTS = "for clients"
    """Complete, but not made for servers."""
    NO_AUTHORITY = "no authority"
    """Complete, but not allowed to sign others."""


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key, as objects and as PEM files."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate_file: Path
    key_file: Path


def create_authority(directory: Path, name: str, form: Form = Form.COMPLETE) -> Issued:
    """Create a certificate authority."""
    return _issue(directory, name, None, [], datetime.now(UTC), form)


def create_certificate(
    directory: Path,
    name: str,
    by: Issued,
    hosts: list[str],
    begins: datetime | None = None,
    form: Form = Form.COMPLETE,
) -> Issued:
    """Create a certificate for host names or addresses, valid for 30 days from `begins`, by default from now."""
    return _issue(directory, name, by, hosts, begins or datetime.now(UTC), form)


def _issue(directory: Path, name: str, by: Issued | None, hosts: list[str], begins: datetime, form: Form) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(hours=1))
        .not_valid_after(begins + timedelta(days=30))
        .add_extension(
            x509.BasicConstraints(ca=by is None and form is not Form.NO_AUTHORITY, path_length=None), critical=True
        )
    )
    if form is not Form.BARE:
        builder = (
            builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key((by.key if by else key).public_key()), critical=False
            )
            .add_extension(_key_usage(signs=by is None and form is not Form.NO_AUTHORITY), critical=True)
        )
    if form is Form.FOR_CLIENTS:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
    signed = builder.sign(by.key if by else key, hashes.SHA256())
    certificate_file, key_file = directory / f"{name}.pem", directory / f"{name}.key"
    certificate_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return Issued(signed, key, certificate_file, key_file)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    """Return the key usage of an authority, which signs certificates, or of a server or client."""
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
