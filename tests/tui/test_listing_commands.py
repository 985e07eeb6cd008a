"""`apisetup subscriptions list` and `apisetup payment-types list`, on the demo practice and an empty one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A command line whose embedded practice doesn't exist yet."""
    return CommandLine(tmp_path)


def test_late_subscriptions_and_alerts_are_a_finding(line: CommandLine) -> None:
    listed = line.run("subscriptions", "list", "--demo")
    assert (listed.status, listed.err) == (1, "")
    assert "Probably nobody works at RECEPTION-OLD" in listed.out
    assert "FHIR" in listed.out


def test_subscriptions_are_written_as_json_without_keys(line: CommandLine) -> None:
    listed = line.run("subscriptions", "list", "--demo", "--json").office
    states = {each["state"] for each in listed["subscriptions"]}
    assert states == {"working", "late", "not started", "no sign of life exists", "ended"}
    assert all(each["key"].startswith("********") for each in listed["subscriptions"])
    assert [each["status"] for each in listed["fhir"]] == ["Active", "Error"]


def test_a_practice_without_subscriptions_is_in_order(line: CommandLine) -> None:
    listed = line.run("subscriptions", "list")
    assert (listed.status, listed.out) == (0, "No subscriptions.\n")


def test_payment_types_are_listed_in_their_order(line: CommandLine) -> None:
    listed = line.run("payment-types", "list", "--demo")
    assert listed.status == 0
    lines = listed.out.splitlines()
    assert [each.split()[2] for each in lines] == ["Check", "Cash", "Credit", "Gift", "Electronic"]
    assert lines[2].endswith("(the API)")
    types = line.run("payment-types", "list", "--demo", "--json").office["payment_types"]
    (chosen,) = (each for each in types if each["api_default"])
    assert (chosen["name"], chosen["on_deposit_slips"]) == ("Credit Card", False)
