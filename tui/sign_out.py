"""Signing out and closing an office in a thread, so that a server that doesn't answer never keeps the program open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError
from tui.platform.shell import SHUTDOWN_TIMEOUT

if TYPE_CHECKING:
    from core.office.office import Office
    from core.offices.open_request import OpenRequest
    from tui.session import Session

Record = Callable[[ApiSetupError], None]
"""Writes an error to the log."""


def session_to_sign_out(session: Session | None, request: OpenRequest | None) -> Session | None:
    """Return a session if its end is logged; a practice without sign-in and a read-only session log none."""
    if session is None or request is None or not request.on_server:
        return None
    return session if session.signed_in.writable else None


async def close_office(office: Office, session: Session | None, record: Record) -> None:
    """Sign out and close an office; give up waiting after `SHUTDOWN_TIMEOUT`.

    Args:
        office: The office to close.
        session: The session whose end is logged; None if none is.
        record: Called in the thread with the error if signing out failed.
    """
    closed, loop = asyncio.Event(), asyncio.get_running_loop()

    def close() -> None:
        _sign_out_and_close(office, session, record)
        # The loop may have been closed in the meantime.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=close, name="sign-out", daemon=True).start()
    with suppress(TimeoutError):
        async with asyncio.timeout(SHUTDOWN_TIMEOUT):
            await closed.wait()


def close_office_and_wait(office: Office, session: Session | None, record: Record) -> None:
    """Do what `close_office` does when no event loop runs any more."""
    thread = threading.Thread(target=_sign_out_and_close, args=(office, session, record), name="sign-out", daemon=True)
    thread.start()
    thread.join(SHUTDOWN_TIMEOUT)


def _sign_out_and_close(office: Office, session: Session | None, record: Record) -> None:
    try:
        if session is not None:
            session.office.users.sign_out(session.actor)
    except ApiSetupError as error:
        record(error)
    finally:
        office.close()
