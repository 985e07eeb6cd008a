"""The checks of the companion: whether it is private, whole and up to date, and its encryption key is here."""

from __future__ import annotations

from sqlalchemy import select

from core.base.errors import ApiSetupError
from core.check.result import CheckResult, CheckResults, CheckStatus
from core.companion.key_vault import RESTORE, current_key_id
from core.companion.migrations import applied_migrations, encrypts_keys, refuse_newer
from core.companion.opening import CompanionSource
from core.companion.store import Companion
from core.companion.tables.registry import REGISTRY_KEY
from core.database.address import FileAddress
from core.database.companion_address import CompanionAddress
from core.database.database_file import database_exists
from core.database.engines import read_only_file_engine

_ADD_LINE = (
    "Find the earlier key file and add its line to the present one. If it is lost for good, remove these keys and add"
    " them again."
)


def check_companion(source: CompanionSource, *, shared: bool) -> CheckResults:
    """Check a companion. Missing files and tables are only noted, since opening the practice creates them.

    Args:
        source: The companion.
        shared: True if it's also the practice's file.
    """
    address = source.address
    try:
        if isinstance(address, FileAddress) and not database_exists(address.path):
            yield CheckResult(
                "companion", CheckStatus.NOTE, f"{address.path} will be created when the practice is opened."
            )
            return
        engine = read_only_file_engine(address.path) if isinstance(address, FileAddress) else source.engine()
        companion = Companion(engine, shared=shared, keys=source.encryption_keys)
        try:
            yield _check_schema(companion, _label(address))
            yield from _check_key(companion)
        finally:
            companion.close()
    except ApiSetupError as error:
        yield CheckResult("companion", CheckStatus.WARNING, error.sentence, error.hint)


def _label(address: CompanionAddress) -> str:
    if isinstance(address, FileAddress):
        return address.label
    protection = "encrypted and verified" if address.tls is not None else "local" if address.is_local else ""
    return f"{address.label} ({protection or 'not encrypted'})"


def _check_schema(companion: Companion, label: str) -> CheckResult:
    outdated = companion.inspect()
    with companion.read() as connection:
        applied = applied_migrations(connection)
        refuse_newer(applied)
    if outdated and companion.on_server and not applied:
        return CheckResult(
            "companion", CheckStatus.NOTE, f"{label} is empty. Its tables will be created when the practice is opened."
        )
    if outdated:
        return CheckResult("companion", CheckStatus.NOTE, f"{label} will be upgraded when the practice is opened.")
    if companion.on_server:
        return CheckResult("companion", CheckStatus.OK, f"{label} answers and is up to date.")
    return CheckResult("companion", CheckStatus.OK, f"{label} exists and is up to date.")


def _check_key(companion: Companion) -> CheckResults:
    """Check that the texts of the local registry's keys can be decrypted; nothing before they are encrypted."""
    with companion.read() as connection:
        if not encrypts_keys(connection):
            return
        current = current_key_id(connection)
        rows = connection.execute(
            select(REGISTRY_KEY.c.fingerprint, REGISTRY_KEY.c.masked, REGISTRY_KEY.c.key_id, REGISTRY_KEY.c.sealed)
        ).all()
    vault = companion.vault
    try:
        present = vault.key_ids()
    except ApiSetupError as error:
        yield CheckResult("companion-key", CheckStatus.WARNING, error.sentence, error.hint)
        return
    if current not in present:
        lost = f" The texts of {_count(len(rows))} can't be read, and none can be added." if rows else ""
        sentence = f"The companion's encryption key {current} isn't in {vault.place}.{lost}"
        yield CheckResult("companion-key", CheckStatus.WARNING, sentence, RESTORE)
        return
    readable = vault.texts(rows)
    unreadable = [row.masked for row in rows if row.fingerprint not in readable]
    if unreadable:
        names = ", ".join(unreadable[:5]) + (", …" if len(unreadable) > 5 else "")
        sentence = f"The texts of {_count(len(unreadable))} can't be read: {names}. They need an earlier key."
        yield CheckResult("companion-key", CheckStatus.WARNING, sentence, _ADD_LINE)
        return
    sentence = f"The encryption key {current} is in {vault.place}; {_count(len(rows))} can be read."
    yield CheckResult("companion-key", CheckStatus.OK, sentence)


def _count(keys: int) -> str:
    return "one API key" if keys == 1 else f"{keys} API keys"
