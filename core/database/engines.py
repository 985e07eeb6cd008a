"""Engines for MySQL, MariaDB and SQLite, and connections that refuse to write."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from core.base.current_directory import absolute_path, real_path
from core.base.errors import ConfigurationError, StorageFailed
from core.base.partial_file import PartialFile, remove_leftovers
from core.base.private_file import create_private_directory
from core.database.database_file import database_exists, require_content, require_private_database
from core.database.local_host import plain_host
from core.database.statement_cache import STATEMENTS
from core.database.statement_log import log_statements
from core.opendental.sqlite_hashes import register_functions

if TYPE_CHECKING:
    from core.base.secret import Secret
    from core.database.address import ServerAddress

CONNECT_SECONDS = 5
ATTEMPT_SECONDS = 20
"""The deadline of a whole attempt to connect: name, network, TLS, and everything until the first statement."""
READ_SECONDS = 20
ANSWER_SECONDS = 60
"""The deadline of a whole answer to a statement, however slowly its bytes arrive."""
WRITE_SECONDS = 20
_EARLIER = 1
"""Seconds. The server stops a statement this much before the program stops waiting, and says that it was slow."""
_SQLITE_BUSY_SECONDS = 5

# Open Dental sets the server's sql_mode to blank, and then MySQL silently truncates values that don't fit. Our sessions
# are strict, for every storage engine. Lock timeouts are shorter than the read timeout, which would close the
# connection. Reads need no transaction, and changes begin one. The driver would set the names in one more round trip.
_SESSION = (
    "SET NAMES utf8mb4, SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout=10,"
    " lock_wait_timeout=15, group_concat_max_len=16777216, autocommit=1"
)
# A server goes on with a statement whose client no longer waits, so it is told for how long. A shorter limit that the
# server has already stays. Each server runs the comment that is meant for it (MariaDB has no MySQL 5.7, and MySQL takes
# the first one for a comment), and servers before MariaDB 10.1.2 and MySQL 5.7.8 run neither. MySQL limits SELECT only.
_LIMIT = (
    "/*M!100102 , max_statement_time=IF("
    "@@max_statement_time BETWEEN 0.001 AND {seconds}, @@max_statement_time, {seconds}) */"
    " /*!50708 , max_execution_time=CAST(IF("
    "@@max_execution_time BETWEEN 1 AND {seconds} * 1000, @@max_execution_time, {seconds} * 1000) AS UNSIGNED) */"
)

WITHOUT_TRANSACTIONS = "without_transactions"
"""The execution option of an engine whose database ignores transactions (MyISAM), or of a connection for statements
that run outside one (SQLite's VACUUM): none is begun."""


class WriteInReadSession(RuntimeError):
    """A programming error: a connection with the execution option `read_only` was used for something but reading."""


def server_engine(address: ServerAddress, password: Secret) -> Engine:
    """Create an engine for a server. It connects on first use.

    Connections use utf8mb4, which every supported server has and which can represent every value of a three-byte
    column. Characters that a column can't hold are replaced before they are written.

    Raises:
        ConfigurationError: A TLS file, the server's public key or the password can't be used.
    """
    # A practice in a file needs none of these, nor SQLAlchemy's dialect for MySQL, which they import.
    from core.database.authentication import authentication_plugins, read_server_key
    from core.database.local_tls import encrypt_if_offered
    from core.database.server_dialect import DRIVER, replace_dead_connections

    url = URL.create(
        DRIVER,
        username=address.user,
        host=plain_host(address.host),
        port=address.port,
        database=address.database,
    )
    options: dict[str, Any] = {"unix_socket": address.socket} if address.socket else {}
    options |= {"ssl": address.tls.context()} if address.tls is not None else {"ssl_disabled": True}
    server_key = read_server_key(address.server_public_key) if address.server_public_key is not None else None
    options["auth_plugin_map"] = authentication_plugins(verified=address.is_verified, server_key=server_key)
    engine = create_engine(
        url,
        pool_size=2,
        max_overflow=2,
        hide_parameters=True,
        execution_options={"compiled_cache": STATEMENTS},
        connect_args={
            # With MySQL's own client, passwords are UTF-8 on nearly every terminal. PyMySQL would send Latin-1.
            "password": _encode(password),
            "attempt_seconds": ATTEMPT_SECONDS,
            "answer_seconds": ANSWER_SECONDS,
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
            "write_timeout": WRITE_SECONDS,
            "charset": "utf8mb4",
            "init_command": _session(),
            "autocommit": None,
            **options,
        },
    )
    if address.tls_if_offered:
        encrypt_if_offered(engine)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("read_only", False) and not options.get(WITHOUT_TRANSACTIONS, False):
            connection.exec_driver_sql("BEGIN")

    return with_listeners(replace_dead_connections(engine))


def _session() -> str:
    """Return the statement that sets all session variables."""
    return f"{_SESSION} {_LIMIT.format(seconds=max(READ_SECONDS - _EARLIER, 1))}"


def _encode(password: Secret) -> bytes:
    """Return a password as bytes. Those of an environment variable that aren't UTF-8 are sent as they are."""
    with suppress(UnicodeEncodeError):
        return password.reveal().encode("utf-8", "surrogateescape")
    # Raised outside the handler, because UnicodeEncodeError contains the password and would be chained.
    raise ConfigurationError("The database password has a character that can't be encoded.", "Type it again.")


def file_engine(path: Path, *, is_temporary: bool = False) -> Engine:
    """Create an engine for an SQLite file. A missing file is created with mode 0600.

    Args:
        path: The file.
        is_temporary: Nobody needs the file after a crash, so nothing waits for the disk.

    Raises:
        StorageFailed: The file can't be created, is empty or no regular file, or other accounts can access it.
    """
    _create_file(path)
    if not is_temporary:
        require_content(path)
    engine = _existing_file_engine(path)
    if is_temporary:

        @event.listens_for(engine, "connect")
        def _write_without_waiting(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA synchronous=OFF")

    return engine


def _existing_file_engine(path: Path) -> Engine:
    require_private_database(path)

    def connect() -> sqlite3.Connection:
        # SQLite's default would create a file that was removed meanwhile, empty and readable by others.
        uri = f"{absolute_path(path).as_uri()}?mode=rw"
        return sqlite3.connect(uri, timeout=_SQLITE_BUSY_SECONDS, check_same_thread=False, uri=True)

    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=connect,
        poolclass=NullPool,
        hide_parameters=True,
        execution_options={"compiled_cache": STATEMENTS},
    )

    @event.listens_for(engine, "connect")
    def _prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
        # The sqlite3 module begins transactions late and commits before DDL. With None, it leaves them to _begin.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        register_functions(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writing transaction takes the lock first, so that it waits before its first change and not in the middle.
        options = connection.get_execution_options()
        if options.get(WITHOUT_TRANSACTIONS, False):
            return
        read_only = options.get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return with_listeners(engine)


def read_only_file_engine(path: Path) -> Engine:
    """Create an engine for an existing SQLite file. SQLite refuses every write.

    Raises:
        StorageFailed: The file doesn't exist, isn't a regular file, or other accounts can access it.
    """
    if not database_exists(path):
        raise StorageFailed(f"File not found: {path}.", "Name another file, or start without --read-only to create it.")
    require_content(path)
    engine = _existing_file_engine(path)

    @event.listens_for(engine, "connect")
    def _forbid_writing(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    return engine


def refuse_writes(engine: Engine) -> Engine:
    """Make the server refuse writes on new connections of an engine, and return the engine.

    MariaDB and MySQL 5.6 or later support this. On older servers nothing happens.
    """

    @event.listens_for(engine, "connect")
    def _begin_read_only(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor, suppress(connection.ProgrammingError):
            cursor.execute("SET SESSION TRANSACTION READ ONLY")

    return engine


def _create_file(path: Path) -> None:
    """Create a file that holds an empty database, if there is none.

    It gets its name when it is complete, so that an empty file is always one that lost its content: neither a killed
    program nor one that starts at the same time ever leaves or sees one.
    """
    if database_exists(path):
        return
    target = real_path(path)
    try:
        create_private_directory(target.parent)
        remove_leftovers(target.parent)
        with PartialFile(target.parent) as partial, suppress(FileExistsError):
            partial.create()
            partial.write(_empty_database())
            partial.sync()
            partial.link(target)
    except OSError as error:
        raise StorageFailed(
            f"The file {path} cannot be created: {error.strerror}.",
            "Check the directory's permissions and the disk's free space.",
        ) from error


def _empty_database() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        # Something must have been written, or there is no first page.
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA user_version = 0")
        return connection.serialize()


def with_listeners(engine: Engine) -> Engine:
    """Log the statements of an engine, refuse writes over its reading connections, and return it."""
    return log_statements(_enforce_read_sessions(engine))


# SQLAlchemy's inspector uses the first two pragmas to read columns. Other pragmas can write.
_READING_STATEMENT = re.compile(
    r"[\s(]*(SELECT|BEGIN|SHOW)\b|\s*PRAGMA\s+((\w+\.)?table_x?info\(|quick_check$)", re.IGNORECASE
)


def _enforce_read_sessions(engine: Engine) -> Engine:
    """Make connections with the execution option `read_only` refuse every statement that could write."""

    @event.listens_for(engine, "before_cursor_execute")
    def _refuse_writes(
        connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        if not connection.get_execution_options().get("read_only", False):
            return
        if not _READING_STATEMENT.match(statement):
            raise WriteInReadSession(statement.split(None, 1)[0])

    return engine
