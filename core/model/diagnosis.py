"""The diagnosis of the API: the symptom, the causes that were found, and what can't be known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Certainty(Enum):
    """The certainty of a cause."""

    CERTAIN = "certain"
    """The database or headquarters says so."""
    PROBABLE = "probable"
    """It explains a failure only under a condition that can't be seen from here."""


class Remedy(Enum):
    """The action of this program that removes a cause."""

    SWITCH_ON = "switch the API on"
    CHOOSE_PAYMENT_TYPE = "choose a payment type"
    ADD_KEY = "add the key"
    ENABLE_KEY = "enable the key"
    RELOAD = "ask for the list again"


class Verdict(Enum):
    """The result of a diagnosis."""

    IN_ORDER = "in order"
    CAUSE_FOUND = "cause found"
    INCOMPLETE = "incomplete"
    """No cause was found, but something that has to be looked at can't be read."""


@dataclass(frozen=True)
class Symptom:
    """The symptom that the developer saw, as far as it is known. It narrows the causes down."""

    status: int | None = None
    """The HTTP status."""
    text: str = ""
    """The answer's text, or the request in words: `PUT /appointments/123/Confirm`."""
    workstation: str = ""
    """The computer whose local API the developer calls; empty if they call another way."""

    @classmethod
    def parse(cls, text: str, workstation: str = "") -> Symptom:
        """Return the symptom in a text that somebody typed: `401`, `HTTP 400: eConnector is not running`."""
        found = re.search(r"(?<![\w/.:])([1-5][0-9]{2})(?![\w/.])", text)
        rest = " ".join(text.split())
        return cls(int(found[1]) if found else None, "" if found and found[0] == rest else rest, workstation.strip())

    @property
    def known(self) -> bool:
        """True if anything is known."""
        return bool(self.status or self.text or self.workstation)

    def __str__(self) -> str:
        status = str(self.status) if self.status and str(self.status) not in self.text else ""
        workstation = f"at the workstation {self.workstation}" if self.workstation else ""
        return " ".join(filter(None, (status, self.text, workstation)))


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong, or may be."""

    id: str
    """A stable identifier for programs."""
    certainty: Certainty
    sentence: str
    """The problem, and its effect on calls."""
    action: str
    """The instruction, in one or two sentences."""
    since: datetime | None = None
    """The time at which it began, in the practice's time; None if that isn't known."""
    remedy: Remedy | None = None
    """The action of this program that removes it."""
    headline: str = ""
    """A few words for a line of a screen that is about something else; empty if it isn't shown there."""
    explains: bool = True
    """False if it doesn't explain what the developer saw."""


@dataclass(frozen=True)
class Sign:
    """One thing that was looked at and isn't a cause."""

    subject: str
    sentence: str
    in_order: bool = False
    """True if it's as it should be, False if it's only worth knowing."""


@dataclass(frozen=True)
class Diagnosis:
    """The findings about the API at this practice, or about one of its keys."""

    subject: str
    """The subject: the key and its developer, or the practice."""
    at: datetime
    """The time of the diagnosis, in the practice's time."""
    verdict: Verdict
    symptom: Symptom
    meaning: str
    """The meaning of the symptom, in a sentence or two; empty if there is none."""
    causes: tuple[Cause, ...]
    """Certain ones first, and among these the ones that explain the symptom."""
    signs: tuple[Sign, ...]
    unknown: tuple[str, ...]
    """The facts that can't be known from here, one sentence each."""
    emergency: tuple[str, ...]
    """The ways to cut off a developer while headquarters can't be asked; empty if it can."""
    developer_text: str
    """A text to send to the developer. It contains no API key."""

    @property
    def certain(self) -> tuple[Cause, ...]:
        """The certain causes."""
        return tuple(cause for cause in self.causes if cause.certainty is Certainty.CERTAIN)

    @property
    def probable(self) -> tuple[Cause, ...]:
        """The probable causes."""
        return tuple(cause for cause in self.causes if cause.certainty is Certainty.PROBABLE)

    @property
    def conclusion(self) -> str:
        """The result in one sentence."""
        certain, moment = self.certain, f"{self.at:%Y-%m-%d %H:%M}"
        explaining = [cause for cause in certain if cause.explains]
        if explaining:
            return "1 cause found." if len(explaining) == 1 else f"{len(explaining)} causes found."
        if certain:
            things = "1 other thing is" if len(certain) == 1 else f"{len(certain)} other things are"
            return f"Nothing found that explains what the developer saw, but {things} wrong."
        if self.verdict is Verdict.INCOMPLETE:
            return "No cause found, but not everything could be checked."
        if self.probable:
            return f"No certain cause found at {moment}. Check the probable ones."
        return f"The office's side is in order at {moment}. Nothing here explains a failure."
