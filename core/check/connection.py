"""Checks of the connection to a database: its address, TLS, and the database user."""

from __future__ import annotations

from collections.abc import Generator
from ssl import SSLContext
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from core.base.errors import ApiSetupError, InsecureConnection, LoginRefused, NoSuchDatabase, StorageFailed
from core.check.result import CheckResult, CheckResults, CheckStatus, not_checked
from core.database.address import Address, FileAddress, ServerAddress
from core.database.connect_failure import CHECK_NAMES
from core.database.database_file import database_exists
from core.database.driver_errors import translate_errors
from core.database.local_host import plain_host
from core.database.name_lookup import NameLookupTimeout, look_up


def check_address(address: Address) -> CheckResult:
    """Check that a file exists, or that the name of a server can be resolved."""
    if isinstance(address, FileAddress):
        return _check_file(address)
    if address.socket:
        return CheckResult("address", CheckStatus.OK, address.label)
    try:
        found = look_up(plain_host(address.host), address.port)
    except NameLookupTimeout as error:
        sentence = f"The address of {address.host} isn't known: {error}."
        return CheckResult("address", CheckStatus.FAILED, sentence, CHECK_NAMES)
    except (OSError, UnicodeError):
        return CheckResult(
            "address",
            CheckStatus.FAILED,
            f"The host name {address.host} can't be resolved.",
            "Check its spelling and this computer's DNS.",
        )
    resolved = ", ".join(dict.fromkeys(str(each.address[0]) for each in found))
    label = address.label if resolved == address.host else f"{address.label} ({resolved})"
    return CheckResult("address", CheckStatus.OK, label)


def _check_file(address: FileAddress) -> CheckResult:
    try:
        if database_exists(address.path):
            return CheckResult("address", CheckStatus.OK, address.label)
    except StorageFailed as error:
        return CheckResult("address", CheckStatus.FAILED, error.sentence, error.hint)
    return CheckResult(
        "address",
        CheckStatus.FAILED,
        f"File not found: {address.path}.",
        "Name another file, or open it once without --read-only to create it.",
    )


def connect(address: Address, engine: Engine) -> Generator[CheckResult, None, Connection]:
    """Connect to the database. If the server refuses, yield the results that the refusal implies.

    Returns:
        The connection.

    Raises:
        PracticeUnavailable: The server refuses, or can't be reached.
    """
    contexts = _record_ssl_contexts(engine)
    try:
        with translate_errors():
            return engine.connect()
    except (InsecureConnection, LoginRefused, NoSuchDatabase) as refusal:
        if isinstance(address, ServerAddress):
            yield from _results_before_refusal(address, refusal, contexts)
        raise


def check_tls(address: ServerAddress, connection: Connection) -> CheckResult:
    """Check that the server reports an encrypted connection, if TLS is required; else report what it says."""
    rows = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_%'")).all()
    variables = {str(name): str(value) for name, value in rows}
    version, cipher = variables.get("Ssl_version", ""), variables.get("Ssl_cipher", "")
    if address.tls is None and version:
        return CheckResult(
            "tls",
            CheckStatus.OK,
            f"Encrypted: {version}, {cipher}. The server isn't verified because the connection is local.",
        )
    if address.tls is None:
        return _unencrypted_result(address)
    if not version:
        return CheckResult("tls", CheckStatus.FAILED, "The server reports an unencrypted connection.")
    return CheckResult("tls", CheckStatus.OK, f"Encrypted and verified: {version}, {cipher}.")


def check_database_user(connection: Connection) -> CheckResult:
    """Report the user account that the server has chosen for the connection."""
    return CheckResult("database-user", CheckStatus.OK, str(connection.scalar(text("SELECT CURRENT_USER()"))))


def _record_ssl_contexts(engine: Engine) -> list[SSLContext]:
    """Return a list that collects the SSL contexts of the engine's connections. A context counts its handshakes."""
    contexts: list[SSLContext] = []

    @event.listens_for(engine, "do_connect")
    def _add_context(_dialect: object, _record: object, _arguments: object, options: dict[str, Any]) -> None:
        if "ssl" in options:
            contexts.append(options["ssl"])

    return contexts


def _results_before_refusal(address: ServerAddress, refusal: ApiSetupError, contexts: list[SSLContext]) -> CheckResults:
    """Yield the results of the steps before the refused one, but only those that the refusal proves."""
    yield CheckResult("server", CheckStatus.OK, "The server answers.")
    if isinstance(refusal, InsecureConnection):
        return
    if address.tls is None:
        yield _unencrypted_result(address)
    elif any(context.session_stats()["connect_good"] for context in contexts):
        yield CheckResult("tls", CheckStatus.OK, "Encrypted and verified.")
    else:
        # A server can refuse a connection before the TLS handshake.
        yield not_checked("tls")
    if isinstance(refusal, NoSuchDatabase):
        yield CheckResult("database-user", CheckStatus.OK, "The server accepts the database user and its password.")


def _unencrypted_result(address: ServerAddress) -> CheckResult:
    if address.is_local:
        return CheckResult("tls", CheckStatus.OK, "Not needed: the connection is local.")
    return CheckResult(
        "tls", CheckStatus.WARNING, "The connection to another computer is not encrypted.", "Leave out --tls off."
    )
