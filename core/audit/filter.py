"""Which entries of the Audit Trail are wanted, as a value and as the line that an admin types.

A line is made of words such as `user:admin since:2024-11-01 text:"API key"`. What has no name is searched in the log
text. Names and users are not case sensitive; a value with blanks stands in double quotes, in which a backslash stands
before a quote or a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from core.base.errors import InvalidInput
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.permission_types import PERMISSIONS

NOBODY = 0
"""The user number of entries that no user made."""
FIRST_DAYS = timedelta(days=10)
"""How far back Open Dental's own window looks at first."""


@dataclass(frozen=True)
class AuditFilter:
    """What an entry must be to be shown; what is None or empty or False is not asked for."""

    since: date | None = None
    until: date | None = None
    """The last day that is shown."""
    permission: int | None = None
    user: int | None = None
    """A user's number; `NOBODY` for entries without one."""
    source: int | None = None
    computer: str = ""
    text: str = ""
    ours: bool = False
    """Only what API Setup wrote, this program's or Open Dental's own."""
    suspect: bool = False
    """Only what is not genuine."""

    @property
    def only_dates(self) -> bool:
        """Whether nothing but the dates is asked for."""
        return replace(self, since=None, until=None) == AuditFilter()

    def with_first_days(self, today: date) -> AuditFilter:
        """The same filter over the last ten days."""
        return replace(self, since=today - FIRST_DAYS, until=None)


class Users:
    """The users of a practice by number and name.

    Args:
        names: The name of each user number.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = {number: name for number, name in names.items() if number != NOBODY}
        self._numbers: dict[str, list[int]] = {}
        for number, name in self._names.items():
            self._numbers.setdefault(name.strip().casefold(), []).append(number)

    def name(self, number: int) -> str:
        """The user's name; empty for none, `Unknown(5)` for one that is gone."""
        return "" if number == NOBODY else self._names.get(number, f"Unknown({number})")

    def word(self, number: int) -> str:
        """What to type for a user: the name, where it means just this one, else the number as `#5`."""
        if number == NOBODY:
            return "none"
        name = self._names.get(number)
        if name is None:
            return f"Unknown({number})"
        return name if name.strip() == name and self.number(name) == number else f"#{number}"

    def number(self, word: str) -> int | None:
        """The number of the user whom a word means; None where it means nobody, or several."""
        if word.casefold() == "none":
            return NOBODY
        written = re.fullmatch(r"#([0-9]{1,19})|unknown\(([0-9]{1,19})\)", word, re.IGNORECASE | re.ASCII)
        if written:
            number = int(written[1] or written[2])
            return number if number <= _LARGEST_USER else None
        found = self._numbers.get(word.strip().casefold(), [])
        return found[0] if len(found) == 1 else None

    def namesakes(self, word: str) -> tuple[str, ...]:
        """What to type for each of the users who share a name."""
        return tuple(f"#{number}" for number in self._numbers.get(word.strip().casefold(), []))

    @property
    def words(self) -> tuple[str, ...]:
        """What can be typed, in the order of the alphabet."""
        return ("none", *sorted((self.word(number) for number in self._names), key=str.casefold))


class FilterError(InvalidInput):
    """A word of a filter line that means nothing.

    Args:
        start: Where the bad word begins in the line.
        end: Where it ends.
    """

    def __init__(self, start: int, end: int, sentence: str, hint: str = "") -> None:
        super().__init__("filter", sentence, hint)
        self.start = start
        self.end = end


def parse_filter(line: str, users: Users, today: date) -> AuditFilter:
    """Read a line.

    Args:
        line: What was typed.
        users: The users whom it may name.
        today: What `today`, `yesterday` and `10d` count from.

    Raises:
        FilterError: Points at the first word that cannot be meant.
    """
    found: dict[str, Any] = {}
    loose: list[_Word] = []
    places: dict[str, _Word] = {}
    for word in _words(line):
        if word.name is None:
            loose.append(word)
            continue
        name, value = _meaning(word, users, today)
        if name in found:
            raise word.error(f"{word.name}: is given twice.", "Leave one of them out.")
        found[name], places[name] = value, word
    if loose and "text" in found:
        raise loose[0].error("A text is given twice.", 'Put all of it into one text:"…".')
    if loose:
        found["text"] = " ".join(word.value for word in loose)
    wanted = AuditFilter(**found)
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise places["since"].error(f"The range ends on {wanted.until}, before it begins.", "Exchange the two dates.")
    return wanted


def parse_day(text: str, today: date) -> date:
    """Read one day.

    Raises:
        FilterError: It is none.
    """
    return _date(_Word(0, len(text), None, text.strip()), today)


def format_filter(wanted: AuditFilter, users: Users) -> str:
    """Write a filter as the line that means it."""
    words = []
    for field in fields(wanted):
        value = getattr(wanted, field.name)
        if value is None or value is False or value == "":
            continue
        name, text = _written(field.name, value, users)
        words.append(f"{name}:{_quoted(text)}")
    return " ".join(words)


def completions(line: str, users: Users) -> tuple[str, ...]:
    """What the last word of a line may become: the whole line, once for each."""
    start, word = last_word(line)
    before, (name, colon, value) = line[:start], word.partition(":")
    if not colon:
        begun = [f"{each}:" for each in _NAMES if each.startswith(name.casefold())]
        return tuple(before + each for each in begun) if name else ()
    choices = _choices(name.casefold(), users)
    typed = re.sub(r'\\(["\\])', r"\1", value[1:]) if value.startswith('"') else value
    matching = [choice for choice in choices if choice.casefold().startswith(typed.casefold())]
    return tuple(f"{before}{name}:{_quoted(choice)}" for choice in matching)


