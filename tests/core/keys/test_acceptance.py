"""An acceptance of the agreement is recorded only for a key that can still be added."""

from __future__ import annotations

import pytest

from core.base.errors import InvalidInput, NotAuthorized
from core.model.actor import Actor
from tests.support.actors import ADMIN
from tests.support.change_kinds import ACCEPTED, NEW
from tests.support.databases import COMPUTER, SampleFile, SamplePractice
from tests.support.row_diff import Written, writing


def test_a_key_that_was_added_meanwhile_is_refused_and_nothing_is_written(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.keys.add(ADMIN, NEW, ACCEPTED)
        with writing(sample) as written, pytest.raises(InvalidInput, match="already in the list"):
            office.licenses.accept(ADMIN, NEW)
    assert written == Written()


def test_a_key_that_only_the_copy_has_can_be_accepted_for(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        office.keys.add(ADMIN, NEW, ACCEPTED)
    file_sample.execute("DELETE FROM apisetup_key WHERE developer = ?", NEW.developer)
    with file_sample.office() as office:
        assert office.licenses.accept(ADMIN, NEW).number


def test_a_user_without_the_permission_accepts_nothing(file_sample: SampleFile) -> None:
    with file_sample.office() as office, writing(file_sample) as written, pytest.raises(NotAuthorized):
        office.licenses.accept(Actor(987_654, "Nobody", COMPUTER), NEW)
    assert written == Written()
