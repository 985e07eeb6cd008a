"""The places of the payment types."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from core.payment_types.order import alphabetical, moved, new_places
from core.payment_types.rows import TypeRow
from tests.support.properties import examples


def rows(*values: tuple[int, int, str]) -> tuple[TypeRow, ...]:
    return tuple(TypeRow(number, order, name, "", hidden=False) for number, order, name in values)


DENSE = rows((311, 0, "Check"), (313, 1, "Visa"), (312, 2, "cash"))
any_rows = st.lists(
    st.builds(TypeRow, st.integers(1, 999), st.integers(0, 9), st.text(max_size=4), st.just(""), st.booleans()),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row.number,
).map(lambda found: sorted(found, key=lambda row: (row.order, row.number)))


def test_moving_swaps_two_neighbors() -> None:
    assert moved(DENSE, 313, -1) == (313, 311, 312)
    assert moved(DENSE, 313, 1) == (311, 312, 313)
    assert new_places(DENSE, (313, 311, 312)) == {313: 0, 311: 1}


def test_the_first_cannot_move_up_and_the_last_not_down() -> None:
    assert moved(DENSE, 311, -1) is None
    assert moved(DENSE, 312, 1) is None


def test_names_are_sorted_regardless_of_case() -> None:
    assert alphabetical(DENSE) == (312, 311, 313)


def test_places_that_several_share_become_dense() -> None:
    assert new_places(rows((1, 3, "a"), (2, 3, "b"), (3, 7, "c")), (1, 2, 3)) == {1: 0, 2: 1, 3: 2}


@given(any_rows, st.data())
@examples(100)
def test_places_are_dense_from_0_after_any_move(found: Sequence[TypeRow], data: st.DataObject) -> None:
    number = data.draw(st.sampled_from([row.number for row in found]))
    wanted = moved(found, number, data.draw(st.sampled_from([-1, 1]))) or alphabetical(found)
    places = {row.number: row.order for row in found} | dict(new_places(found, wanted))
    assert [number for _, number in sorted((place, number) for number, place in places.items())] == list(wanted)
    assert sorted(places.values()) == list(range(len(found)))
