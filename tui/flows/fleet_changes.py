"""Cutting a developer off in many offices, continuing that after a crash, and taking it back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.base.errors import ConfigurationError, InvalidInput
from core.base.plural import count_of
from tui.flows.fleet_sign_in import sign_in_many
from tui.flows.typed_values import ask_until_saved
from tui.modals.fleet_change import FleetChangeScreen
from tui.modals.prompt import Prompt

if TYPE_CHECKING:
    from core.fleet.developers import Developer
    from core.fleet.fleet import Fleet
    from core.fleet.receipt import ReadReceipt
    from core.model.fleet_change import FleetPlan
    from core.offices.paths import Paths
    from tui.platform.background_work import BackgroundWork
    from tui.platform.base_screen import BaseScreen


async def cut_off(screen: BaseScreen[Any], fleet: Fleet, work: BackgroundWork, paths: Paths, name: str) -> None:
    """Sign in where nobody is, show what cutting a developer off would do, and do it. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        fleet: The offices.
        work: Shows the progress of the sign-in.
        paths: Where the receipt is written.
        name: A name of the developer.
    """
    from core.fleet.cut_off_plan import plan_cut_off

    await _sign_in_where_needed(screen, fleet, work)
    developer = await screen.call_service(partial(_find, fleet, name), group="fleet-open")
    if developer is None:
        screen.show_status("This developer has no key any more.", "problem")
        return
    await _show(screen, fleet, paths, plan_cut_off(developer, fleet.states, fleet.new_receipt_number()))


async def enable_receipt(screen: BaseScreen[Any], fleet: Fleet, work: BackgroundWork, paths: Paths) -> None:
    """Ask for a receipt, show what taking it back would do, and do it. Call it from a flow."""
    from core.fleet.cut_off_plan import plan_way_back

    def dialog(typed: str | None) -> Prompt[str]:
        lines = [
            "Enables exactly what a receipt disabled, and nothing that was changed since.",
            "",
            "The number of the receipt, or the path of its JSON file:",
        ]
        return Prompt("Take back a receipt", lines, typed or "", _require_text)

    async def read(typed: str) -> ReadReceipt:
        return await screen.call_service(partial(_read, fleet, paths.receipts, typed), group="fleet-open")

    found = await ask_until_saved(screen, dialog, read)
    if found is None:
        screen.show_status("Nothing was changed.")
        return
    await _sign_in_where_needed(screen, fleet, work, [result.office for result in found.results])
    plan = plan_way_back(found.plan, found.results, fleet.new_receipt_number(), found.sha256)
    await _show(screen, fleet, paths, plan)


async def continue_change(screen: BaseScreen[Any], fleet: Fleet, work: BackgroundWork, paths: Paths) -> None:
    """Continue the change that was interrupted. Call it from a flow."""
    plan = await screen.call_service(fleet.store.interrupted, group="fleet-open")
    if plan is None:
        screen.show_status("No change in several offices was interrupted.")
        return
    await _sign_in_where_needed(screen, fleet, work, [office.office for office in plan.offices])
    await _show(screen, fleet, paths, plan, continues=True)


def interrupted_sentence(fleet: Fleet) -> str:
    """Return a sentence about the change that was interrupted; empty if none was. Blocks.

    Raises:
        PracticeUnavailable: The journal can't be read.
    """
    plan = fleet.store.interrupted()
    if plan is None:
        return ""
    done = sum(result.is_settled for result in fleet.store.results(plan.receipt).values())
    verb = "Disabling" if plan.disables else "Enabling"
    return f"{verb} {plan.developer} was interrupted: {done} of {count_of(len(plan.offices), 'office')} done."


async def _show(
    screen: BaseScreen[Any], fleet: Fleet, paths: Paths, plan: FleetPlan, *, continues: bool = False
) -> None:
    await screen.app.push_screen_wait(FleetChangeScreen(fleet, plan, paths.receipts, continues=continues))


async def _sign_in_where_needed(
    screen: BaseScreen[Any], fleet: Fleet, work: BackgroundWork, offices: list[str] | None = None
) -> None:
    wanted = [state for state in fleet.states if offices is None or state.office in offices]
    if not all(state.signed_in_as for state in wanted):
        await sign_in_many(screen, fleet, work, offices)


def _find(fleet: Fleet, name: str) -> Developer | None:
    from core.fleet.developers import find_developer, find_developers

    return find_developer(find_developers(fleet.states, fleet.store.joined_names()), name)


def _require_text(typed: str) -> str:
    if not typed.strip():
        raise InvalidInput("receipt", "Enter the number of a receipt, or a path.")
    return typed.strip()


def _read(fleet: Fleet, receipts: Path, typed: str) -> ReadReceipt:
    """Read the receipt that was typed. Blocks.

    Raises:
        ApiSetupError: It can't be read, or isn't one that disabled keys.
    """
    from core.fleet.receipt import find_receipt, read_receipt

    is_path = "/" in typed or typed.endswith(".json")
    found = read_receipt(Path(typed).expanduser() if is_path else find_receipt(fleet.store, receipts, typed.upper()))
    if not found.plan.disables:
        raise ConfigurationError("This receipt enabled keys.", "Name one of keys that were disabled.")
    return found
