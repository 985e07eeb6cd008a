"""Undoing the last change of a session where headquarters decides about the keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.base.errors import HeadquartersError, OperationNotAllowed
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer
from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour, headquarters
from tests.support.headquarters_office import (
    BRIDGE,
    CLEARPAY,
    OFFERED,
    add_keys,
    add_new_wave,
    credentials,
    disable_bridge,
    fetch_list,
    key_of_developer,
    office_of,
    set_headquarters_url,
)
from tests.support.headquarters_protocol import SET_STATUS
from tests.support.practice_rows import BRIDGE_KEY


@pytest.fixture
def hq(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeadquartersServer]:
    """A headquarters that has two keys of the practice, and offers a third one."""
    monkeypatch.setattr("core.headquarters.client.PAUSES", (0.0, 0.0))
    with headquarters(practice=credentials(server_sample)) as server:
        add_keys(server, BRIDGE, CLEARPAY)
        server.offer(OFFERED)
        set_headquarters_url(server_sample, server.url)
        yield server


def test_a_status_is_set_back_at_headquarters(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        disable_bridge(office)
        (step,) = office.undoing.plan_last(ADMIN)
        assert (step.is_remote, step.ending) == (True, "Gh78")
        office.undoing.undo_step(ADMIN, step)
        assert key_of_developer(office.keys.list(), "Appointment Bridge").status is KeyStatus.ENABLED
    assert hq.count(SET_STATUS) == 2


def test_a_change_that_headquarters_refused_is_not_the_last_change(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.misbehave(Misbehaviour.ERROR, operation=SET_STATUS)
        with pytest.raises(HeadquartersError):
            disable_bridge(office)
        with pytest.raises(OperationNotAllowed, match="Nothing to undo"):
            office.undoing.plan_last(ADMIN)


def test_a_key_that_headquarters_assigned_stays(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        add_new_wave(office)
        with pytest.raises(OperationNotAllowed, match="Headquarters manages the keys"):
            office.undoing.plan_last(ADMIN)


def test_a_list_that_changes_the_copy_is_no_change_of_the_session(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        disable_bridge(office)
        hq.set_status(BRIDGE_KEY, "DisabledByHQ")
        hq.add_key(OFFERED)
        fetch_list(office)
        assert office.undoing.can_undo_last(ADMIN)
