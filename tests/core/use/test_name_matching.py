"""Properties of finding a developer's entries: by the exact name, as Open Dental's own lookup does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.use.trail_reader import read_window
from tests.support.audit_rows import log_row, replace_audit_trail
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.properties import examples

MOMENT = datetime(2024, 11, 4, 10)
_NAMES = st.text(alphabet="aAbB%_\\'\"!. ", min_size=1, max_size=5).filter(lambda name: name == name.strip() != "")
"""Names with the characters that mean something in a pattern or in a text literal."""
_FORMS = st.sampled_from(
    ("Created by {} through API. ", "updated BY {} THROUGH API.", "SELECT 1; by {} through", "by {}", "{} through API.")
)
"""Texts with a developer's name, not all of which say that the developer made the change."""


@pytest.fixture(params=["SQLite", "24.3 InnoDB"])
def practice(
    request: pytest.FixtureRequest, file_sample: SampleFile, server_samples: Callable[[str], SampleServer]
) -> SamplePractice:
    """An SQLite practice, and one on the server."""
    return file_sample if request.param == "SQLite" else server_samples(request.param)


def found(sample: SamplePractice, names: list[str], texts: list[str]) -> dict[str, int]:
    """Return the number of entries that are found for each name."""
    rows = [
        log_row(number, f"{MOMENT:%Y-%m-%d %H:%M:%S}", text, UserNum=0, LogSource=23)
        for number, text in enumerate(texts, start=1)
    ]
    replace_audit_trail(sample, rows, [])
    counts = dict.fromkeys((name.casefold() for name in names), 0)
    with sample.practice() as practice, practice.read() as connection:
        by_name = {name.casefold(): name for name in names}
        for use in read_window(connection, by_name, MOMENT, MOMENT + timedelta(hours=1)):
            counts[use.name] += use.entries
    return counts


@settings(examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=_NAMES, written=st.lists(st.tuples(_FORMS, _NAMES), min_size=1, max_size=8))
def test_a_name_finds_exactly_the_texts_that_contain_it(
    practice: SamplePractice, name: str, written: list[tuple[str, str]]
) -> None:
    texts = [form.format(other) for form, other in [*written, ("Updated by {} through API. ", name)]]
    expected = sum(f"by {name} through".casefold() in text.casefold() for text in texts)
    assert found(practice, [name], texts) == {name.casefold(): expected}


@settings(examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(_NAMES, min_size=2, max_size=5, unique_by=str.casefold))
def test_every_entry_is_counted_for_one_developer_only(practice: SamplePractice, names: list[str]) -> None:
    texts = [f"Updated by {name} through API. " for name in names]
    assert found(practice, names, texts) == {name.casefold(): 1 for name in names}
