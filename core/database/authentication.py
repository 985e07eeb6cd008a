"""The ways in which a server may ask for the database password, and the ones that are refused.

A server chooses the way. Whoever answers in its place could choose one that reveals the password: in clear text, or
encrypted with a public key of his own. So over a connection whose server isn't verified, the password is never sent in
clear text, and is encrypted only with a key that the admin named. (PyMySQL would do both.) A Unix socket belongs to
this computer's server, so it counts as verified. The one exception is the admin's own computer: there, TLS without
verification is enough for the two methods that encrypt, so that MySQL 8 and 9 can be used as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from core.base.errors import ConfigurationError, InsecureConnection, LoginRefused

_CLEAR_TEXT = ("mysql_clear_password", "dialog")
_FULL_AUTHENTICATION = b"\x01\x04"
"""The packet by which `caching_sha2_password` asks for the password itself, since it doesn't remember it."""


class Plugin(Protocol):
    """Answers an authentication method, as PyMySQL's `auth_plugin_map` expects."""

    def authenticate(self, packet: Any) -> Any:
        """Answer a packet of the server, and return the server's next one."""


def authentication_plugins(*, verified: bool, server_key: bytes | None) -> Mapping[str, Callable[[Any], Plugin]]:
    """Return the authentication methods that aren't left to the driver, for a connection to a server.

    Args:
        verified: True for a Unix socket, and for TLS with a verified server.
        server_key: The server's public RSA key in PEM, if it is known.
    """
    methods: dict[str, Callable[[Any], Plugin]] = {"mysql_old_password": _OldPassword}
    if not verified:
        methods |= {name: partial(_ClearText, name) for name in _CLEAR_TEXT}
        methods["caching_sha2_password"] = partial(_CachingSha2, server_key)
        methods["sha256_password"] = partial(_Sha256, server_key)
    return methods


def read_server_key(path: Path) -> bytes:
    """Return a server's public key.

    Raises:
        ConfigurationError: The file can't be read, or isn't a PEM file with a public RSA key.
    """
    # Imported here, because few practices need it.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        content = path.read_bytes()
        is_rsa = isinstance(load_pem_public_key(content), RSAPublicKey)
    except OSError as error:
        raise ConfigurationError(
            f"The server's public key {path} can't be read: {error.strerror}.",
            "Name a file that this account can read.",
        ) from error
    except (ValueError, UnsupportedAlgorithm):
        is_rsa = False
    if not is_rsa:
        raise ConfigurationError(
            f"{path} isn't the public key of a server.",
            "It must begin with BEGIN PUBLIC KEY. The server has it as public_key.pem in its data directory.",
        )
    return content


class _OldPassword:
    """Refuses the method of MySQL before 4.1, which is easily broken and unknown to the driver."""

    def __init__(self, _connection: Any) -> None:
        pass

    def authenticate(self, _packet: Any) -> Any:
        raise LoginRefused(
            "The server asks for the password in the format of MySQL before 4.1, which isn't secure. It wasn't sent.",
            "Have the password set again on the server, with old_passwords turned off there.",
        )


class _ClearText:
    """Refuses a method that sends the password in clear text."""

    def __init__(self, name: str, _connection: Any) -> None:
        self._name = name

    def authenticate(self, _packet: Any) -> Any:
        raise InsecureConnection(
            f"The server asks for the password in clear text ({self._name}), and it isn't verified, so the password"
            " wasn't sent.",
            "Verify the server with --tls verify (with --tls-ca, if it has a certificate of its own), or connect"
            " through its Unix socket.",
        )


class _Sha256:
    """`sha256_password`: the password is sent within TLS, or encrypted with the key that the admin named.

    A key that the server sends is ignored, though the driver asks for one in its first packet.
    """

    def __init__(self, server_key: bytes | None, connection: Any) -> None:
        self._server_key = server_key
        self._connection = connection

    def authenticate(self, packet: Any) -> Any:
        connection, driver = self._connection, import_module("pymysql._auth")
        if connection._secure or not connection.password:
            return driver.sha256_password_auth(connection, packet)
        if self._server_key is None:
            raise _unknown_key("Rsa_public_key")
        if packet.is_auth_switch_request():
            connection.salt = packet.read_all().removesuffix(b"\0")
        return driver._roundtrip(
            connection, driver.sha2_rsa_encrypt(connection.password, connection.salt, self._server_key)
        )


class _CachingSha2:
    """`caching_sha2_password`: as a rule a hash is enough; if the server wants the password, it's as `_Sha256`."""

    def __init__(self, server_key: bytes | None, connection: Any) -> None:
        self._server_key = server_key
        self._connection = connection

    def authenticate(self, packet: Any) -> Any:
        connection, driver = self._connection, import_module("pymysql._auth")
        # With a key, the driver doesn't ask the server for one.
        connection.server_public_key = self._server_key
        if packet.is_auth_switch_request() and connection.password:
            connection.salt = packet.read_all().removesuffix(b"\0")
            packet = driver._roundtrip(connection, driver.scramble_caching_sha2(connection.password, connection.salt))
        wants_password = packet.get_all_data()[:2] == _FULL_AUTHENTICATION
        if wants_password and not connection._secure and self._server_key is None:
            raise _unknown_key("Caching_sha2_password_rsa_public_key")
        return driver.caching_sha2_password_auth(connection, packet)


def _unknown_key(variable: str) -> InsecureConnection:
    return InsecureConnection(
        "The server wants the password encrypted with its public key, which isn't known here, so the password"
        " wasn't sent.",
        "Turn on TLS on the server, connect through its Unix socket, or name a file with its key with"
        f" --server-public-key: SHOW STATUS LIKE '{variable}', run on the server, prints the key.",
    )
