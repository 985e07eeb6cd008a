"""The report of a command on each office: lines for people, or one JSON document for programs.

The document has the same shape for every command and for any number of offices:

    {"version": 1, "command": "keys list", "status": 0,
     "offices": [{"office": "north", "address": "…", "status": 0, "error": null, …}]}

The other names in an office depend on the command. The manual lists them; `VERSION` grows when one of them is removed
or changes its meaning, and stays when one is added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from core.base.errors import AlreadyApplied, ApiSetupError, EditConflict, OperationNotAllowed
from tui.commands.outcome import COULD_NOT
from tui.widgets.safe_text import cell_width, sanitize

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest

VERSION = 1
DONE, WANTING = 0, 1
"""The exit statuses besides `COULD_NOT`: all was done; something wasn't done, or was found wanting."""

_REFUSALS = (EditConflict, OperationNotAllowed, AlreadyApplied)


@dataclass(frozen=True)
class OfficeReport:
    """The result of a command in one office."""

    status: int
    """The exit status of the command, if this were the only office."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The values for JSON, in the order in which they are written."""
    lines: Sequence[str] = ()
    """The lines for people, sanitized."""
    names_office: bool = False
    """True if the lines name the office themselves."""
    outcome: str = ""
    """The change, in a sentence, for the error if the report can't be written."""


class ChangeState(Enum):
    """The results of one change; the values are those in JSON."""

    DONE = "done"
    PLANNED = "would be done"
    UNCHANGED = "unchanged"
    """There is nothing to do: the values are already as they should be."""
    NOT_CONFIRMED = "not confirmed"
    REFUSED = "refused"
    """Open Dental's rules, another authority or another program's change stand against it."""
    FAILED = "failed"


_STATUS = {
    ChangeState.DONE: DONE,
    ChangeState.PLANNED: DONE,
    ChangeState.UNCHANGED: DONE,
    ChangeState.NOT_CONFIRMED: WANTING,
    ChangeState.REFUSED: WANTING,
    ChangeState.FAILED: COULD_NOT,
}
_WORDS = {
    ChangeState.PLANNED: "would",
    ChangeState.NOT_CONFIRMED: "not done",
    ChangeState.REFUSED: "REFUSED",
    ChangeState.FAILED: "FAILED",
}
"""The words before the sentence of a change; none for what was done."""


@dataclass(frozen=True)
class ChangeResult:
    """The outcome of one change."""

    subject: str
    """The subject of the change, as sentences name it."""
    state: ChangeState
    sentence: str
    notes: tuple[str, ...] = ()
    """Its consequences, or what to do about a failure; one sentence each."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """More values for JSON."""

    @classmethod
    def of_error(cls, subject: str, error: ApiSetupError, **details: Any) -> ChangeResult:
        """Return the result of a change that an error ended."""
        state = ChangeState.REFUSED if isinstance(error, _REFUSALS) else ChangeState.FAILED
        return cls(subject, state, error.sentence, (error.hint,) if error.hint else (), details)

    @property
    def lines(self) -> list[str]:
        """The result for people, sanitized."""
        word = _WORDS.get(self.state)
        first = f"{word}: {self.sentence}" if word else self.sentence
        return [sanitize(first), *(f"  {sanitize(note)}" for note in self.notes)]

    @property
    def as_json(self) -> dict[str, Any]:
        """The result for JSON."""
        return {
            "subject": self.subject,
            **self.details,
            "result": self.state.value,
            "sentence": self.sentence,
            "notes": list(self.notes),
        }


def report_changes(results: Sequence[ChangeResult], *, dry_run: bool) -> OfficeReport:
    """Return the report of changes in one office."""
    done = [each.sentence for each in results if each.state is ChangeState.DONE]
    return OfficeReport(
        combine(_STATUS[each.state] for each in results) if results else WANTING,
        {"dry_run": dry_run, "changes": [each.as_json for each in results]},
        [line for each in results for line in each.lines],
        outcome=" ".join(done),
    )


def combine(statuses: Any) -> int:
    """Return the exit status for several results: 2 only if nothing could be done, and 0 only if all was."""
    found = list(statuses)
    if not any(found):
        return DONE
    return COULD_NOT if all(each == COULD_NOT for each in found) else WANTING


def status_of(error: ApiSetupError) -> int:
    """Return the exit status for an error that ended the work in one office."""
    return WANTING if isinstance(error, _REFUSALS) else COULD_NOT


def office_as_json(request: OpenRequest, report: OfficeReport, error: ApiSetupError | None) -> dict[str, Any]:
    """Return what JSON says of one office."""
    return {
        "office": request.office.name or None,
        "address": "demo" if request.demo else request.office.address.label,
        "status": report.status,
        "error": {"sentence": error.sentence, "hint": error.hint or None} if error is not None else None,
        **report.data,
    }


def document(command: str, status: int, offices: Sequence[Mapping[str, Any]]) -> str:
    """Return the JSON document of a command."""
    return json.dumps({"version": VERSION, "command": command, "status": status, "offices": offices}, indent=2)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with aligned columns below their heads, sanitized. The last column isn't padded."""
    cells = [[sanitize(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(cell_width, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in cells]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell + " " * (width - cell_width(cell)) for cell, width in zip(row[:-1], widths, strict=False)] + [row[-1]]
