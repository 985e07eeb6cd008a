"""One developer under several names: joined with certainty, joined by hand, or suggested."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from core.model.fleet import FleetKey, OfficeState

_SIMILAR = 0.88
"""The ratio of equal letters from which two names are suggested as one developer."""
_LEGAL_FORMS = re.compile(r"\b(inc|llc|ltd|gmbh|corp|corporation|co|company|plc|the)\b")


@dataclass(frozen=True)
class Developer:
    """A developer with keys in one or more offices."""

    name: str
    """The name that most offices have."""
    names: tuple[str, ...]
    """All names that it has, as spelled."""
    keys: Mapping[str, tuple[FleetKey, ...]] = field(default_factory=dict)
    """Its keys by office."""
    numbers: frozenset[int] = frozenset()
    """Its numbers at headquarters, as far as they are known; several only if names were joined by hand."""
    similar: tuple[str, ...] = ()
    """The names of other developers that may be the same one."""

    @property
    def enabled(self) -> int:
        """The number of its enabled keys."""
        return sum(key.status.enabled for keys in self.keys.values() for key in keys)


def find_developers(states: Iterable[OfficeState], joined: Mapping[str, str]) -> tuple[Developer, ...]:
    """Return the developers of all offices, by name.

    Names that differ only in capitals are one developer. So are names with the same number at headquarters, and names
    that were joined by hand.

    Args:
        states: The offices.
        joined: The name that each joined name was joined with, both case-folded.
    """
    listed = [(state.office, key) for state in states if state.answer is not None for key in state.answer.keys]
    groups = _Groups()
    for name, target in joined.items():
        groups.join(name, target)
    by_number: dict[int, str] = {}
    for _, key in listed:
        folded = key.developer.casefold()
        groups.find(folded)
        if key.developer_number:
            groups.join(folded, by_number.setdefault(key.developer_number, folded))
    members: dict[str, list[tuple[str, FleetKey]]] = defaultdict(list)
    for office, key in listed:
        members[groups.find(key.developer.casefold())].append((office, key))
    developers = [_developer(group) for group in members.values()]
    ordered = sorted(developers, key=lambda each: each.name.casefold())
    return tuple(_with_suggestions(ordered))


def find_developer(developers: Iterable[Developer], name: str) -> Developer | None:
    """Return the developer that has a name, in any case; None if there is none."""
    folded = name.strip().casefold()
    return next((each for each in developers if folded in {one.casefold() for one in each.names}), None)


class _Groups:
    """Names that mean the same developer (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, name: str) -> str:
        parent = self._parent.setdefault(name, name)
        if parent != name:
            parent = self._parent[name] = self.find(parent)
        return parent

    def join(self, one: str, other: str) -> None:
        self._parent[self.find(one)] = self.find(other)


def _developer(members: list[tuple[str, FleetKey]]) -> Developer:
    spellings: dict[str, int] = defaultdict(int)
    keys: dict[str, tuple[FleetKey, ...]] = {}
    for office, key in members:
        spellings[key.developer] += 1
        keys[office] = (*keys.get(office, ()), key)
    names = sorted(spellings, key=lambda name: (-spellings[name], name.casefold()))
    numbers = frozenset(key.developer_number for _, key in members if key.developer_number)
    return Developer(names[0], tuple(names), keys, numbers)


def _with_suggestions(developers: list[Developer]) -> list[Developer]:
    similar: dict[str, list[str]] = defaultdict(list)
    plain = {each.name: _plain(each.name) for each in developers}
    for index, one in enumerate(developers):
        for other in developers[index + 1 :]:
            if _may_be_same(one, other, plain):
                similar[one.name].append(other.name)
                similar[other.name].append(one.name)
    return [Developer(each.name, each.names, each.keys, each.numbers, tuple(similar[each.name])) for each in developers]


def _may_be_same(one: Developer, other: Developer, plain: Mapping[str, str]) -> bool:
    if one.numbers and other.numbers:
        # Headquarters says that they are two.
        return False
    first, second = plain[one.name], plain[other.name]
    if not first or not second:
        return False
    if first == second:
        return True
    if abs(len(first) - len(second)) > max(len(first), len(second)) // 4:
        return False
    return SequenceMatcher(None, first, second).ratio() >= _SIMILAR


def _plain(name: str) -> str:
    """Return a name without legal forms, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", _LEGAL_FORMS.sub("", name.casefold()))
