"""The base of all audit events, and an entry's text as an event with its outcome.

The modules in `EVENT_MODULES` define the events. Reading a text imports all of them; a start that reads none needs few.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Self, get_type_hints

from core.opendental.permission_types import Permission

if TYPE_CHECKING:
    from core.model.event_codec import Codec, Quote

SETTINGS = "The settings of API Setup."
KEY_COPY = "The practice's copy of the API keys."
EXPORT = "An export of the Audit Trail."
PAYMENT_TYPES = "The list of payment types."
SEAL = "A seal of the Audit Trail."
SUBSCRIPTION = "A subscription of a developer."
REVIEW = "A review of the API keys."
FORMER_NAMES = "The former names of a developer."


@dataclass(frozen=True)
class Edit:
    """One value before and after."""

    what: str
    before: str
    after: str


EVENT_MODULES = (
    "payment_type_events",
    "receipt_events",
    "sign_in_events",
    "subscription_events",
    "opening_events",
    "settings_events",
    "key_events",
    "license_events",
    "export_events",
    "seal_events",
    "review_events",
    "evidence_events",
)
"""The modules of this folder that define events, in the order in which a text is tried on them."""

_events: dict[str, list[type[AuditEvent]]] = {}
"""The events that are defined so far, by their modules."""


@dataclass(frozen=True)
class AuditEvent:
    """One event of the Audit Trail. A subclass is a frozen dataclass with a template of its text."""

    template: ClassVar[str]
    """The text, with the names of the fields in braces; the fields' types say how they are written."""
    subject: ClassVar[str]
    """The subject of the event, in one plain phrase."""
    permission: ClassVar[Permission] = Permission.SETUP
    """The `PermType` of its row."""
    log_source: ClassVar[int] = 0
    """The `LogSource` of its row."""
    happened: ClassVar[str] = ""
    """The event, in a word or two; empty if that depends on the event's values."""
    ours: ClassVar[bool] = True
    """False for an event that any window of Open Dental writes."""
    like: ClassVar[str] = ""
    """A pattern for SQL's LIKE that matches every text of the event; made from the template if it's empty."""
    changes_practice: ClassVar[bool] = False
    """True for an event that changes settings or keys."""
    changes_copy: ClassVar[bool] = False
    """True for an event with which an admin changes only the practice's copy of the keys."""
    changes_review: ClassVar[bool] = False
    """True for an event of a review."""
    undoable_in_session: ClassVar[bool] = False
    """True for an event that can be undone in the session that made it, although its entry alone isn't enough."""

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "template"):
            _events.setdefault(cls.__module__, []).append(cls)

    def text(self) -> str:
        """Return the text of the event's audit row."""
        if not fields(self):
            return self.template
        # Imported here, since the event that every start writes has no fields.
        from core.model.event_codec import as_it_is, in_quotes

        plain = self._format(as_it_is)
        # A name may hold anything, even the words around it. In quotes it can't be taken for them.
        is_clear = LoggedEvent.parse(plain) == LoggedEvent(self) and not _REASON.search(plain)
        return plain if is_clear else self._format(in_quotes)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the event that a text describes, or None if it describes another one."""
        # Most events begin with words of their own, so that most patterns need not be compiled.
        if not text.startswith(cls.template.partition("{")[0]):
            return None
        template = _template(cls)
        found = template.pattern.fullmatch(text)
        if found is None:
            return None
        return cls(**{name: codec.read(found[name]) for name, codec in template.codecs.items()})

    @property
    def description(self) -> str:
        """The subject of the event, in one plain phrase."""
        return self.subject

    @property
    def key_tag(self) -> str:
        """The short fingerprint of the API key that the event is about, such as `#3f9a01`; empty for none."""
        return ""

    @property
    def summary(self) -> str:
        """Return the event in words for a list of entries that are all about the same thing."""
        return self.happened or self.text()

    @property
    def about_settings(self) -> bool:
        """True if the event is about the API's settings."""
        return self.description == SETTINGS

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The values before and after that can be undone from the event's entry."""
        return ()

    @property
    def is_undoable(self) -> bool:
        """True if the event's entry holds what is needed to undo it."""
        return bool(self.edits)

    @property
    def undo_lines(self) -> tuple[str, ...]:
        """The effect of undoing the event, a line for each value."""
        return tuple(f"{edit.what}: from {edit.after} back to {edit.before}" for edit in self.edits)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The new value of each thing that the event changed, by its name in conflicts; None if the text lacks it."""
        return {}

    @property
    def undone_entry(self) -> int:
        """The number of the entry that the event undid; 0 for none."""
        return 0

    def _format(self, quote: Quote) -> str:
        codecs = _template(type(self)).codecs
        values = {name: codec.write(getattr(self, name), quote) for name, codec in codecs.items()}
        return self.template.format(**values)


class _Template:
    """An event's template with the codecs of its fields."""

    def __init__(self, event: type[AuditEvent]) -> None:
        hints = get_type_hints(event, include_extras=True)
        self.codecs: Mapping[str, Codec] = {each.name: hints[each.name].__metadata__[0] for each in fields(event)}
        expression = re.escape(event.template)
        for name, codec in self.codecs.items():
            expression = expression.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{codec.pattern})")
        self.pattern = re.compile(expression, re.DOTALL)


