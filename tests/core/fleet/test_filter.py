"""The filter of the list of offices."""

from __future__ import annotations

import pytest

from core.filtering.terms import FilterError
from core.fleet.filter import ListedOffice, completions, parse_office_filter
from core.model.fleet import FleetKey, OfficeAnswer, OfficeState, Reach
from core.opendental.key_status import KeyStatus

KEYS = (FleetKey("1", "****1234", "ClearPay", KeyStatus.ENABLED),)
NORTH = OfficeState(
    "North",
    ("coast", "pilot"),
    Reach.ANSWERS,
    OfficeAnswer("North", "", "24.3.10.0", True, "working", KEYS, ""),
    changes=("API: off → on",),
)
SOUTH = OfficeState("South", (), Reach.ANSWERS, OfficeAnswer("South", "", "23.1.5.0", False, "down", (), ""))
WEST = OfficeState("West", ("coast",), Reach.NO_ANSWER)
OFFICES = tuple(ListedOffice(state, f"{state.office} 10.0.0.5 opendental") for state in (NORTH, SOUTH, WEST))


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("", ["North", "South", "West"]),
        ("tag:coast", ["North", "West"]),
        ("tag:coast,x -west", ["North"]),
        ("api:off", ["South"]),
        ("developer:clearpay", ["North"]),
        ("state:unreachable", ["West"]),
        ("changed:yes", ["North"]),
        ("econnector:down", ["South"]),
        ("version:24", ["North"]),
        ("10.0.0.5 sou", ["South"]),
    ],
)
def test_a_filter_finds_offices(expression: str, names: list[str]) -> None:
    meets = parse_office_filter(expression)
    assert [each.state.office for each in OFFICES if meets(each)] == names


@pytest.mark.parametrize("expression", ["api:maybe", "tags:x", "state:"])
def test_a_term_that_is_not_valid_is_refused(expression: str) -> None:
    with pytest.raises(FilterError):
        parse_office_filter(expression)


def test_values_are_completed() -> None:
    states = (NORTH, SOUTH, WEST)
    assert completions("ta", states) == ("tag:",)
    assert completions("tag:", states) == ("tag:coast", "tag:pilot")
    assert completions("developer:c", states) == ("developer:ClearPay",)
