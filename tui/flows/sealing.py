"""Sealing the Audit Trail from a screen: after a question, or once a day in the background."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError
from core.base.program_version import program_version
from core.model.audit_entry import counted
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.seals.seal import Seal
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def seal_trail(screen: BaseScreen[Any], session: Session) -> None:
    """Ask, and seal all entries since the last seal. Call it from a flow.

    Raises:
        ApiSetupError: Nothing was sealed.
    """
    session.require_writable()
    seals = await screen.call_service(lambda: session.office.seals.seals(), group="seal")
    question = Question(
        "Seal the Audit Trail",
        [
            _state(seals),
            "",
            "A seal proves later that no entry before it was altered, inserted or deleted.",
            "This is recorded in the Audit Trail.",
        ],
        Answer("ctrl+s", "Seal", "seal"),
    )
    if await screen.app.push_screen_wait(question) is None:
        return
    with screen.busy("Sealing…"):
        seal, not_copied = await _seal(screen, session, background=False)
    if not_copied is not None:
        screen.show_problem(not_copied)
        return
    screen.show_status(f"Seal {seal.content.number} made: {counted(seal.content.entries)}.", "ok")


async def seal_if_due(screen: BaseScreen[Any], session: Session) -> None:
    """Seal in the background if the last seal is a day old. Call it from a worker.

    Raises:
        ApiSetupError: Nothing was sealed, or the seal could not be copied to the seal directory.
    """
    if not session.signed_in.writable:
        return
    if await screen.call_service(lambda: session.office.seals.is_due(), group="daily seal"):
        _seal_made, not_copied = await _seal(screen, session, background=True)
        if not_copied is not None:
            raise not_copied


async def _seal(screen: BaseScreen[Any], session: Session, *, background: bool) -> tuple[Seal, ApiSetupError | None]:
    from core.seals.service import copy_safely

    service, group = session.office.seals, "daily seal" if background else "seal"
    sealing = await screen.call_service(partial(service.sealing, session.actor, program_version()), group=group)
    try:
        while not (await screen.call_service(sealing.read_batch, group=group)).complete:
            pass
        seal = await screen.commit(sealing.store, background=background)
    finally:
        sealing.discard()
    return seal, await screen.call_service(partial(copy_safely, service, seal), group=group)


def _state(seals: list[Seal]) -> str:
    if not seals:
        return "No seals yet. The first one covers all entries and creates the seal key."
    last = seals[-1].content
    return f"The last seal is seal {last.number}, by {last.actor}. The new one covers the entries since then."
