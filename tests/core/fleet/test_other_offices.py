"""The keys of all offices, as a review of one of them needs them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from threading import Event

from core.base.secret import Secret
from core.fleet.other_offices import other_offices, read_other_offices
from core.model.fleet import FleetKey, OfficeAnswer, OfficeState
from core.model.review import OtherOffices, ReviewRule
from core.opendental.key_status import KeyStatus
from tests.support.fleets import BRIDGE, SampleFleet, ignore


def office(name: str, **developers: KeyStatus) -> OfficeState:
    """Return an office with a key of each developer."""
    keys = tuple(
        FleetKey(f"{name}-{developer}", "****1234", developer, status) for developer, status in developers.items()
    )
    return OfficeState(name, answer=OfficeAnswer(name, "", "24.3", True, "", keys, "local registry"))


def test_enabled_keys_are_counted_under_all_names_of_a_developer() -> None:
    on, off = KeyStatus.ENABLED, KeyStatus.DISABLED_BY_CUSTOMER
    states = [office("B", ClearPay=on), office("A", CLEARPAY=on), office("C", ClearPay=off, CP=on), OfficeState("D")]
    assert other_offices(states, {}) == OtherOffices(3, {"clearpay": ("A", "B"), "cp": ("C",)})
    joined = other_offices(states, {"cp": "clearpay"})
    assert joined == OtherOffices(3, dict.fromkeys(("clearpay", "cp"), ("A", "B", "C")))
    assert other_offices(states[:1], {}) is None


def test_the_offices_of_the_configuration_file_are_compared_as_they_were_last_read(files: SampleFleet) -> None:
    north, south, _west = files.requests
    lines = (f'[offices.{each.office.name}]\nfile = "{each.office.name}.sqlite3"\n' for each in (north, south))
    files.paths.configuration.write_text("".join(lines))
    files.paths.configuration.chmod(0o600)
    assert read_other_offices(north) is None
    fleet = files.open()
    fleet.read(ignore, Event())
    fleet.store.close()
    # West isn't in the file any more.
    found = read_other_offices(north)
    assert found is not None
    assert (found.offices, found.enabled_in[BRIDGE.casefold()]) == (2, ("North", "South"))
    assert read_other_offices(replace(north, office=replace(north.office, name=""))) is None


def test_a_review_names_the_offices_in_which_a_developer_has_a_key(files: SampleFleet) -> None:
    north = files.requests[0]
    known = OtherOffices(3, {BRIDGE.casefold(): ("North",)})
    request = replace(north, context=replace(north.context, other_offices=lambda _request: known))
    with closing(request.open(Secret(""))) as opened:
        found = [each for each in opened.review.findings().findings if each.rule is ReviewRule.SOME_OFFICES]
    assert [each.reason for each in found] == ["Its developer has an enabled key in 1 of 3 offices: North."]
