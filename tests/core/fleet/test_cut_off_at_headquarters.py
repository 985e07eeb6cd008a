"""Cutting a developer off where headquarters manages the keys: its answer, its refusal, and no answer at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from core.base.secret import Secret
from core.database.address import ServerAddress
from core.fleet.cut_off import FleetChange
from core.fleet.cut_off_plan import plan_way_back
from core.fleet.fleet import Credentials, Fleet
from core.fleet.receipt import read_receipt
from core.headquarters.transport import Limits
from core.model.authority_name import AuthorityName
from core.model.fleet_change import FleetOutcome, OfficeOutcome
from tests.support.databases import SampleServer
from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour, headquarters
from tests.support.fleets import SampleFleet, cut_off_plan, ignore, server_fleet
from tests.support.headquarters_office import BRIDGE, add_keys, audit_texts, credentials, set_headquarters_url
from tests.support.headquarters_protocol import SET_STATUS, Request
from tests.support.practice_rows import BRIDGE_KEY

BACK = "R20241107-ABCDEF"
ADMIN = Credentials("Admin", Secret("correct horse"))
pytestmark = pytest.mark.parametrize("server_sample", ["24.3 InnoDB"], indirect=True)


@pytest.fixture
def hq(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeadquartersServer]:
    """The practice's headquarters, which is waited for briefly."""
    monkeypatch.setattr("core.headquarters.client.PAUSES", ())
    monkeypatch.setattr("core.headquarters.client.Limits", lambda: Limits(response_seconds=0.5))
    with headquarters(practice=credentials(server_sample)) as server:
        set_headquarters_url(server_sample, server.url)
        add_keys(server, BRIDGE)
        yield server


@pytest.fixture
def sample(
    hq: HeadquartersServer, server_sample: SampleServer, companion_template: Path, tmp_path: Path
) -> SampleFleet:
    """A fleet of one practice whose keys headquarters manages."""
    server = server_sample.server
    address = ServerAddress(server.host, server.port, server_sample.database, server.user)
    found = server_fleet(tmp_path, [address], companion_template, server.password)
    found.requests = [
        replace(each, office=replace(each.office, authority=AuthorityName.HEADQUARTERS)) for each in found.requests
    ]
    return found


def begin(sample: SampleFleet) -> tuple[Fleet, FleetChange]:
    """Sign in, and plan to cut the developer off."""
    fleet = sample.signed_in(ADMIN)
    return fleet, sample.change(fleet, cut_off_plan(fleet))


def run(change: FleetChange) -> FleetOutcome:
    return change.run(ignore, Event())


def only_problem(outcome: FleetOutcome) -> str:
    (result,) = outcome.results
    assert result.outcome is OfficeOutcome.FAILED
    (problem,) = result.problems
    return problem


def keys_disabled(outcome: FleetOutcome) -> list[tuple[str, str]]:
    (result,) = outcome.results
    return [(each.before, each.after) for each in result.changes if not each.subscription]


def fall_silent_at_the_change(hq: HeadquartersServer, how: Misbehaviour) -> None:
    """Don't answer a change, nor the question about the list that follows it."""
    record = hq.record

    def record_and_fall_silent(request: Request) -> Misbehaviour | None:
        if request.operation == SET_STATUS:
            hq.record = record  # type: ignore[method-assign]  # once
            hq.misbehave(how)
        return record(request)

    hq.record = record_and_fall_silent  # type: ignore[method-assign]


DISABLED = [("Enabled", "Disabled by Customer")]


def test_headquarters_disables_the_key(sample: SampleFleet, hq: HeadquartersServer) -> None:
    _, change = begin(sample)
    outcome = run(change)
    assert outcome.results[0].outcome is OfficeOutcome.DONE
    assert keys_disabled(outcome) == DISABLED
    assert hq.status(BRIDGE_KEY) == "DisabledByCustomer"


def test_the_keys_are_as_old_as_the_list_of_headquarters(sample: SampleFleet) -> None:
    fleet = sample.signed_in(ADMIN)
    (state,) = fleet.states
    assert state.age_of_keys(fleet.now) < timedelta(minutes=5)
    companion = sample.paths.configuration.parent / "companion-1.sqlite3"
    with closing(sqlite3.connect(companion)) as connection, connection:
        connection.execute("UPDATE apisetup_headquarters_answer SET asked_at = datetime(asked_at, '-3 hours')")
    fleet.read(ignore, Event())
    (state,) = fleet.states
    assert timedelta(hours=3) <= state.age_of_keys(fleet.now) < timedelta(hours=3, minutes=5)
    assert state.age(fleet.now) < timedelta(minutes=5)


