"""`apisetup subscriptions` and `apisetup payment-types`, on the demo practice and an empty one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments: str, config: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "APISETUP_CONFIG": str(config)}
    command = [sys.executable, "-m", "tui", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file that isn't there, so that the embedded practice is next to it."""
    return tmp_path / "config.toml"


def test_late_subscriptions_and_alerts_are_a_finding(config: Path) -> None:
    listed = run("subscriptions", "--demo", config=config)
    assert (listed.returncode, listed.stderr) == (1, "")
    assert "Probably nobody works at RECEPTION-OLD" in listed.stdout
    assert "FHIR" in listed.stdout


def test_subscriptions_are_written_as_json_without_keys(config: Path) -> None:
    listed = json.loads(run("subscriptions", "--demo", "--json", config=config).stdout)
    states = {each["state"] for each in listed["subscriptions"]}
    assert states == {"working", "late", "not started", "no sign of life exists", "ended"}
    assert all(each["key"].startswith("********") for each in listed["subscriptions"])
    assert [each["status"] for each in listed["fhir"]] == ["Active", "Error"]


def test_a_practice_without_subscriptions_is_in_order(config: Path) -> None:
    listed = run("subscriptions", config=config)
    assert (listed.returncode, listed.stdout) == (0, "No subscriptions.\n")


def test_payment_types_are_listed_in_their_order(config: Path) -> None:
    listed = run("payment-types", "--demo", config=config)
    assert listed.returncode == 0
    lines = listed.stdout.splitlines()
    assert [line.split()[2] for line in lines] == ["Check", "Cash", "Credit", "Gift", "Electronic"]
    assert lines[2].endswith("(the API)")
    (chosen,) = (
        each
        for each in json.loads(run("payment-types", "--demo", "--json", config=config).stdout)["payment_types"]
        if each["api_default"]
    )
    assert (chosen["name"], chosen["on_deposit_slips"]) == ("Credit Card", False)
