"""The check of a whole practice, from the network address to the user's permissions. It writes nothing anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import Engine, text

from core.base.errors import (
    ApiSetupError,
    InsecureConnection,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    ServerUnreachable,
)
from core.base.secret import Secret
from core.check.companion import check_companion
from core.check.connection import check_address, check_database_user, check_tls, connect
from core.check.database import (
    check_clock,
    check_grants,
    check_indexes,
    check_schema,
    check_server_settings,
    check_versions,
)
from core.check.headquarters import check_authority
from core.check.result import CheckResult, CheckResults, CheckStatus, not_checked
from core.check.settings import check_settings
from core.check.user import check_user
from core.companion.store import PRACTICE_LOSS
from core.database.address import Address, FileAddress, ServerAddress
from core.database.database_file import name_damaged_file
from core.database.driver_errors import translate_errors
from core.database.engines import read_only_file_engine, refuse_writes, server_engine
from core.offices.open_request import OpenRequest
from core.practice.inspection import inspect_database
from core.practice.practice import OPENED_READ_ONLY, Practice

_SERVER_STEPS = ("address", "server", "tls", "database-user", "practice")
"""The checks that depend on each other, in their order: after a failure, those that follow are not made."""
_FILE_STEPS = ("address", "practice")
_STEP_OF_ERROR = {
    ServerUnreachable: "server",
    InsecureConnection: "tls",
    LoginRefused: "database-user",
    NoSuchDatabase: "practice",
    NotAPractice: "practice",
}


def check_office(request: OpenRequest, password: Secret, user: str | None) -> tuple[CheckResult, ...]:
    """Check a practice. Blocks.

    Args:
        request: The practice.
        password: The password of the database user.
        user: The name of an Open Dental user whose permissions are checked, without signing in; None for nobody.
    """
    steps = _SERVER_STEPS if request.on_server else _FILE_STEPS
    first = check_address(request.office.address)
    results = [first]
    if first.status is CheckStatus.FAILED:
        return (first, *map(not_checked, steps[1:]))
    try:
        with _name_damaged(request.office.address), _open_engine(request.office.address, password) as engine:
            # An error ends the iteration; the results up to it stay in the list.
            results.extend(_check_practice(request, engine, user))
    except ApiSetupError as error:
        results.extend(_failure_results(error, steps, {result.id for result in results}))
    return tuple(results)


def _failure_results(error: ApiSetupError, steps: tuple[str, ...], done: set[str]) -> CheckResults:
    """Yield a failure of the step that the error is about, and that the steps after it were not checked.

    Args:
        error: The error that ended the check.
        steps: The steps for this kind of address.
        done: The IDs of the checks that have a result.
    """
    # An error that is typical of no step is attributed to the first one without a result.
    first_open = next((step for step in steps if step not in done), steps[1])
    failed = next((step for kind, step in _STEP_OF_ERROR.items() if isinstance(error, kind)), first_open)
    yield CheckResult(failed, CheckStatus.FAILED, error.sentence, error.hint)
    yield from (not_checked(step) for step in steps[steps.index(failed) + 1 :] if step not in done)


@contextmanager
def _open_engine(address: Address, password: Secret) -> Iterator[Engine]:
    if isinstance(address, ServerAddress):
        engine = refuse_writes(server_engine(address, password))
    else:
        engine = read_only_file_engine(address.path)
    try:
        yield engine
    finally:
        engine.dispose()


def _name_damaged(address: Address) -> AbstractContextManager[None]:
    return name_damaged_file(address.path, PRACTICE_LOSS) if isinstance(address, FileAddress) else nullcontext()


def _check_practice(request: OpenRequest, engine: Engine, user: str | None) -> CheckResults:
    address, runtime = request.office.address, request.context.runtime
    opened = yield from connect(address, engine)
    with translate_errors(), opened as writable:
        connection = writable.execution_options(read_only=True)
        connection.scalar(text("SELECT 1"))
        if isinstance(address, ServerAddress):
            yield CheckResult("server", CheckStatus.OK, "The server answers.")
            yield check_tls(address, connection)
            yield check_database_user(connection)
        profile = inspect_database(connection)
        yield CheckResult("practice", CheckStatus.OK, profile.practice_title or "(practice without a title)")
        yield from check_versions(profile)
        yield from check_schema(profile)
        if profile.host:
            yield from check_server_settings(connection)
            yield from check_indexes(connection)
            yield from check_grants(connection, profile)
            yield from check_clock(connection, runtime.clock)
    practice = Practice(engine, profile, runtime.clock, runtime.random, read_only=OPENED_READ_ONLY)
    yield check_settings(practice)
    account = user if request.on_server else runtime.account
    yield from check_user(practice, account, signs_in=request.on_server)
    yield from _check_companion(request)
    yield from check_authority(practice, request)


def _check_companion(request: OpenRequest) -> CheckResults:
    try:
        source = request.companion_source()
    except ApiSetupError as error:
        yield CheckResult("companion", CheckStatus.WARNING, error.sentence, error.hint)
        return
    yield from check_companion(source, shared=not request.on_server)
