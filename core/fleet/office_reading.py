"""Reading one of many offices: what a list of offices shows of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError, HeadquartersError, LoginRefused, ServerUnreachable
from core.diagnosis.econnector import EConnector, EConnectorState
from core.diagnosis.facts import Maybe
from core.model.age import format_ago
from core.model.api_key import ApiKey, KeyList
from core.model.fleet import FleetKey, FleetSubscription, OfficeAnswer, Reach
from core.opendental.key_status import KeyStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.model.actor import Actor
    from core.model.developer_use import DeveloperUse
    from core.office.office import Office


def read_answer(office: Office, *, actor: Actor | None = None) -> OfficeAnswer:
    """Read an open office.

    Args:
        office: The office.
        actor: The user who signed in there. For a user, headquarters is asked for its list if it manages the keys, and
            the subscriptions are read; None reads only what is known without asking anybody else.

    Raises:
        PracticeUnavailable: The office can't be read.
    """
    signs = office.diagnosis.life_signs()
    if actor is not None:
        renew_list(office, actor)
    listed = office.keys.list()
    use = office.use.known({key.developer for key in listed.keys}, signs.now.date())
    verified_at, verdict = office.last_verification.read() or (None, "")
    info = office.info
    return OfficeAnswer(
        title=info.title,
        database=f"{info.database} @ {info.host}" if info.host else info.database,
        version=info.version,
        api_on=signs.program.enabled if signs.program is not None else None,
        econnector=_describe_econnector(signs.econnector, signs.now),
        keys=tuple(_fleet_key(office, key, use) for key in listed.keys if not key.gone),
        authority=listed.authority.label,
        refusal=listed.authority.refusal,
        subscriptions=_read_subscriptions(office, listed, signs.now) if actor is not None else None,
        verified=verdict,
        verified_at=verified_at,
        list_age_seconds=_list_age(listed.as_of, signs.now),
    )


def reach_of(error: ApiSetupError) -> Reach:
    """Return what an error of opening an office says about reaching it."""
    if isinstance(error, ServerUnreachable):
        return Reach.NO_ANSWER
    if isinstance(error, LoginRefused):
        return Reach.REFUSED
    return Reach.UNUSABLE


def renew_list(office: Office, actor: Actor) -> None:
    """Ask a remote authority for its list. If it doesn't answer, the listing itself says so."""
    try:
        fetched = office.keys.fetch()
    except HeadquartersError:
        return
    if fetched is not None:
        office.keys.apply_list(actor, fetched)


def _list_age(as_of: datetime | None, now: datetime) -> int:
    return max(0, int((now - as_of).total_seconds())) if as_of is not None else 0


def _read_subscriptions(office: Office, listed: KeyList, now: datetime) -> tuple[FleetSubscription, ...]:
    active = office.subscriptions.active(listed.keys, now)
    return tuple(FleetSubscription(each.number, each.fingerprint, each.label) for each in active)


def _fleet_key(office: Office, key: ApiKey, use: Mapping[str, DeveloperUse]) -> FleetKey:
    known = use.get(key.developer)
    changed = known.last if known is not None and known.last is not None else None
    if key.status.disabled and key.date_disabled is not None:
        changed = max(changed, key.date_disabled) if changed is not None else key.date_disabled
    refusal = office.keys.status_refusal(key, KeyStatus.DISABLED_BY_CUSTOMER)
    return FleetKey(key.fingerprint, key.masked, key.developer, key.status, key.developer_number, changed, refusal)


def _describe_econnector(econnector: Maybe[EConnector], now: datetime) -> str:
    if not isinstance(econnector, EConnector):
        return ""
    silent = "" if econnector.last_sign is None else f", last sign {format_ago(now - econnector.last_sign)}"
    state = econnector.state
    return f"{state.value}{silent}" if state is EConnectorState.DOWN else state.value
