"""Traces of forgery although every hash matches: gaps in the numbers, times, names, and the statuses of keys.

What Open Dental, replication or a change of the clock cause is explained in a sentence and not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.audit.entry_order import EntryOrder, Gap, Setback
from core.model.audit_entry import counted
from core.model.audit_events import parse_entry
from core.model.key_events import KeyStatusChanged
from core.model.logged_event import Stage
from core.opendental.entry_digest import number_moment
from core.opendental.key_status import KeyStatus

MAX_LISTED = 200
"""The maximum number of findings that are listed; all of them are counted."""
_CLOCK = timedelta(minutes=70)
"""Times that go back by no more than this are explained: daylight saving time ends, or the clock is set right."""


@dataclass(frozen=True)
class PlausibilityReport:
    """The implausible findings, and those that are explained."""

    count: int = 0
    findings: tuple[str, ...] = ()
    """The findings, one sentence each; at most `MAX_LISTED`."""
    notes: tuple[str, ...] = ()
    """The odd findings that have an explanation, one sentence each."""


class Plausibility:
    """Collects what isn't plausible while a verification reads the entries in the order of their numbers.

    Args:
        users: The names of the users by their numbers.
        numbers_grow: False if the practice uses random numbers, which say nothing about order.
        rolls_back: True if the database has transactions; one that is rolled back leaves a gap.
    """

    def __init__(self, users: Mapping[int, str], *, numbers_grow: bool, rolls_back: bool) -> None:
        self._users = users
        self._names = {name.casefold(): number for number, name in users.items()}
        self._numbers_grow = numbers_grow
        self._rolls_back = rolls_back
        self._order = EntryOrder()
        self._findings: list[str] = []
        self._count = 0
        self._renamed: set[str] = set()
        self._statuses: dict[str, tuple[KeyStatus, int]] = {}
        self._remote: set[str] = set()
        self._unjoined_remote = 0

    def add_order(self, numbers: Sequence[int], moments: Sequence[int]) -> None:
        """Take the numbers and times of the next entries."""
        if self._numbers_grow:
            self._order.add(numbers, moments)

    def add_texts(self, entries: Iterable[tuple[int, int, str]]) -> None:
        """Take the numbers, the users' numbers and the texts of entries that this program wrote, in their order."""
        for number, user_num, text in entries:
            logged = parse_entry(text)
            if logged is None:
                continue
            self._compare_user(number, user_num, getattr(logged.event, "user", ""))
            if isinstance(logged.event, KeyStatusChanged):
                self._follow_status(number, logged.event, logged.stage)

    def add_known_removals(self, numbers: Iterable[int]) -> None:
        """Take the numbers of removed entries whose hashes are left: they are reported as deleted, or explained."""
        self._order.fill(numbers)

    def report(self, kept_from: int | None) -> PlausibilityReport:
        """Return the result.

        Args:
            kept_from: The number of the first entry that *Remove Old Data* kept; None if it wasn't used.
        """
        gaps = [gap for gap in self._order.gaps if kept_from is None or gap.after > kept_from]
        notes = list(self._notes())
        if self._order.step > 1:
            notes.append(f"Numbers grow in steps of {self._order.step}, as with replication; gaps aren't checked.")
            gaps = []
        elif self._rolls_back and gaps:
            notes += [_gap_sentence(gap) for gap in gaps[:MAX_LISTED]]
            notes.append("A change that was rolled back leaves such a gap, too.")
            gaps = []
        setbacks = [each for each in self._order.setbacks if _went_back(each) > _CLOCK]
        clock = len(self._order.setbacks) - len(setbacks)
        if clock:
            notes.append(
                f"{counted(clock)} {'is' if clock == 1 else 'are'} dated up to an hour before the entry before, as when"
                " daylight saving time ends or the clock is set."
            )
        hidden = self._order.gap_count - len(self._order.gaps) if gaps else 0
        found = [*map(_gap_sentence, gaps), *map(_setback_sentence, setbacks), *self._findings]
        count = len(gaps) + hidden + len(setbacks) + self._count
        return PlausibilityReport(count, tuple(found[:MAX_LISTED]), tuple(notes))

    def _notes(self) -> Iterable[str]:
        if not self._numbers_grow:
            yield "Numbers are random in this practice, so gaps and the order of times can't be checked."
        if self._renamed:
            names = ", ".join(sorted(self._renamed)[:5])
            yield f"Texts name users that no longer exist under that name: {names}. They were renamed or deleted."
        if self._unjoined_remote:
            yield (
                f"{counted(self._unjoined_remote)} about the status of a key at headquarters doesn't continue the one"
                " before; headquarters can change a status without an entry here."
            )

    def _compare_user(self, number: int, user_num: int, name: str) -> None:
        actual = self._users.get(user_num)
        if not name or actual is None or actual.casefold() == name.casefold():
            return
        if name.casefold() not in self._names:
            self._renamed.add(name)
            return
        self._add(f"Entry {number} belongs to the user {actual}, but its text says {name}.")

    def _follow_status(self, number: int, event: KeyStatusChanged, stage: Stage) -> None:
        tag = event.key_tag
        if stage is Stage.ASKED:
            self._remote.add(tag)
        if stage is Stage.UNKNOWN:
            self._statuses.pop(tag, None)
        before = self._statuses.get(tag)
        if stage is Stage.NOT_DONE and tag not in self._remote and before is not None and before[0] is event.after:
            # It takes the entry before it back: where nothing can be rolled back, changes are logged first.
            self._statuses[tag] = (event.before, number)
        if stage is not Stage.DONE:
            return
        self._statuses[tag] = (event.after, number)
        if before is None or before[0] is event.before:
            return
        if tag in self._remote:
            self._unjoined_remote += 1
            return
        self._add(
            f"Entry {number} changes API key {tag} from {event.before.label}, but entry {before[1]} left it"
            f" {before[0].label}."
        )

    def _add(self, sentence: str) -> None:
        self._count += 1
        if len(self._findings) < MAX_LISTED:
            self._findings.append(sentence)


def _went_back(setback: Setback) -> timedelta:
    before, after = number_moment(setback.before), number_moment(setback.moment)
    return before - after if before is not None and after is not None else timedelta()


def _gap_sentence(gap: Gap) -> str:
    first, last = gap.before + 1, gap.after - 1
    what = f"Number {first} is" if first == last else f"Numbers {first} to {last} are"
    return f"{what} missing, between entries of {_time(gap.moment_before)} and {_time(gap.moment_after)}."


def _setback_sentence(setback: Setback) -> str:
    return (
        f"Entry {setback.number} is dated {_time(setback.moment)}, but entry {setback.number_before} before it is dated"
        f" {_time(setback.before)}."
    )


def _time(moment: int) -> str:
    found = number_moment(moment)
    return f"{found:%Y-%m-%d %H:%M:%S}" if found else "no date"
