"""`apisetup keys disable`, `enable` and `remove`: each key gets its own audit entry, and its own result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, OperationNotAllowed
from core.opendental.key_status import KeyStatus
from tui.commands.changes import Confirmation, Made, MadeChange, PlannedChange, ask_for_text, ask_once, make_changes
from tui.commands.key_choice import choose_keys, read_keys
from tui.commands.outcome import report_error
from tui.commands.report import WANTING, OfficeReport

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.subscription import ApiSubscription, SubscriptionChange
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

NO_KEY = "No key matches."


def disable(command: OfficeCommand, session: Session) -> OfficeReport:
    """Disable the chosen keys, and end their subscriptions if the command line says so."""
    keys = _chosen(command, session)
    changes = [_status_change(session, key, KeyStatus.DISABLED_BY_CUSTOMER) for key in keys]
    possible = [key for key, change in zip(keys, changes, strict=True) if change.is_possible]
    subscriptions = _subscriptions(command, session, possible)
    if command.options.end_subscriptions:
        disabled: set[str] = set()
        changes = [_remembered(change, key, disabled) for change, key in zip(changes, keys, strict=True)]
        changes += [_end(session, each, disabled) for each in subscriptions]
    else:
        changes = [_with_notes(change, key, subscriptions) for change, key in zip(changes, keys, strict=True)]
    count = "this key" if len(possible) == 1 else f"these {len(possible)} keys"
    return _make(command, changes, ask_once(command, f"Disable {count}?"))


def enable(command: OfficeCommand, session: Session) -> OfficeReport:
    """Enable the chosen keys, after their end or their number was typed."""
    keys = _chosen(command, session)
    changes = [_status_change(session, key, KeyStatus.ENABLED) for key in keys]
    return _make(command, changes, _typed(command, keys, changes))


def remove(command: OfficeCommand, session: Session) -> OfficeReport:
    """Remove the chosen keys from the local registry, after their end or their number was typed."""
    keys, service = _chosen(command, session), session.office.keys
    changes = [
        PlannedChange(
            key.label,
            f"remove {key.label} with its contact, permissions and agreement date.",
            partial(service.remove, session.actor, key),
            refusal=service.removal_refusal(key),
            details=key_details(key),
        )
        for key in keys
    ]
    return _make(command, changes, _typed(command, keys, changes))


def key_details(key: ApiKey) -> dict[str, Any]:
    """Return what JSON says of the key in a change."""
    return {"fingerprint": key.fingerprint, "key": key.masked, "developer": key.developer}


def _chosen(command: OfficeCommand, session: Session) -> tuple[ApiKey, ...]:
    listed, _ = read_keys(session, for_change=True)
    return choose_keys(command.options, session, listed)


def _make(command: OfficeCommand, changes: Sequence[PlannedChange], confirmed: Confirmation) -> OfficeReport:
    if not changes:
        return OfficeReport(WANTING, {"dry_run": command.dry_run, "changes": []}, [NO_KEY])
    return make_changes(command, changes, confirmed)


def _status_change(session: Session, key: ApiKey, status: KeyStatus) -> PlannedChange:
    refusal = session.office.keys.status_refusal(key, status)
    same = (key.status.enabled and status.enabled) or (key.status.disabled and status.disabled)
    has_it = same and key.known and not key.gone
    named = f"{key.label}: {refusal}" if refusal else ""
    return PlannedChange(
        key.label,
        f"change {key.label} from {key.status.label} to {status.label}.",
        partial(session.office.keys.set_status, session.actor, key, status),
        refusal="" if has_it else named,
        unchanged=named if has_it else "",
        details={
            **key_details(key),
            "before": key.status.name.lower(),
            "after": (key.status if refusal else status).name.lower(),
        },
    )


def _typed(command: OfficeCommand, keys: Sequence[ApiKey], changes: Sequence[PlannedChange]) -> Confirmation:
    """Return the confirmation of what is hard to take back: the end of the key, or the number of keys."""
    possible = [key for key, change in zip(keys, changes, strict=True) if change.is_possible]
    if len(possible) != 1:
        return ask_for_text(command, str(len(possible)), f"{len(possible)}, the number of these keys,")
    ending = possible[0].ending
    by_fingerprint = ending.startswith("#")
    what = f"the key's short fingerprint, {ending}," if by_fingerprint else "the key's last four characters"
    return ask_for_text(command, ending, what)


# -- subscriptions of keys that are being disabled ---------------------------------------


def _subscriptions(command: OfficeCommand, session: Session, keys: Sequence[ApiKey]) -> tuple[ApiSubscription, ...]:
    """Return the subscriptions of some keys that haven't ended.

    Raises:
        ApiSetupError: They can't be read, and the command line says to end them.
    """
    if not keys:
        return ()
    wanted = {key.fingerprint for key in keys}
    try:
        listed = session.office.subscriptions.load().subscriptions
    except ApiSetupError as error:
        if command.options.end_subscriptions:
            raise
        # Disabling a key is urgent, and possible without them.
        report_error(error)
        return ()
    return tuple(each for each in listed if each.fingerprint in wanted and not each.ended)


def _with_notes(change: PlannedChange, key: ApiKey, subscriptions: Sequence[ApiSubscription]) -> PlannedChange:
    """Return the change of a key with a note for each subscription that it leaves as it is."""
    own = [each for each in subscriptions if each.fingerprint == key.fingerprint]
    if not own or not change.is_possible:
        return change
    notes = tuple(f"Not ended: {each.label}. To end it, run: apisetup subscriptions end {each.number}" for each in own)

    def make() -> MadeChange:
        made = change.make()
        return MadeChange(made.sentence, (*made.consequences, *notes))

    return replace(change, make=make, notes=notes)


def _remembered(change: PlannedChange, key: ApiKey, disabled: set[str]) -> PlannedChange:
    """Return the change of a key that remembers whether the key was disabled."""

    def make() -> Made:
        made = change.make()
        disabled.add(key.fingerprint)
        return made

    return replace(change, make=make)


def _end(session: Session, subscription: ApiSubscription, disabled: set[str]) -> PlannedChange:
    def make() -> SubscriptionChange:
        if subscription.fingerprint not in disabled:
            raise OperationNotAllowed(f"Not ended: {subscription.label}, because its key was not disabled.")
        return session.office.subscriptions.end(session.actor, subscription)

    return PlannedChange(
        subscription.label,
        f"end {subscription.label}.",
        make,
        details={"subscription": subscription.number, "developer": subscription.developer or None},
    )
