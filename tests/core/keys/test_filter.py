"""The filter of the key list: what each field finds, how terms combine, and what an error says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.filtering.terms import FilterError, quote
from core.keys.filter import FIELDS, completions, parse_key_filter
from core.model.api_key import ApiKey, KeyFields
from core.model.developer_use import DeveloperUse, TrailRange
from core.opendental.key_status import KeyStatus
from tests.support.properties import examples

TODAY = date(2024, 11, 6)


def key(developer: str, status: KeyStatus = KeyStatus.ENABLED, **fields: object) -> ApiKey:
    number = f"{sum(map(ord, developer)):04}"
    return ApiKey(
        fingerprint=f"{number}ab" + "0" * 58,
        masked=f"********{number}",
        developer=developer,
        status=status,
        fields=KeyFields(**fields),  # type: ignore[arg-type]  # fields by name
        date_disabled=None,
        added=datetime(2024, 1, 2, 3, 4),
        license=None,
        known=True,
    )


CLEAR = key("Clear Pay", permissions=("ApiReadAll", "ApiPayments"), agreement_since=date(2022, 11, 30))
CANOPY = key("Canopy", KeyStatus.ENABLED_READ_ONLY, permissions=("ApiQueries",), agreement_since=date(2024, 10, 1))
FINDER = replace(key("Dentist Finder", KeyStatus.DISABLED_BY_CUSTOMER), date_disabled=datetime(2024, 11, 1, 8, 0))
RECALL = key("Old Recall, Inc", KeyStatus.DISABLED_BY_HQ, permissions=("ApiPayPlans", "InsuranceSimple"))
STRAY = replace(key("Stray", KeyStatus.UNKNOWN), known=False, added=None)
GONE = replace(key("Gone Once"), gone=True)
READ = TrailRange(datetime(2020, 1, 1), datetime(2024, 11, 6), complete=True)
PARTLY_READ = TrailRange(datetime(2024, 10, 30), datetime(2024, 11, 6), complete=False)
USE = {
    "Clear Pay": DeveloperUse(READ, datetime(2020, 5, 1), datetime(2024, 3, 1, 9)),
    "Canopy": DeveloperUse(READ),
    "Dentist Finder": DeveloperUse(READ, datetime(2024, 11, 1, 8), datetime(2024, 11, 1, 8)),
    "Old Recall, Inc": DeveloperUse(PARTLY_READ),
}
KEYS = (CLEAR, CANOPY, FINDER, RECALL, STRAY, GONE)


def found(expression: str) -> set[str]:
    wanted = parse_key_filter(expression, KEYS, TODAY, USE)
    return {each.developer.split()[0] for each in KEYS if wanted.matches(each)}


EVERYTHING = {"Clear", "Canopy", "Dentist", "Old", "Stray", "Gone"}


@pytest.mark.parametrize(
    ("expression", "developers"),
    [
        ("", EVERYTHING),
        ("  ", EVERYTHING),
        ("status:enabled", {"Clear", "Canopy"}),
        ("STATUS:Enabled", {"Clear", "Canopy"}),
        ("status:read", {"Canopy"}),
        ("status:disabled", {"Dentist", "Old"}),
        ("status:dis", {"Dentist", "Old"}),
        ("status:customer", {"Dentist"}),
        ("status:open-dental", {"Old"}),
        ("status:on", {"Clear"}),
        ("status:reads", {"Canopy"}),
        ("status:off", {"Dentist"}),
        ('status:"Open Dental"', {"Old"}),
        ("status:unknown", {"Stray"}),
        ("status:gone", {"Gone"}),
        ("status:unknown,gone", {"Stray", "Gone"}),
        ("-status:enabled", {"Dentist", "Old", "Stray", "Gone"}),
        ("-status:enabled,gone", {"Dentist", "Old", "Stray"}),
        ("may:ApiPayments", {"Clear"}),
        ("may:pay", {"Clear", "Old"}),
        ("may:apipay", {"Clear", "Old"}),
        ("may:risky", {"Clear", "Canopy", "Old"}),
        ("may:insurancesimple", {"Old"}),
        ("may:queries,payments", {"Clear", "Canopy"}),
        ("-may:risky", {"Dentist", "Stray", "Gone"}),
        ("developer:clear", {"Clear"}),
        ('developer:"clear pay"', {"Clear"}),
        ('developer:"old recall, inc"', {"Old"}),
        ("developer:canopy,stray", {"Canopy", "Stray"}),
        (f"key:{CLEAR.masked[-4:]}", {"Clear"}),
        (f"key:#{CLEAR.fingerprint[:6]}", {"Clear"}),
        ("changed:<7d", {"Dentist"}),
        ("changed:>90d", {"Clear", "Canopy"}),
        ("changed:>5d", {"Clear", "Canopy", "Old"}),
        ("changed:never", {"Canopy"}),
        ("-changed:never", EVERYTHING - {"Canopy"}),
        ("changed:2024-11-01", {"Dentist"}),
        ("changed:>2024-10-31", {"Dentist"}),
        ("changed:<2024-10-31", {"Clear"}),
        ("changed:before-2024-10-31", {"Clear"}),
        ("changed:after-2024-10-31", {"Dentist"}),
        ("baa:none", {"Dentist", "Old", "Gone"}),
        ("baa:any", {"Clear", "Canopy"}),
        ("baa:before-2023-01-01", {"Clear"}),
        ("baa:after-2023-01-01", {"Canopy"}),
        ("baa:>365d", {"Clear"}),
        ("baa:none,>365d", {"Clear", "Dentist", "Old", "Gone"}),
        ("clear", {"Clear"}),
        ("pay clear", {"Clear"}),
        ("clear canopy", set()),
        ("clear,canopy", {"Clear", "Canopy"}),
        ('"clear pay"', {"Clear"}),
        ('"pay clear"', set()),
        ("-clear", EVERYTHING - {"Clear"}),
        ('-"old recall"', EVERYTHING - {"Old"}),
        ("status:enabled -may:pay", {"Canopy"}),
        ("disabled by", {"Dentist", "Old"}),
        ("-", set()),
        ("status:enabled,", {"Clear", "Canopy"}),
    ],
)
def test_each_term_finds_its_keys(expression: str, developers: set[str]) -> None:
    assert found(expression) == developers


@pytest.mark.parametrize(
    ("expression", "start", "end", "sentence", "hint"),
    [
        ("x stat:on", 2, 9, 'Unknown filter field "stat:".', "Did you mean status:?"),
        ("status:enabeld", 0, 14, "Unknown status: enabeld.", "Did you mean enabled?"),
        ("status:", 0, 7, "The status is missing.", "Statuses are enabled, read-enabled"),
        ("may:ApiPaymnts", 0, 14, "Unknown permission: ApiPaymnts.", "Did you mean ApiPayments?"),
        ("changed:soon", 0, 12, "Not a valid date: soon.", "Write 2024-11-01"),
        ("changed:90d", 0, 11, "changed:90d needs < or > before the days.", "Write >90d"),
        ("changed:before-90d", 0, 18, "changed:before-90d needs < or > before the days.", "Write >90d"),
        ("baa:>", 0, 5, "baa: has no date.", "Write >90d"),
        ("baa:2024-02-30", 0, 14, "Not a valid date: 2024-02-30.", "Check the month"),
        ('a "b', 2, 4, "A closing double quote is missing.", "Add a"),
    ],
)
def test_an_error_points_at_the_term_and_says_what_to_do(
    expression: str, start: int, end: int, sentence: str, hint: str
) -> None:
    with pytest.raises(FilterError) as caught:
        parse_key_filter(expression, KEYS, TODAY)
    error = caught.value
    assert (error.start, error.end, error.sentence) == (start, end, sentence)
    assert error.hint.startswith(hint)


@pytest.mark.parametrize(
    ("expression", "completed"),
    [
        ("", tuple(f"{field}:" for field in FIELDS)),
        ("clear ", tuple(f"clear {field}:" for field in FIELDS)),
        ("-", tuple(f"-{field}:" for field in FIELDS)),
        ("s", ("status:",)),
        ("-d", ("-developer:",)),
        ("status:dis", ("status:disabled",)),
        ("status:enabled,un", ("status:enabled,unknown",)),
        ("developer:old", ('developer:"Old Recall, Inc"',)),
        ('developer:Canopy,"cl', ('developer:Canopy,"Clear Pay"',)),
        ("may:insurances", ("may:InsuranceSimple",)),
        ("key:", ()),
        ("x:", ()),
    ],
)
def test_tab_completes_the_last_word(expression: str, completed: tuple[str, ...]) -> None:
    assert completions(expression, KEYS) == completed


pieces = st.sampled_from(
    'status: may: developer: key: changed: baa: , - " \\ > < 90d enabled pay none 2024-11-01'.split()
)
expressions = st.one_of(st.text(), st.lists(st.one_of(pieces, st.sampled_from([" ", "x"])), max_size=8).map("".join))


@given(expressions)
@examples(200)
def test_any_expression_filters_or_says_why_not(expression: str) -> None:
    try:
        found(expression)
    except FilterError as error:
        said = error
    else:
        return
    assert 0 <= said.start < said.end <= len(expression)
    assert said.sentence.endswith(".")


@given(expressions)
@examples(100)
def test_any_expression_can_be_completed(expression: str) -> None:
    assert all(each.strip() for each in completions(expression, KEYS))


@given(st.text(min_size=1).filter(str.strip))
@examples(150)
def test_a_quoted_developer_is_found_whatever_its_name(name: str) -> None:
    named = key(name)
    assert parse_key_filter(f"developer:{quote(name)}", (named,), TODAY).matches(named)
    assert not parse_key_filter(f"-developer:{quote(name)}", (named,), TODAY).matches(named)
