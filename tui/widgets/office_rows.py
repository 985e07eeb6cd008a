"""The rows of the list of offices: what each one answered, with the age of the answer; and its details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.base.plural import count_of
from core.database.address import ServerAddress
from core.model.age import format_ago, format_duration
from core.model.fleet import OfficeAnswer, OfficeState, Reach
from core.opendental.log_hash import NO_DATE
from tui.widgets.fleet_cells import stale_age
from tui.widgets.rows import Column, Row
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.offices.catalog import CatalogEntry
    from core.offices.open_request import OpenRequest

COLUMNS = (
    Column("Office", 20, min_width=12, max_width=32),
    Column("State", 13, min_width=9, max_width=17),
    Column("API", 8, min_width=8),
    Column("Keys", 10, min_width=9),
    Column("Changes", 14, min_width=8, max_width=40),
    Column("Read", 8, min_width=5, from_width=64, right=True),
    Column("eConnector", 12, min_width=10, max_width=24, from_width=84),
    Column("Version", 10, min_width=9, from_width=96),
    Column("Verified", 10, min_width=10, from_width=108),
    Column("Server", 18, min_width=12, max_width=32, from_width=132),
    Column("Database", 12, min_width=8, max_width=24, from_width=132),
    Column("Last opened", 11, min_width=11, from_width=146),
)
LAST_OPENED = len(COLUMNS) - 1
"""The index of that column."""
_STATE, _API, _KEYS, _CHANGES, _READ, _ECONNECTOR, _VERSION, _VERIFIED = 1, 2, 3, 4, 5, 6, 7, 8
_UNKNOWN = "–"
_REACH_TONES: Mapping[Reach, Tone] = {
    Reach.ANSWERS: "good",
    Reach.NO_ANSWER: "alert",
    Reach.REFUSED: "alert",
    Reach.UNUSABLE: "alert",
    Reach.PROMPTS: "dim",
    Reach.READING: "dim",
    Reach.NOT_READ: "dim",
}


@dataclass(frozen=True)
class OfficeLine:
    """An office of the list, with everything that is known of it."""

    entry: CatalogEntry
    state: OfficeState
    is_open: bool
    now: datetime | None
    """The local time; None while nothing was read."""

    @property
    def search_text(self) -> str:
        """The text in which a word of the filter is looked for."""
        return " ".join((self.entry.name, *server_and_database(self.entry)))

    @property
    def sort_keys(self) -> tuple[object, ...]:
        """A value for each column, by which offices are sorted."""
        answer, entry = self.state.answer, self.entry
        return (
            entry.name.casefold(),
            self.state.reach.value,
            "" if answer is None else str(answer.api_on),
            -1 if answer is None else -answer.enabled,
            -len(self.state.changes),
            self.state.answered_at or NO_DATE,
            "" if answer is None else answer.econnector,
            () if answer is None else tuple(int(part) for part in answer.version.split(".") if part.isdigit()),
            (answer.verified_at if answer is not None else None) or NO_DATE,
            *(each.casefold() for each in server_and_database(entry)),
            entry.last_opened or NO_DATE,
        )


def office_row(line: OfficeLine) -> Row:
    """Return the row of an office."""
    state, answer, entry = line.state, line.state.answer, line.entry
    opened = f"{entry.last_opened:%Y-%m-%d}" if entry.last_opened else "never"
    old = _old(line)
    cells = (
        entry.name,
        _state_word(line),
        _aged("" if answer is None or answer.api_on is None else "on" if answer.api_on else "off", old),
        _aged("" if answer is None else f"{answer.enabled}/{len(answer.keys)}", _old_keys(line)),
        _changes(state),
        _age(line),
        _aged(answer.econnector if answer is not None else "", old),
        answer.version if answer is not None else _UNKNOWN,
        _day(answer.verified_at) if answer is not None else _UNKNOWN,
        *server_and_database(entry),
        opened,
    )
    return Row(cells, entry.name, tones=_tones(line), mark="!" if _is_trouble(line) else "")


def office_details(line: OfficeLine) -> list[Line]:
    """Return the lines that describe an office, the most important first."""
    state, answer, request = line.state, line.state.answer, line.entry.request
    remarks = [
        *(["PRODUCTION: real patients' data"] if request.office.production else []),
        *(["READ-ONLY: nothing is written"] if request.read_only else []),
        *([f"Signed in as {state.signed_in_as}"] if state.signed_in_as else []),
    ]
    lines = [safe_line((line.entry.name, "strong"), (f"  {request.office.address.label}", "normal"))]
    lines += [safe_line((state.failure, "alert"))] if state.failure else []
    lines += [safe_line(("; ".join(remarks), "normal"))] if remarks else []
    if state.changes:
        lines.append(safe_line(("Changed: ", "dim"), ("; ".join(state.changes), "warning"), indent=9))
    opened = f"{line.entry.last_opened:%Y-%m-%d %H:%M}, from this computer" if line.entry.last_opened else "never"
    lines.append(safe_line((f"Last opened: {opened}", "normal")))
    lines += _answer_lines(line, answer) if answer is not None else []
    return [*lines, *_configuration_lines(line.entry, state)]


def server_and_database(entry: CatalogEntry) -> tuple[str, str]:
    """Return the texts of the columns for the server and the database."""
    address = entry.request.office.address
    if isinstance(address, ServerAddress):
        return address.socket or address.host, address.database
    return "this computer", address.path.name


def _state_word(line: OfficeLine) -> str:
    if line.is_open:
        return "open now"
    return "signed in" if line.state.signed_in_as and line.state.reach is Reach.ANSWERS else line.state.reach.value


def _changes(state: OfficeState) -> str:
    if not state.changes:
        return "" if state.answer is None else "none"
    return state.changes[0] if len(state.changes) == 1 else f"{len(state.changes)}: {state.changes[0]}"


def _age(line: OfficeLine) -> str:
    if line.state.answered_at is None or line.now is None:
        return _UNKNOWN
    age = line.now - line.state.answered_at
    return "now" if age < timedelta(minutes=1) else format_duration(age)


def _old(line: OfficeLine) -> str:
    """Return the age of the answer if it isn't fresh."""
    return stale_age(line.state.age(line.now)) if line.now is not None else ""


