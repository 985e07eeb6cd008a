"""The check of an Open Dental user: the user's permissions, and whether the user can sign in."""

from __future__ import annotations

from core.check.result import CheckResult, CheckResults, CheckStatus
from core.opendental.permission_types import Permission
from core.practice.practice import Practice
from core.users.service import UserService


def check_user(practice: Practice, name: str | None, *, signs_in: bool) -> CheckResults:
    """Check that a user isn't hidden or locked out, and has the permissions. Nobody is signed in.

    Args:
        practice: The practice.
        name: The user's name; None or empty if none was named.
        signs_in: True if users sign in with a password; in an embedded practice they don't.
    """
    if not name:
        yield CheckResult("user", CheckStatus.NOTE, "No Open Dental user was given.", "Add --user NAME to check one.")
        return
    rights = UserService(practice, "").rights(name)
    if rights is None or rights.hidden:
        reason = "is hidden and can't sign in" if rights else "doesn't exist"
        yield CheckResult("user", CheckStatus.WARNING, f"The Open Dental user {name} {reason}.", "Choose another one.")
        return
    if rights.locked_until is not None:
        yield CheckResult(
            "user-locked",
            CheckStatus.WARNING,
            f"{rights.name} is locked until {rights.locked_until:%H:%M:%S}.",
            "Wait, or use another user.",
        )
    if signs_in and rights.has_blank_password:
        yield CheckResult(
            "user-password",
            CheckStatus.WARNING,
            f"{rights.name} has a blank password in Open Dental, so anyone can sign in with that name.",
            "Set one in Open Dental, Setup > Security.",
        )
    if Permission.AUDIT_TRAIL in rights.permissions and Permission.SETUP not in rights.permissions:
        yield CheckResult(
            "user-setup",
            CheckStatus.NOTE,
            f"{rights.name} lacks the permission Setup, so apisetup opens on the Audit Trail and changes nothing.",
            "To let this user change settings and keys, grant it in Open Dental, Setup > Security.",
        )
        permissions: tuple[Permission, ...] = (Permission.AUDIT_TRAIL,)
    else:
        permissions = (Permission.SETUP, Permission.AUDIT_TRAIL)
    for permission in permissions:
        granted = permission in rights.permissions
        yield CheckResult(
            f"user-{permission.label.lower()}",
            CheckStatus.OK if granted else CheckStatus.WARNING,
            f"{rights.name} {'has' if granted else 'lacks'} the permission {permission.label}.",
            "" if granted else "Someone with SecurityAdmin can grant it in Open Dental, Setup > Security.",
        )