_templates: dict[type[AuditEvent], _Template] = {}


def _template(event: type[AuditEvent]) -> _Template:
    """Return the template of an event, compiled when it is first used."""
    if event not in _templates:
        _templates[event] = _Template(event)
    return _templates[event]


class Stage(Enum):
    """The progress of an entry's action; the values are the prefixes of its text."""

    DONE = ""
    NOT_DONE = "NOT DONE: "
    ASKED = "ASKED: "
    """Headquarters was asked for it; an entry with the outcome follows."""
    UNKNOWN = "UNKNOWN: "
    """Nobody knows if it was done."""

    @property
    def explanation(self) -> str:
        """The meaning of the stage, in a sentence; empty if the action was done."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Stage.DONE: "",
    Stage.NOT_DONE: "The change was attempted and failed. Nothing was changed.",
    Stage.ASKED: "Headquarters was asked to make the change. A later entry has the outcome.",
    Stage.UNKNOWN: "It is unknown whether headquarters made the change.",
}


class Reason(Enum):
    """The reasons headquarters did not do something, or the result isn't known."""

    REFUSED = "headquarters refused"
    """The words of headquarters may follow."""
    NOT_REACHED = "headquarters was not reached"
    """The step that failed follows."""
    NOT_ASKED = "headquarters was not asked"
    """No connection was tried; the cause follows."""
    NOT_SHOWN = "the answer was lost, and headquarters' list does not show it"
    UNUSABLE = "the answer can't be used, and headquarters' list does not show it"
    UNCERTAIN = "look at headquarters' list before it is repeated"


_REASON = re.compile(f" - (?={'|'.join(map(re.escape, (reason.value for reason in Reason)))})")


@dataclass(frozen=True)
class LoggedEvent:
    """An event with what its entry says about the outcome."""

    event: AuditEvent
    stage: Stage = Stage.DONE
    reason: str = ""
    """The reason it was not done, or isn't known to be; begins with one of `Reason`."""

    def text(self) -> str:
        """Return the text of the entry."""
        return f"{self.stage.value}{self.event.text()}{f' - {self.reason}' if self.reason else ''}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the event of an entry's text, or None if the text is no event's."""
        stage = next((each for each in Stage if each.value and text.startswith(each.value)), Stage.DONE)
        rest = text.removeprefix(stage.value)
        reasons = list(_REASON.finditer(rest)) if stage in (Stage.NOT_DONE, Stage.UNKNOWN) else []
        for found in reasons:
            event = _parse_event(rest[: found.start()])
            # A name may hold the same words; then what comes before them is no whole event.
            if event is not None and not isinstance(event, UnreadableEvent) and event.text() == rest[: found.start()]:
                return cls(event, stage, rest[found.end() :])
        event = _parse_event(rest)
        return cls(event, stage) if event is not None else None

    @property
    def summary(self) -> str:
        """Return the event and its outcome, without naming its subject."""
        return f"{self.stage.value}{self.event.summary}{f' - {self.reason}' if self.reason else ''}"

    @property
    def is_undoable(self) -> bool:
        """True for a change that was done and whose entry holds what is needed to undo it."""
        return self.event.is_undoable and self.stage is Stage.DONE

    def is_exact(self, text: str) -> bool:
        """Return True if the event holds everything that its entry's text says, so that nothing in it is guessed."""
        return self.text() == text


@dataclass(frozen=True)
class UnreadableEvent(AuditEvent):
    """An event of ours whose text was shortened or written by an earlier version, so that values are missing."""

    raw: str
    about: str
    tag: str = ""

    def text(self) -> str:
        """Return the text as it was read."""
        return self.raw

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return an event with nothing but what it is about."""
        key = _ABOUT_KEY.match(text)
        if key is not None:
            return cls(text, f"The API key {key[1]} {key[2]}.", key[2])
        return next((cls(text, about) for prefix, about in _ABOUT.items() if text.startswith(prefix)), None)

    @property
    def description(self) -> str:
        """The subject of the event."""
        return self.about

    @property
    def key_tag(self) -> str:
        """The short fingerprint of the key."""
        return self.tag


_ABOUT_KEY = re.compile(r"(?:New )?API key (\*+\S{0,4}) (#[0-9a-f]{6}) ")
_ABOUT = {
    "API Setup: ": SETTINGS,
    "API keys: copy made equal to headquarters' list: ": KEY_COPY,
    "API keys: copy made equal to the local registry: ": KEY_COPY,
    "Audit Trail export to ": EXPORT,
    "Audit Trail sealed by ": SEAL,
    "Evidence of API key review ": REVIEW,
    "API subscription ": SUBSCRIPTION,
    "API key review ": REVIEW,
    "Former names of developer ": FORMER_NAMES,
}


def _parse_event(text: str) -> AuditEvent | None:
    from core.model.event_codec import SHORTENED

    if not text.endswith(SHORTENED):
        for event in known_events():
            found = event.parse(text)
            if found is not None:
                return found
    return UnreadableEvent.parse(text)


@cache
def known_events() -> tuple[type[AuditEvent], ...]:
    """Return every event, in the order in which a text is tried on them."""
    modules = [import_module(f"core.model.{name}").__name__ for name in EVENT_MODULES]
    return tuple(event for module in modules for event in _events[module])