def _old_keys(line: OfficeLine) -> str:
    """Return the age of the list of keys if it isn't fresh: headquarters' list may be older than the answer."""
    return stale_age(line.state.age_of_keys(line.now)) if line.now is not None else ""


def _aged(text: str, age: str) -> str:
    return f"{text} {age}".rstrip() if text else _UNKNOWN


def _is_trouble(line: OfficeLine) -> bool:
    state, answer = line.state, line.state.answer
    is_down = answer is not None and answer.econnector.startswith(("down", "running with errors"))
    return state.reach in (Reach.NO_ANSWER, Reach.REFUSED, Reach.UNUSABLE) or is_down


def _tones(line: OfficeLine) -> dict[int, Tone]:
    answer = line.state.answer
    tones: dict[int, Tone] = {_STATE: _REACH_TONES[line.state.reach], _READ: "dim"}
    if line.state.changes:
        tones[_CHANGES] = "warning"
    if answer is not None:
        tones[_API] = "good" if answer.api_on else "warning"
        if answer.econnector.startswith(("down", "running with errors")):
            tones[_ECONNECTOR] = "alert"
        if answer.verified_at is None:
            tones[_VERIFIED] = "dim"
        if _old(line):
            tones |= dict.fromkeys((_API, _KEYS, _ECONNECTOR, _VERSION), "dim")
        elif _old_keys(line):
            tones[_KEYS] = "dim"
    return tones


def _answer_lines(line: OfficeLine, answer: OfficeAnswer) -> list[Line]:
    asked = line.state.answered_at
    age = format_ago(line.now - asked) if line.now is not None and asked is not None else ""
    enabled = f"{answer.enabled} of {count_of(len(answer.keys), 'key')} enabled ({answer.authority})"
    api = {True: "on", False: "off", None: "not known"}[answer.api_on]
    verified = f"verified {answer.verified_at:%Y-%m-%d}: {answer.verified}" if answer.verified_at else "never verified"
    facts = [
        f"API {api}; {enabled}; read {age}.",
        f"eConnector: {answer.econnector or 'not known'}. Open Dental {answer.version}. Audit Trail {verified}.",
        f"Practice: {answer.title}",
    ]
    return [safe_line((each, "normal")) for each in facts]


def _configuration_lines(entry: CatalogEntry, state: OfficeState) -> list[Line]:
    request = entry.request
    lines = [f"Tags: {', '.join(state.tags)}"] if state.tags else []
    if isinstance(request.office.address, ServerAddress):
        lines.append(f"Connection: {_encryption(request.office.address)}. Keys: {request.authority.value}.")
        lines.append(f"Database password: {_password_source(request)}")
    return [safe_line((each, "normal")) for each in lines]


def _encryption(address: ServerAddress) -> str:
    if address.tls is not None:
        return "encrypted and verified"
    return "encrypted if the server offers it (local)" if address.tls_if_offered else "not encrypted"


def _password_source(request: OpenRequest) -> str:
    if request.prompts_for_password:
        return "prompt"
    # A password command's arguments may contain a secret, so only the kind of source is shown.
    return f"from {request.office.password_from.kind.label}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else "never"
