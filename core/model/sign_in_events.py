"""The events of signing in and out, which every window of Open Dental writes to the Audit Trail."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.event_text import VendorText
from core.model.logged_event import AuditEvent
from core.opendental.log_sources import AUTO_LOG_OFF
from core.opendental.permission_types import Permission

UNKNOWN_USER = "(unknown name)"


@dataclass(frozen=True)
class UserEvent(AuditEvent):
    """A user signed in or out; every window of Open Dental writes these."""

    subject = "A user's sign-in or sign-out."
    permission = Permission.USER_LOG_ON_OFF
    ours = False

    user: VendorText


@dataclass(frozen=True)
class UserLoggedOn(UserEvent):
    """A user signed in."""

    template = "User: {user} has logged on."


@dataclass(frozen=True)
class UserLogOnFailed(UserEvent):
    """A sign-in failed; `UNKNOWN_USER` stands for a name that no user has, since people type passwords there."""

    template = "User: {user} failed to log on."


@dataclass(frozen=True)
class UserLoggedOff(UserEvent):
    """A user signed out."""

    template = "User: {user} has logged off."


@dataclass(frozen=True)
class UserAutoLoggedOff(UserEvent):
    """A user was signed out for inactivity."""

    template = "User: {user} has auto logged off."
    log_source = AUTO_LOG_OFF
