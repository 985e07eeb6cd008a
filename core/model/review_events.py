"""The audit events of notes on keys and of reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model.event_text import (
    Chosen,
    Day,
    FreeText,
    Label,
    NoteChanges,
    Number,
    OpenKeys,
    Permissions,
    Remark,
    Restored,
    UndoneEntry,
)
from core.model.key_events import KeyEvent
from core.model.logged_event import FORMER_NAMES, REVIEW, AuditEvent, Edit


@dataclass(frozen=True)
class KeyNoteChanged(KeyEvent):
    """The notes on an API key were edited."""

    template = "API key {key} notes changed by {user}: {change}{undoes}"
    changes_practice = True

    key: Label
    user: FreeText
    change: NoteChanges
    undoes: UndoneEntry = 0

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The fields before and after."""
        return tuple(Edit(each.setting.value, each.before, each.after) for each in self.change)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The fields after."""
        return {each.setting.value: each.after for each in self.change}

    @property
    def undone_entry(self) -> int:
        """The entry that the change undid."""
        return self.undoes

    @property
    def summary(self) -> str:
        """The fields that changed; the entry has what they were and are."""
        return f"Notes: {', '.join(each.setting.value for each in self.change)}"


@dataclass(frozen=True)
class FormerNamesChanged(AuditEvent):
    """The former names of a developer were edited; they decide which entries count as its changes."""

    template = "Former names of developer {developer} changed by {user}: {change}"
    subject = FORMER_NAMES
    happened = "Former names changed"

    developer: FreeText
    user: FreeText
    change: Permissions


@dataclass(frozen=True)
class ReviewStarted(AuditEvent):
    """A review of all API keys of the practice was started."""

    template = "API key review {review} started by {user}: {keys} keys, {since} to {until}"
    subject = REVIEW
    happened = "Review started"
    changes_review = True

    review: FreeText
    user: FreeText
    keys: Number
    since: Day
    until: Day


@dataclass(frozen=True)
class KeyReviewed(KeyEvent):
    """A decision about an API key was made in a review. The entry of a key that is disabled comes before this one."""

    template = "API key {key} reviewed in {review} by {user}: {decision}{note}"
    changes_review = True
    undoable_in_session = True

    key: Label
    review: FreeText
    user: FreeText
    decision: Chosen
    note: Remark = ""

    @property
    def summary(self) -> str:
        """The decision, in a few words."""
        return f"Review {self.review}: {self.decision}"


@dataclass(frozen=True)
class KeyDecisionUndone(KeyEvent):
    """A decision about an API key was taken back, to the one before it or to none."""

    template = "API key {key} decision in review {review} undone by {user}: from {decision} back to {restored}{undoes}"
    changes_review = True

    key: Label
    review: FreeText
    user: FreeText
    decision: Chosen
    restored: Restored
    undoes: UndoneEntry = 0

    @property
    def undone_entry(self) -> int:
        """The entry of the decision."""
        return self.undoes

    @property
    def summary(self) -> str:
        """The change that was taken back, in a few words."""
        return f"Review {self.review}: {self.decision} → {self.restored}"


@dataclass(frozen=True)
class ReviewEnded(AuditEvent):
    """A review was ended, with the number of its decisions and the keys that were left open."""

    template = (
        "API key review {review} ended by {user}: {keys} keys, {kept} kept, {disabled} disabled, {asked} to ask,"
        " open: {open}"
    )
    subject = REVIEW
    happened = "Review ended"
    changes_review = True

    review: FreeText
    user: FreeText
    keys: Number
    kept: Number
    disabled: Number
    asked: Number
    open: OpenKeys