def last_word(line: str) -> tuple[int, str]:
    """Where the word begins that is being typed, and the word; a quote in it may still be open."""
    start, quoted, escaped = 0, False, False
    for position, character in enumerate(line):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = position + 1
    return start, line[start:]


_EXAMPLE = 'Try user:admin since:2024-11-01 text:"API key".'
_NAMES = ("since", "until", "permission", "user", "source", "computer", "text", "only")
# Random primary keys go as far as the column does.
_LARGEST_USER = 2**63 - 1
_ONLY = {"ours": "ours", "not-genuine": "suspect"}
_NEEDS_QUOTES = re.compile(r"[\s\"]|^$")


@dataclass(frozen=True)
class _Word:
    start: int
    end: int
    name: str | None
    value: str

    def error(self, sentence: str, hint: str = "") -> FilterError:
        return FilterError(self.start, self.end, sentence, hint)


def _words(line: str) -> Iterator[_Word]:
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        word = _word_at(line, position)
        yield word
        position = word.end


def _word_at(line: str, start: int) -> _Word:
    named = re.compile(r"(\w+):", re.ASCII).match(line, start)
    position = named.end() if named else start
    value: list[str] = []
    quoted = False
    while position < len(line) and (quoted or not line[position].isspace()):
        character = line[position]
        if quoted and character == "\\" and line[position + 1 : position + 2] in ('"', "\\"):
            position += 1
            value.append(line[position])
        elif character == '"':
            quoted = not quoted
        else:
            value.append(character)
        position += 1
    if quoted:
        raise FilterError(start, position, "A double quote is opened and not closed.", "Close it after the text.")
    return _Word(start, position, named[1].casefold() if named else None, "".join(value))


def _meaning(word: _Word, users: Users, today: date) -> tuple[str, Any]:
    readers: dict[str, Callable[[], Any]] = {
        "since": lambda: _date(word, today),
        "until": lambda: _date(word, today),
        "permission": lambda: _number(word, PERMISSIONS.number(word.value), PERMISSIONS.names, "permission"),
        "user": lambda: _user(word, users),
        "source": lambda: _number(word, LOG_SOURCES.number(word.value), LOG_SOURCES.names, "log source"),
        "computer": lambda: _text(word),
        "text": lambda: _text(word),
    }
    name = word.name or ""
    if name == "only":
        if word.value.casefold() not in _ONLY:
            raise word.error(f"only:{word.value} means nothing.", f"Only: {' or '.join(_ONLY)}.")
        return _ONLY[word.value.casefold()], True
    if name not in readers:
        near = get_close_matches(name, _NAMES, 1)
        hint = f"Did you mean {near[0]}:?" if near else f"Names are {', '.join(_NAMES)}; quote a text with a colon."
        raise word.error(f"Nothing is called {name}: here.", hint)
    return name, readers[name]()


def _date(word: _Word, today: date) -> date:
    value = word.value.casefold()
    days = {"today": 0, "yesterday": 1}.get(value)
    ago = re.fullmatch(r"([0-9]{1,5})d", value, re.ASCII)
    if ago:
        days = int(ago[1])
    try:
        if days is not None:
            return today - timedelta(days=days)
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise word.error(f"There is no day {word.value}.", "A month has 28 to 31 days, a year twelve months.") from None
    raise word.error(
        f"{word.value or 'Nothing'} is no date.", "Write 2024-11-01, today, yesterday, or 10d for ten days ago."
    )


def _number(word: _Word, number: int | None, names: tuple[str, ...], what: str) -> int:
    if number is not None:
        return number
    if not word.value:
        raise word.error(f"No {what} is named.", _EXAMPLE)
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(word.value.casefold(), by_folded, 1)
    hint = f"Did you mean {by_folded[near[0]]}?" if near else "Tab completes names."
    raise word.error(f"There is no {what} {word.value}.", hint)


def _user(word: _Word, users: Users) -> int:
    number = users.number(word.value)
    namesakes = users.namesakes(word.value)
    if number is None and namesakes:
        raise word.error(f"Several users are called {word.value}.", f"Write one of the numbers {', '.join(namesakes)}.")
    return _number(word, number, users.words, "user")


def _text(word: _Word) -> str:
    if not word.value:
        raise word.error(f"{word.name}: is empty.", "Leave it out, or write what to look for.")
    return word.value


def _written(field: str, value: Any, users: Users) -> tuple[str, str]:
    if value is True:
        return "only", next(word for word, name in _ONLY.items() if name == field)
    if field == "user":
        return field, users.word(value)
    if field == "permission":
        return field, PERMISSIONS.name(value)
    if field == "source":
        return field, LOG_SOURCES.name(value)
    return field, str(value)


def _quoted(text: str) -> str:
    if not _NEEDS_QUOTES.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _choices(name: str, users: Users) -> tuple[str, ...]:
    return {
        "user": users.words,
        "permission": PERMISSIONS.names,
        "source": LOG_SOURCES.names,
        "only": tuple(_ONLY),
        "since": ("today", "yesterday", "10d"),
        "until": ("today", "yesterday"),
    }.get(name, ())
