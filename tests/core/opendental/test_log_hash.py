"""The hash of audit entries: vectors from Open Dental, and special dates."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.opendental.log_hash import NO_DATE, format_for_hash, log_hash

VECTORS = [
    (8, 1, datetime(2024, 11, 5, 9, 3, 7), "API/FHIR", 0, NO_DATE, "SNuI+yHmKOvKTB1H0bL2DKMbSUAbbGmDc6bNLLELtwk="),
    (
        258,
        1,
        datetime(2024, 11, 5, 9, 4),
        "Open Dental API End User License accepted by Admin",
        0,
        NO_DATE,
        "j29GI15VhTyQjcJhgjujDFmYLJPUNjRdx7GfMtjzrgQ=",
    ),
    (
        8,
        1,
        datetime(2025, 1, 31, 23, 59, 59),
        "New API key Ab12Cd34Ef56Gh78 added by Admin",
        0,
        NO_DATE,
        "uUrJ80M1z73pvBGPo6imI6rknL1VrU18Ge9sFQaZ5hA=",
    ),
    (
        27,
        12,
        datetime(2020, 2, 29),
        "José — déplacé 日本語",
        4711,
        datetime(2020, 2, 28, 12, 30, 1),
        "weBtNlCExpxl2WIgB+hBWwQCuH6HSTjI6vBu+pTV6OE=",
    ),
    (0, 0, NO_DATE, "", 0, NO_DATE, "48VHVSHHD9sxL7WSA8VJFz9BSrAGrIYP6EVjAyHzP5Y="),
]


@pytest.mark.parametrize(("perm_type", "user", "moment", "text", "patient", "previous", "expected"), VECTORS)
def test_hashes_match_open_dentals(
    perm_type: int, user: int, moment: datetime, text: str, patient: int, previous: datetime, expected: str
) -> None:
    assert log_hash(perm_type, user, moment, text, patient, previous) == expected


def test_a_date_before_1880_is_hashed_as_no_date() -> None:
    assert format_for_hash(datetime(1879, 12, 31, 23, 59, 59)) == "0001-01-01 00:00:00"
    assert format_for_hash(datetime(1880, 1, 1)) == "1880-01-01 00:00:00"
    assert log_hash(0, 0, datetime(1879, 12, 31), "", 0, NO_DATE) == VECTORS[-1][-1]


def test_an_early_previous_edit_is_hashed_unlike_none() -> None:
    # Open Dental omits only its own "no date". It hashes any other date before 1880 as "no date".
    early = log_hash(8, 1, datetime(2024, 1, 1), "x", 0, datetime(1850, 1, 1))
    assert early != log_hash(8, 1, datetime(2024, 1, 1), "x", 0, NO_DATE)


def test_every_value_is_part_of_the_hash() -> None:
    original = log_hash(8, 1, datetime(2024, 1, 1), "text", 0, NO_DATE)
    changed = [
        log_hash(9, 1, datetime(2024, 1, 1), "text", 0, NO_DATE),
        log_hash(8, 2, datetime(2024, 1, 1), "text", 0, NO_DATE),
        log_hash(8, 1, datetime(2024, 1, 1, 0, 0, 1), "text", 0, NO_DATE),
        log_hash(8, 1, datetime(2024, 1, 1), "text ", 0, NO_DATE),
        log_hash(8, 1, datetime(2024, 1, 1), "text", 1, NO_DATE),
        log_hash(8, 1, datetime(2024, 1, 1), "text", 0, datetime(2024, 1, 1)),
    ]
    assert len({original, *changed}) == 7


def test_a_lone_surrogate_raises_no_error() -> None:
    assert log_hash(8, 1, datetime(2024, 1, 1), "\ud800", 0, NO_DATE)
