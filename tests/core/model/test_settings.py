"""The interval as it may be typed, and how settings are worded."""

from __future__ import annotations

import pytest

from core.base.errors import InvalidInput
from core.model.settings import PaymentType, clean_interval, format_enabled, format_interval, format_payment_type


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        ("   ", ""),
        ("0", "0"),
        (" 5 ", "5"),
        ("2.5", "2.5"),
        (".5", ".5"),
        ("5.", "5."),
        ("100000000", "100000000"),
        ("100000000.0", "100000000.0"),
        ("007", "007"),
    ],
)
def test_minutes_that_can_be_stored(typed: str, stored: str) -> None:
    assert clean_interval(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["abc", "-1", "-0.5", "+5", "1e3", "1,000", "1 000", "0x10", "５", "²", ".", "5 minutes", "nan", "inf", "5\n6"],
)
def test_what_is_no_number_of_minutes(typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        clean_interval(typed)
    assert caught.value.field == "interval"
    assert caught.value.sentence == "The subscription interval must be blank or a number of minutes."


@pytest.mark.parametrize("typed", ["100000001", "100000000.1", "9" * 5000], ids=["one more", "a bit more", "far more"])
def test_more_minutes_than_open_dental_takes(typed: str) -> None:
    with pytest.raises(InvalidInput, match=r"must not be above 100,000,000 minutes\."):
        clean_interval(typed)


def test_settings_are_worded() -> None:
    types = (PaymentType(3, "Cash", hidden=False),)
    assert (format_enabled(True), format_enabled(False)) == ("on", "off")
    assert [format_interval(text) for text in ("", None, "1", "5", "0", "0.5")] == [
        "blank",
        "blank",
        "1 minute",
        "5 minutes",
        "0 minutes",
        "0.5 minutes",
    ]
    assert [format_payment_type(number, types) for number in (3, 0, None, 9)] == [
        "Cash",
        "none",
        "none",
        "unknown type 9",
    ]


def test_more_digits_than_anyone_means() -> None:
    with pytest.raises(InvalidInput, match="must not be longer than 40 digits"):
        clean_interval("0." + "3" * 70_000)
