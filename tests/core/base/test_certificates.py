"""Verification of servers' certificates: the same on every Python, and refused with the reason."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.base.certificates import Rejection, explain_rejection, verifying_context
from core.database.tls import Tls
from core.headquarters.client import HeadquartersClient
from tests.support.certificates import Form, Issued, create_authority, create_certificate

HOST = "db.example"


def shake_hands(client: ssl.SSLContext, own: Issued, host: str = HOST) -> None:
    """Make a TLS handshake with a server in memory; raises what the client raises."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own.certificate_file, own.key_file)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname=host)
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (near, far, near):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


def rejection(client: ssl.SSLContext, own: Issued, host: str = HOST) -> Rejection:
    """Return why a client refuses a server."""
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        shake_hands(client, own, host)
    return explain_rejection(refused.value)


def test_certificates_of_a_private_authority_need_no_key_identifiers_and_no_key_usage(tmp_path: Path) -> None:
    authority = create_authority(tmp_path, "authority", Form.BARE)
    own = create_certificate(tmp_path, "server", authority, [HOST], form=Form.BARE)
    shake_hands(verifying_context(authority.certificate_file), own)


def test_a_servers_own_certificate_can_be_the_one_to_trust(tmp_path: Path) -> None:
    own = create_certificate(tmp_path, "server", create_authority(tmp_path, "authority"), [HOST])
    shake_hands(verifying_context(own.certificate_file), own)


def test_both_connections_have_the_same_policy() -> None:
    database, headquarters = Tls().context(), HeadquartersClient("https://hq.example")._get_ssl_context()
    policies = [
        (context.verify_flags, context.verify_mode, context.check_hostname, context.minimum_version)
        for context in (database, headquarters, verifying_context())
    ]
    assert len(set(policies)) == 1
    flags, mode, checks_host, minimum = policies[0]
    assert (mode, checks_host, minimum) == (ssl.CERT_REQUIRED, True, ssl.TLSVersion.TLSv1_2)
    assert not flags & ssl.VERIFY_X509_STRICT
    assert flags & ssl.VERIFY_X509_PARTIAL_CHAIN


def test_an_unknown_authority_is_the_only_reason_to_name_another_one(tmp_path: Path) -> None:
    ours, other = create_authority(tmp_path, "ours"), create_authority(tmp_path, "other")
    refused = rejection(verifying_context(other.certificate_file), create_certificate(tmp_path, "server", ours, [HOST]))
    assert refused.untrusted
    assert refused.reason.startswith("isn't signed by a certificate authority that this computer trusts (")


def test_a_certificate_for_another_host_is_refused_as_such(tmp_path: Path) -> None:
    ours = create_authority(tmp_path, "ours")
    client = verifying_context(ours.certificate_file)
    # Where there is a subjectAltName, the common name doesn't count.
    for name, hosts in (("other", []), ("another", ["other.example"]), (HOST, ["other.example"])):
        refused = rejection(client, create_certificate(tmp_path, name, ours, hosts))
        assert (refused.reason, refused.untrusted) == ("is for another host name, so this may be another server", False)
        assert "subjectAltName" in refused.hint
    address = create_certificate(tmp_path, "address", ours, ["10.0.0.5"])
    assert "another host name" in rejection(client, address, "10.0.0.6").reason


@pytest.mark.parametrize("days", [-90, 90])
def test_a_certificate_that_is_not_valid_now_is_refused_as_such(tmp_path: Path, days: int) -> None:
    ours = create_authority(tmp_path, "ours")
    begins = datetime.now(UTC) + timedelta(days=days)
    own = create_certificate(tmp_path, "server", ours, [HOST], begins=begins)
    assert rejection(verifying_context(ours.certificate_file), own).reason == "is not valid at this time"


def test_a_certificate_for_clients_only_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    ours = create_authority(tmp_path, "ours")
    own = create_certificate(tmp_path, "server", ours, [HOST], form=Form.FOR_CLIENTS)
    refused = rejection(verifying_context(ours.certificate_file), own)
    assert "can't be accepted (unsuitable certificate purpose" in refused.reason
    assert "serverAuth" in refused.hint
    assert not refused.untrusted


def test_an_issuer_that_is_no_authority_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    issuer = create_authority(tmp_path, "issuer", Form.NO_AUTHORITY)
    own = create_certificate(tmp_path, "server", issuer, [HOST])
    refused = rejection(verifying_context(issuer.certificate_file), own)
    assert refused.reason.startswith("can't be accepted (invalid CA certificate")
    assert "CA:TRUE" in refused.hint


def test_any_other_defect_is_named_in_the_words_of_the_library() -> None:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = 85, "Missing Authority Key Identifier"
    assert explain_rejection(error).reason == "can't be accepted (Missing Authority Key Identifier)"
