"""TLS to a server on this computer: used if the server offers it, without verifying the server.

It doesn't protect from another program on this computer that takes the server's port. It lets the server's own ways to
sign in be used as they are, since they send the password through TLS.
"""

from __future__ import annotations

import ssl
from typing import Any

from sqlalchemy import Engine, event

from core.database.connect_failure import FailedStep
from core.database.server_connection import ConnectFailed


def encrypt_if_offered(engine: Engine) -> None:
    """Make an engine's connections use TLS if the server offers it.

    Args:
        engine: An engine that was created with the driver's option `ssl_disabled`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        # The driver's own way to do this would load this computer's certificates for each connection, and not use them.
        connection = dialect.connect(*arguments, **options, defer_connect=True)
        connection.ssl, connection.ctx = True, context
        try:
            connection.connect()
        except ConnectFailed as error:
            if error.failure.step is not FailedStep.TLS:
                raise
        else:
            return connection
        # Servers before MySQL 5.7 may offer only versions of TLS that are refused today.
        return dialect.connect(*arguments, **options)
