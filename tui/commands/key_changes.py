"""`apisetup keys disable`, `enable` and `remove`: each key gets its own audit entry, and its own result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError
from core.opendental.key_status import KeyStatus
from tui.commands.confirmation import confirm, confirm_with
from tui.commands.key_choice import choose_keys, read_keys
from tui.commands.outcome import report_error
from tui.commands.report import WANTING, ChangeResult, ChangeState, OfficeReport, report_changes

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.subscription import ApiSubscription
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_NONE = OfficeReport(WANTING, {"dry_run": False, "changes": []}, ["No key matches."])
Confirmation = Callable[[Sequence["ApiKey"], Sequence[str]], bool]


def disable(command: OfficeCommand, session: Session) -> OfficeReport:
    """Disable the chosen keys, and end their subscriptions if the command line says so."""

    def confirmed(keys: Sequence[ApiKey], lines: Sequence[str]) -> bool:
        return confirm(command.options, lines, f"Disable {counted(len(keys))}?")

    return _set_status(command, session, KeyStatus.DISABLED_BY_CUSTOMER, confirmed)


def enable(command: OfficeCommand, session: Session) -> OfficeReport:
    """Enable the chosen keys, after their end or their number was typed."""

    def confirmed(keys: Sequence[ApiKey], lines: Sequence[str]) -> bool:
        return _confirm_typed(command, keys, lines)

    return _set_status(command, session, KeyStatus.ENABLED, confirmed)


def remove(command: OfficeCommand, session: Session) -> OfficeReport:
    """Remove the chosen keys from the local registry, after their end or their number was typed."""
    service = session.office.keys
    keys = choose_keys(command.options, session, service.list())
    if not keys:
        return _NONE
    refusals = {key.fingerprint: service.removal_refusal(key) for key in keys}
    possible = [key for key in keys if not refusals[key.fingerprint]]
    lines = [f"Remove: {key.label}" for key in possible]
    go_on = command.dry_run or not possible or _confirm_typed(command, possible, lines)

    def result(key: ApiKey) -> ChangeResult:
        details = key_details(key)
        if refusals[key.fingerprint]:
            return ChangeResult(key.label, ChangeState.REFUSED, refusals[key.fingerprint], (), details)
        if command.dry_run:
            return ChangeResult(key.label, ChangeState.PLANNED, f"remove {key.label}.", (), details)
        if not go_on:
            return not_confirmed(key.label, details)
        try:
            change = service.remove(session.actor, key)
        except ApiSetupError as error:
            return ChangeResult.of_error(key.label, error, **details)
        return ChangeResult(key.label, ChangeState.DONE, change.sentence, change.consequences, details)

    return report_changes([result(key) for key in keys], dry_run=command.dry_run)


def not_confirmed(subject: str, details: dict[str, Any] | None = None) -> ChangeResult:
    """Return the result of a change that nobody confirmed."""
    return ChangeResult(subject, ChangeState.NOT_CONFIRMED, "Nothing was changed.", (), details or {})


def key_details(key: ApiKey) -> dict[str, Any]:
    """Return what JSON says of the key in a change."""
    return {"fingerprint": key.fingerprint, "key": key.masked, "developer": key.developer}


def counted(number: int) -> str:
    """Return a number of keys in words."""
    return "this key" if number == 1 else f"these {number} keys"


def _set_status(command: OfficeCommand, session: Session, status: KeyStatus, confirmed: Confirmation) -> OfficeReport:
    listed, _ = read_keys(session, for_change=True)
    keys = choose_keys(command.options, session, listed)
    if not keys:
        return _NONE
    service = session.office.keys
    possible = [key for key in keys if not service.status_refusal(key, status)]
    subscriptions = _subscriptions(command, session, possible) if status.disabled else {}
    lines = [f"{key.label}: {key.status.label} → {status.label}" for key in possible]
    go_on = command.dry_run or not possible or confirmed(possible, lines)
    results: list[ChangeResult] = []
    for key in keys:
        if key not in possible:
            results.append(_nothing_to_do(key, status, service.status_refusal(key, status)))
        elif command.dry_run:
            results.append(_plan(command, key, status, subscriptions.get(key.fingerprint, ())))
        elif not go_on:
            results.append(not_confirmed(key.label, _details(key, key.status)))
        else:
            results += _change(command, session, key, status, subscriptions.get(key.fingerprint, ()))
    return report_changes(results, dry_run=command.dry_run)


def _nothing_to_do(key: ApiKey, status: KeyStatus, refusal: str) -> ChangeResult:
    """Return the result for a key that has this status already, or can't have it."""
    same = (key.status.enabled and status.enabled) or (key.status.disabled and status.disabled)
    has_it = same and key.known and not key.gone
    state = ChangeState.UNCHANGED if has_it else ChangeState.REFUSED
    return ChangeResult(key.label, state, f"{key.label}: {refusal}", (), _details(key, key.status))


