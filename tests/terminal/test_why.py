"""`apisetup why`: the causes of failing calls, its exit statuses, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.installed_program import READY, Home, only_office
from tests.support.opendental_columns import OLD
from tests.support.practice_rows import CLEARPAY_KEY
from tests.support.server_practice import PASSWORD, USER, ServerPractice

HEALTHY = (
    "UPDATE program SET Enabled = 1 WHERE ProgName = 'FHIR'",
    "UPDATE preference SET ValueString = 'REG7-KEY2' WHERE PrefName = 'RegistrationKey'",
    "DELETE FROM computer",
    "INSERT INTO eservicesignal (ServiceCode, Severity, Description, SigDateTime, Tag)"
    " VALUES (1, 2, 'Heartbeat', NOW(), '')",
)
NO_SUBSCRIPTIONS = "DELETE FROM apisubscription"


def why(home: Home, practice: ServerPractice, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command and return its exit status and its result."""
    environment = {
        "APISETUP_PASSWORD": practice.server.password,
        "APISETUP_OD_USER": USER,
        "APISETUP_OD_PASSWORD": PASSWORD,
    }
    completed = home.run("why", "--json", "--authority", "local", "--url", practice.url(), *arguments, **environment)
    assert completed.stderr == ""
    result = only_office(completed.stdout)
    assert result["status"] == completed.returncode
    return completed.returncode, result


def cause_ids(result: dict[str, Any]) -> list[str]:
    return [cause["id"] for cause in result["causes"] if cause["certainty"] == "certain"]


def test_an_office_in_order_ends_with_0(home: Home, practice: ServerPractice) -> None:
    practice.execute(*HEALTHY, NO_SUBSCRIPTIONS)
    status, result = why(home, practice)
    assert (status, cause_ids(result), result["verdict"]) == (0, [], "in order")
    assert result["conclusion"].startswith("The office's side is in order at ")


def test_a_cause_ends_with_1(home: Home, practice: ServerPractice) -> None:
    practice.execute(*HEALTHY, NO_SUBSCRIPTIONS)
    practice.execute("UPDATE eservicesignal SET SigDateTime = NOW() - INTERVAL 190 MINUTE")
    status, result = why(home, practice)
    assert (status, cause_ids(result)) == (1, ["econnector-not-running"])
    (cause,) = [each for each in result["causes"] if each["certainty"] == "certain"]
    assert "gave its last sign of life 3 h ago" in cause["sentence"]
    assert cause["since"]


def test_what_could_not_be_looked_at_ends_with_2(home: Home, practice: ServerPractice) -> None:
    practice.execute(*HEALTHY, NO_SUBSCRIPTIONS, "DROP TABLE eservicesignal")
    status, result = why(home, practice)
    assert (status, result["verdict"]) == (2, "incomplete")
    assert "eConnector: unknown, no right to read eservicesignal." in result["unknown"]


@pytest.mark.parametrize("practice", [(OLD, "MyISAM")], indirect=True)
def test_an_old_practice_is_looked_at(home: Home, practice: ServerPractice) -> None:
    practice.execute(*HEALTHY)
    status, result = why(home, practice, "--text", "connection refused at 30223")
    assert (status, cause_ids(result)) == (1, ["api-service-not-installed"])


def test_a_key_is_named_by_its_developer_or_its_end(home: Home, practice: ServerPractice) -> None:
    practice.execute(*HEALTHY, NO_SUBSCRIPTIONS)
    _status, result = why(home, practice, "--developer", "stray software")
    assert result["subject"] == "API key ********Tt40 (Stray Software)"
    assert "key-not-assigned" in cause_ids(result)
    assert why(home, practice, "--key", "Tt40")[1]["subject"] == result["subject"]
    _status, result = why(home, practice, "--developer", "Nobody")
    assert result["subject"] == "a key of Nobody"


def test_a_workstation_and_a_status_narrow_it_down(home: Home, practice: ServerPractice) -> None:
    practice.execute(*HEALTHY, NO_SUBSCRIPTIONS)
    status, result = why(home, practice, "--workstation", "DOCTOR", "--status", "404")
    assert (status, cause_ids(result)) == (1, ["workstation-not-running"])
    assert "doesn't exist" in result["meaning"]


def test_no_key_is_written(home: Home, practice: ServerPractice) -> None:
    practice.execute(*HEALTHY)
    _status, result = why(home, practice, "--text", f"401 ODFHIR dev/{CLEARPAY_KEY}")
    assert CLEARPAY_KEY not in json.dumps(result)


def test_a_whole_key_is_refused_without_repeating_it(home: Home, practice: ServerPractice) -> None:
    completed = home.run("why", "--demo", "--key", CLEARPAY_KEY)
    assert completed.returncode == 2
    assert "--key takes the last four characters of a key" in completed.stderr
    assert CLEARPAY_KEY not in completed.stderr


def test_the_user_needs_the_permission_for_api_setup_or_for_the_audit_trail(
    home: Home, practice: ServerPractice
) -> None:
    practice.execute("DELETE FROM grouppermission WHERE PermType = 122 AND UserGroupNum = 2")
    completed = home.run(
        "why",
        *("--authority", "local", "--url", practice.url(), "--user", "Maria"),
        APISETUP_PASSWORD=practice.server.password,
        APISETUP_OD_PASSWORD="maria's",
    )
    assert completed.returncode == 2
    assert "The user Maria needs the permission Setup or AuditTrail" in completed.stderr
    assert completed.stdout == ""


def test_the_demo_shows_a_cause_as_lines(installed_home: Home) -> None:
    completed = installed_home.run("why", "--demo", "--developer", "ClearPay", "--status", "401")
    assert completed.returncode == 1
    lines = completed.stdout.splitlines()
    assert lines[0].startswith("API key ********AD92 (ClearPay), ")
    assert any(line.startswith("ALSO      The eConnector on SERVER-1 gave its last sign of life") for line in lines)
    assert "To send to the developer:" in lines
    assert completed.stderr == ""


def test_the_line_appears_by_itself(home: Home) -> None:
    with home.start("--demo") as terminal:
        terminal.wait_for(READY)
        terminal.wait_for("eConnector: no sign of life for 3 h +w why")
        terminal.press("w")
        terminal.wait_for("Why\\? ")
        terminal.wait_for("What to do")
        terminal.press("escape")
        terminal.wait_for(READY)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
