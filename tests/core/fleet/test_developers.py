"""One developer under several names."""

from __future__ import annotations

from pathlib import Path

from core.fleet.developers import Developer, find_developer, find_developers
from core.fleet.store import FleetStore
from core.model.fleet import FleetKey, OfficeAnswer, OfficeState
from core.opendental.key_status import KeyStatus
from tests.support.databases import NOW


def office(name: str, *developers: str, numbers: tuple[int, ...] = ()) -> OfficeState:
    """Return an office with a key of each developer."""
    padded = (*numbers, *[0] * len(developers))
    keys = tuple(
        FleetKey(f"{name}-{developer}", "****1234", developer, KeyStatus.ENABLED, padded[index])
        for index, developer in enumerate(developers)
    )
    return OfficeState(name, answer=OfficeAnswer(name, "", "24.3", True, "", keys, "local registry"))


def names(developers: tuple[Developer, ...]) -> list[tuple[str, ...]]:
    return [each.names for each in developers]


def test_names_that_differ_only_in_capitals_are_one_developer() -> None:
    found = find_developers([office("A", "ClearPay"), office("B", "CLEARPAY"), office("C", "ClearPay")], {})
    assert names(found) == [("ClearPay", "CLEARPAY")]
    assert sorted(found[0].keys) == ["A", "B", "C"]


def test_the_number_at_headquarters_joins_names() -> None:
    found = find_developers([office("A", "ClearPay", numbers=(7,)), office("B", "CP Billing", numbers=(7,))], {})
    assert names(found) == [("ClearPay", "CP Billing")]


def test_similar_names_are_suggested_and_not_joined() -> None:
    one, other = find_developers([office("A", "ClearPay, Inc."), office("B", "Clear Pay")], {})
    assert (one.similar, other.similar) == ((other.name,), (one.name,))


def test_different_numbers_at_headquarters_are_never_suggested() -> None:
    states = [office("A", "ClearPay", numbers=(7,)), office("B", "Clear Pay", numbers=(8,))]
    assert [each.similar for each in find_developers(states, {})] == [(), ()]


def test_unlike_names_are_not_suggested() -> None:
    found = find_developers([office("A", "ClearPay"), office("B", "Canopy"), office("C", "Dentist Finder")], {})
    assert [each.similar for each in found] == [(), (), ()]


def test_names_joined_by_hand_are_remembered_and_can_be_separated(tmp_path: Path) -> None:
    states = [office("A", "ClearPay"), office("B", "Clear Pay"), office("C", "CP")]
    store = FleetStore(tmp_path / "fleet.sqlite3", lambda: NOW)
    store.join(["Clear Pay"], "ClearPay")
    store.join(["ClearPay"], "CP")
    store.close()
    store = FleetStore(tmp_path / "fleet.sqlite3", lambda: NOW)
    (found,) = find_developers(states, store.joined_names())
    assert set(found.names) == {"ClearPay", "Clear Pay", "CP"}
    assert find_developer([found], "clear pay") is found
    store.separate(found.names)
    assert len(find_developers(states, store.joined_names())) == 3
    store.close()
