"""The check, before each change, that the user who makes it is still allowed to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Exists, select

from core.base.errors import NotAuthorized
from core.model.actor import Actor
from core.model.logged_event import AuditEvent
from core.model.resolved_change import Outcome
from core.opendental.permission_types import Permission
from core.opendental.schema import GROUP_PERMISSION, USER_GROUP_ATTACH, USER_OD

_HAS_NOT = {False: "no longer has the permission", True: "doesn't have the permission"}
"""The words for a permission that the sign-in checked, and for one that it didn't."""


def require_authorized(
    connection: Connection,
    actor: Actor,
    events: Iterable[AuditEvent],
    *also: ColumnElement[Any],
    required: Callable[[Permission], Permission],
) -> tuple[Any, ...] | None:
    """Check with one statement that a signed-in user still exists, is visible, and has the permissions for a change.

    A user may lose them at any time after the sign-in. Sign-ins and sign-outs need no permission, so that they can
    always be recorded.

    Args:
        connection: Reads from the practice.
        actor: The user.
        events: What the Audit Trail is to say of the change.
        also: Values to read in the same statement.
        required: Returns what this practice requires instead of a permission that its version may lack.

    Returns:
        The values of `also`; None if nothing had to be read.

    Raises:
        NotAuthorized: The user may not make the change.
    """
    named = [each for event in events if (each := _needed_permission(event)) is not None]
    needed = tuple(dict.fromkeys(required(each) for each in named))
    if not needed or actor.user_num <= 0:
        return None
    query = select(USER_OD.c.is_hidden, *(has_permission(each) for each in needed), *also)
    row = connection.execute(query.where(USER_OD.c.user_num == actor.user_num)).one_or_none()
    if row is None:
        raise _not_authorized(
            f"The user {actor.user_name} no longer exists in Open Dental.", "Sign in as another user."
        )
    hidden, granted, values = row[0], row[1 : 1 + len(needed)], row[1 + len(needed) :]
    if hidden:
        raise _not_authorized(
            f"The user {actor.user_name} was hidden in Open Dental, and hidden users can't change anything.",
            "Sign in as another user, or have this one shown again in Open Dental, Setup > Security.",
        )
    for permission, is_granted in zip(needed, granted, strict=True):
        if not is_granted:
            raise _not_authorized(
                f"The user {actor.user_name} {_HAS_NOT[permission is Permission.DEF_EDIT]} {permission.label}.",
                "Someone with SecurityAdmin can grant it in Open Dental, Setup > Security.",
            )
    return tuple(values)


def has_permission(permission: Permission) -> Exists:
    """Return the condition that the user of a row of `userod` has a permission."""
    return (
        select(GROUP_PERMISSION.c.perm_type)
        .join(USER_GROUP_ATTACH, USER_GROUP_ATTACH.c.user_group_num == GROUP_PERMISSION.c.user_group_num)
        .where(
            USER_GROUP_ATTACH.c.user_num == USER_OD.c.user_num,
            GROUP_PERMISSION.c.perm_type == int(permission),
            GROUP_PERMISSION.c.f_key == 0,
        )
        .exists()
    )


def _needed_permission(event: AuditEvent) -> Permission | None:
    """Return the permission that a user needs for what an event records; None for sign-ins and sign-outs."""
    if event.permission is Permission.USER_LOG_ON_OFF:
        return None
    own = (Permission.AUDIT_TRAIL, Permission.DEF_EDIT)
    return event.permission if event.permission in own else Permission.SETUP


def _not_authorized(sentence: str, hint: str) -> NotAuthorized:
    return NotAuthorized(f"{sentence} {Outcome.NOTHING.value}", hint)