def test_a_refusal_of_headquarters_is_shown_and_can_be_retried(sample: SampleFleet, hq: HeadquartersServer) -> None:
    _, change = begin(sample)
    hq.misbehave(Misbehaviour.ERROR, operation=SET_STATUS)
    outcome = run(change)
    assert hq.refusal.rstrip(".") in only_problem(outcome)
    assert keys_disabled(outcome) == []
    hq.behave()
    again = run(change)
    assert again.results[0].outcome is OfficeOutcome.DONE
    assert keys_disabled(again) == DISABLED


def test_an_unreachable_headquarters_changes_nothing_and_can_be_retried(
    sample: SampleFleet, hq: HeadquartersServer, server_sample: SampleServer
) -> None:
    _, change = begin(sample)
    set_headquarters_url(server_sample, "http://127.0.0.1:9/")
    assert "headquarters cannot be reached" in only_problem(run(change))
    assert hq.status(BRIDGE_KEY) == "Enabled"
    set_headquarters_url(server_sample, hq.url)
    assert run(change).results[0].outcome is OfficeOutcome.DONE
    assert hq.status(BRIDGE_KEY) == "DisabledByCustomer"


@pytest.mark.parametrize("how", [Misbehaviour.SILENCE, Misbehaviour.CLOSED_DONE])
def test_a_change_without_an_answer_is_found_in_the_list_of_headquarters(
    sample: SampleFleet, hq: HeadquartersServer, how: Misbehaviour
) -> None:
    _, change = begin(sample)
    hq.misbehave(how, operation=SET_STATUS)
    outcome = run(change)
    assert outcome.results[0].outcome is OfficeOutcome.DONE
    assert keys_disabled(outcome) == DISABLED


def test_a_request_that_the_list_does_not_show_is_a_failure_and_can_be_retried(
    sample: SampleFleet, hq: HeadquartersServer
) -> None:
    _, change = begin(sample)
    hq.misbehave(Misbehaviour.CLOSED_UNDONE, operation=SET_STATUS)
    assert "it was not made" in only_problem(run(change))
    hq.behave()
    again = run(change)
    assert again.results[0].outcome is OfficeOutcome.DONE
    assert keys_disabled(again) == DISABLED


@pytest.mark.parametrize("how", [Misbehaviour.SILENCE, Misbehaviour.CLOSED_DONE, Misbehaviour.CLOSED_UNDONE])
def test_a_retry_finds_out_what_became_of_a_request_whose_outcome_is_unknown(
    sample: SampleFleet, hq: HeadquartersServer, server_sample: SampleServer, how: Misbehaviour
) -> None:
    fleet, change = begin(sample)
    fall_silent_at_the_change(hq, how)
    assert "unknown" in only_problem(run(change))
    hq.behave()
    again = run(change)
    assert again.results[0].outcome is OfficeOutcome.DONE, again.results[0].problems
    assert keys_disabled(again) == DISABLED
    assert hq.status(BRIDGE_KEY) == "DisabledByCustomer"
    assert hq.count(SET_STATUS) == (2 if how is Misbehaviour.CLOSED_UNDONE else 1)
    asked = [text for text in audit_texts(server_sample, "ASKED: ") if "to Disabled by Customer" in text]
    assert len(asked) == hq.count(SET_STATUS)
    assert again.receipt is not None
    (office,) = json.loads(Path(again.receipt.file).read_text())["offices"]
    assert office["changes"][0]["after"] == "Disabled by Customer"
    # The way back knows of the change, too.
    found = read_receipt(Path(again.receipt.file))
    back = run(sample.change(fleet, plan_way_back(found.plan, found.results, BACK, found.sha256)))
    assert back.results[0].outcome is OfficeOutcome.DONE, back.results[0].problems
    assert hq.status(BRIDGE_KEY) == "Enabled"


def test_a_way_back_whose_outcome_is_unknown_can_be_retried(sample: SampleFleet, hq: HeadquartersServer) -> None:
    fleet, change = begin(sample)
    outcome = run(change)
    assert outcome.receipt is not None
    found = read_receipt(Path(outcome.receipt.file))
    back = sample.change(fleet, plan_way_back(found.plan, found.results, BACK, found.sha256))
    fall_silent_at_the_change(hq, Misbehaviour.CLOSED_UNDONE)
    assert "unknown" in only_problem(run(back))
    hq.behave()
    again = run(back)
    assert again.results[0].outcome is OfficeOutcome.DONE, again.results[0].problems
    assert hq.status(BRIDGE_KEY) == "Enabled"
