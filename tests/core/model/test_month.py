"""Months: which days they have, and which texts name them."""

from __future__ import annotations

from datetime import date

import pytest

from core.base.errors import InvalidInput
from core.model.month import Month, parse_month

TODAY = date(2024, 3, 31)


def test_a_month_has_its_days() -> None:
    february = Month(2024, 2)
    assert (february.first, february.last) == (date(2024, 2, 1), date(2024, 2, 29))
    assert [february.contains(day) for day in (date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 1))] == [
        *(False, True, False)
    ]
    assert (february.label, str(february), Month(2024, 1).before) == ("February 2024", "2024-02", Month(2023, 12))


def test_a_text_names_a_month() -> None:
    named = {text: parse_month(text, TODAY) for text in ("last", " THIS ", "2023-12", "2024-04")}
    # On the last day of a month, the next one may have begun where the server is.
    assert list(named.values()) == [Month(2024, 2), Month(2024, 3), Month(2023, 12), Month(2024, 4)]


@pytest.mark.parametrize(
    "text", ["", "2024", "2024-13", "2024-00", "0000-01", "24-01", "2024-1", "２０２４-01", "2024-05"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_month(text, TODAY)
    assert refused.value.field == "month"
