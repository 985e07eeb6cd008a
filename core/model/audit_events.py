"""What an audit entry of API Setup is about, read from its text: ours, and those of Open Dental's own window."""

from __future__ import annotations

import re
from dataclasses import replace

from core.model.api_key import fingerprint, fingerprint_tag, mask
from core.model.audit_entry import Edit, Stage, Subject
from core.opendental.key_status import KeyStatus
from core.opendental.permission_types import Permission

NOT_DONE = "NOT DONE: "
ASKED = "ASKED: "
"""Before the text of what headquarters is asked for; an entry for the outcome follows."""
UNKNOWN = "UNKNOWN: "
"""Before the text of what headquarters was asked for without a usable answer."""

CHANGES = ("API Setup: %", "API key %", "New API key %")
"""What the texts of changes that were made are like, as LIKE has it."""

OUR_KINDS = (int(Permission.SETUP), int(Permission.AUDIT_TRAIL), int(Permission.LICENSE_ACCEPT))
"""The kinds under which API Setup logs; sign-ins are left out, since they look the same from any window."""

_BEGINNINGS = (
    "API/FHIR",
    "API Setup: %",
    "API key %",
    "API keys: %",
    "New API key %",
    "Audit Trail export%",
    "Open Dental API End User License %",
    "%(SHA-256 %",
)
OUR_PATTERNS = tuple(prefix + beginning for prefix in ("", NOT_DONE, ASKED, UNKNOWN) for beginning in _BEGINNINGS)
"""What the texts of API Setup are like, as LIKE has it."""


def worded_undoing(number: int) -> str:
    """What is added to the text of an entry that undoes another one; nothing for 0."""
    return f" (undoing entry {number})" if number else ""


def without_undoing(text: str) -> str:
    """The text of an entry without the words that it undoes another one."""
    return _UNDOING.sub("", text)


_UNDOING = re.compile(r" \(undoing entry ([0-9]+)\)\Z")


def subject_of(text: str) -> Subject | None:
    """What an entry is about.

    Args:
        text: The text as it is stored.

    Returns:
        None for what API Setup did not write.
    """
    stage, told = _stage(text)
    undoing = _UNDOING.search(told)
    done = without_undoing(told)
    for pattern, reader in _READERS:
        found = pattern.match(done)
        if found:
            return replace(reader(found), stage=stage, undoes=int(undoing[1]) if undoing else 0)
    return None


def _stage(text: str) -> tuple[Stage, str]:
    """How far what an entry tells came, and the text of it."""
    for prefix, stage in ((NOT_DONE, Stage.NOT_DONE), (ASKED, Stage.ASKED), (UNKNOWN, Stage.UNKNOWN)):
        if text.startswith(prefix):
            return stage, text.removeprefix(prefix)
    return Stage.DONE, text


_STATUSES = "|".join(re.escape(status.label) for status in KeyStatus)
_SETTINGS = ("Enabled", "subscription interval", "payment type")
_NEXT_SETTING = re.compile(rf"; (?=(?:{'|'.join(_SETTINGS)}) from )")
STATUS_EDIT = re.compile(rf"\) changed from ({_STATUSES}) to ({_STATUSES}) by ")


def _opened(_: re.Match[str]) -> Subject:
    return Subject("Opening API Setup.")


def _settings(found: re.Match[str]) -> Subject:
    edits = []
    for phrase in _NEXT_SETTING.split(found[1].replace(" changed from ", " from ", 1)):
        what, _, values = phrase.partition(" from ")
        before, separator, after = values.partition(" to ")
        # A payment type may have the word in its name; then the text alone says what was meant.
        if separator and " to " not in after:
            edits.append(Edit(what, before, after))
    order = [_SETTINGS.index(edit.what) for edit in edits if edit.what in _SETTINGS]
    if order != sorted(set(order)):
        # Entries name each setting once and in one order, so one of these is part of a payment type's name.
        edits = []
    return Subject("The settings of API Setup.", edits=tuple(edits), about_settings=True)


def _key(found: re.Match[str]) -> Subject:
    status = STATUS_EDIT.search(found.string)
    edits = (Edit("status", status[1], status[2]),) if status else ()
    return Subject(f"The API key {found[1]} {found[2]}.", found[2], edits)


def _vendors_key(found: re.Match[str]) -> Subject:
    tag = fingerprint_tag(fingerprint(found[1]))
    return Subject(f"The API key {mask(found[1])} {tag}, added in Open Dental's own window.", tag)


def _copy(_: re.Match[str]) -> Subject:
    return Subject("The practice's copy of the API keys that headquarters lists.")


def _agreement(_: re.Match[str]) -> Subject:
    return Subject("The license agreement that comes before a new API key.")


def _export(_: re.Match[str]) -> Subject:
    return Subject("An export of the Audit Trail.")


_READERS = (
    (re.compile(r"API/FHIR$"), _opened),
    (re.compile(r"API Setup: (.+)", re.DOTALL), _settings),
    (re.compile(r"(?:New )?API key (\*+\S{0,4}) (#[0-9a-f]{6})(?= )"), _key),
    (re.compile(r"New API key ([^\s*]\S*) added by "), _vendors_key),
    (re.compile(r"API keys: "), _copy),
    (re.compile(r"Audit Trail export"), _export),
    (re.compile(r"Open Dental API End User License |.*\(SHA-256 [0-9a-f]{12}\)$", re.DOTALL), _agreement),
)