def _plan(
    command: OfficeCommand, key: ApiKey, status: KeyStatus, subscriptions: Sequence[ApiSubscription]
) -> ChangeResult:
    ending = command.options.end_subscriptions if subscriptions else False
    notes = tuple(f"{'would end' if ending else 'not ended'}: {each.label}" for each in subscriptions)
    sentence = f"change {key.label} from {key.status.label} to {status.label}."
    return ChangeResult(key.label, ChangeState.PLANNED, sentence, notes, _details(key, status))


def _change(
    command: OfficeCommand,
    session: Session,
    key: ApiKey,
    status: KeyStatus,
    subscriptions: Sequence[ApiSubscription],
) -> list[ChangeResult]:
    try:
        change = session.office.keys.set_status(session.actor, key, status)
    except ApiSetupError as error:
        return [ChangeResult.of_error(key.label, error, **_details(key, status))]
    ends = bool(subscriptions) and command.options.end_subscriptions
    notes = (*change.consequences, *(() if ends else map(_not_ended, subscriptions)))
    done = ChangeResult(key.label, ChangeState.DONE, change.sentence, notes, _details(key, status))
    return [done, *(_end(session, each) for each in (subscriptions if ends else ()))]


def _not_ended(subscription: ApiSubscription) -> str:
    return f"Not ended: {subscription.label}. To end it, run: apisetup subscriptions end {subscription.number}"


def _end(session: Session, subscription: ApiSubscription) -> ChangeResult:
    try:
        change = session.office.subscriptions.end(session.actor, subscription)
    except ApiSetupError as error:
        return ChangeResult.of_error(subscription.label, error, subscription=subscription.number)
    details = {"subscription": subscription.number}
    return ChangeResult(subscription.label, ChangeState.DONE, change.sentence, change.consequences, details)


def _subscriptions(
    command: OfficeCommand, session: Session, keys: Sequence[ApiKey]
) -> dict[str, list[ApiSubscription]]:
    """Return the subscriptions of some keys that haven't ended, by the keys' fingerprints.

    Raises:
        ApiSetupError: They can't be read, and the command line says to end them.
    """
    wanted = {key.fingerprint for key in keys}
    found: dict[str, list[ApiSubscription]] = {}
    try:
        listed = session.office.subscriptions.load().subscriptions if wanted else ()
    except ApiSetupError as error:
        if command.options.end_subscriptions:
            raise
        # Disabling a key is urgent, and possible without them.
        report_error(error)
        return {}
    for each in listed:
        if each.fingerprint in wanted and not each.ended:
            found.setdefault(each.fingerprint, []).append(each)
    return found


def _details(key: ApiKey, after: KeyStatus) -> dict[str, Any]:
    return {**key_details(key), "before": key.status.name.lower(), "after": after.name.lower()}


def _confirm_typed(command: OfficeCommand, keys: Sequence[ApiKey], lines: Sequence[str]) -> bool:
    if len(keys) > 1:
        return confirm_with(command.options, lines, str(len(keys)), f"{len(keys)}, the number of these keys,")
    by_fingerprint = keys[0].ending.startswith("#")
    what = f"the short fingerprint {keys[0].ending}" if by_fingerprint else "the key's last four characters"
    return confirm_with(command.options, lines, keys[0].ending, what)
