"""The filter of the Audit Trail as a value, and the names of users in it."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from core.audit.filter import Alternatives, AuditFilter, Users

TODAY = date(2024, 11, 6)
USERS = Users({1: "Admin", 4: "sam", 5: "Sam", 7: "None", 8: "#2", 11: " padded"})


def test_a_filter_value_is_the_name_if_it_identifies_the_user_and_else_the_number() -> None:
    values = {number: (USERS.name(number), USERS.filter_value(number)) for number in (0, 1, 4, 5, 7, 8, 11, 99)}
    assert values == {
        0: ("", "none"),
        1: ("Admin", "Admin"),
        4: ("sam", "#4"),
        5: ("Sam", "#5"),
        7: ("None", "#7"),
        8: ("#2", "#8"),
        11: (" padded", "#11"),
        99: ("Unknown(99)", "Unknown(99)"),
    }


def test_users_who_share_a_name_are_listed_by_number() -> None:
    assert USERS.values_sharing_name("SAM ") == ("#4", "#5")
    assert USERS.values_sharing_name("nobody") == ()


def test_filter_values_are_in_alphabetical_order_after_none() -> None:
    users = Users({2: "zoe", 3: "Adam", 5: "Bob", 4: "bob"})
    assert users.filter_values == ("none", "#4", "#5", "Adam", "zoe")


def test_user_number_0_is_no_user() -> None:
    assert Users({0: "Ghost"}).filter_values == ("none",)


def test_only_dates_is_false_with_any_other_condition() -> None:
    assert AuditFilter().only_dates
    assert AuditFilter(TODAY, TODAY).only_dates
    others = [
        AuditFilter(permission=0),
        AuditFilter(user=0),
        AuditFilter(source=0),
        AuditFilter(computer="x"),
        AuditFilter(text="x"),
        AuditFilter(ours=True),
        AuditFilter(suspect=True),
        AuditFilter(more=(Alternatives("text", ("x",), excluded=True),)),
    ]
    assert len(others) == len(fields(AuditFilter)) - 2
    assert not any(each.only_dates for each in others)


def test_the_default_period_is_ten_days_and_keeps_the_other_conditions() -> None:
    audit_filter = AuditFilter(until=date(2020, 1, 1), text="x")
    assert audit_filter.with_default_period(TODAY) == AuditFilter(since=date(2024, 10, 27), text="x")


def test_another_value_of_a_field_replaces_all_conditions_on_it() -> None:
    words = Alternatives("text", ("x", "y"))
    audit_filter = AuditFilter(user=1, more=(Alternatives("user", (4, 5), excluded=True), words))
    assert audit_filter.with_value("user", 4) == AuditFilter(user=4, more=(words,))
    assert audit_filter.with_value("user", None) == AuditFilter(more=(words,))


def test_users_are_found_by_the_beginning_of_their_names() -> None:
    assert USERS.numbers_starting("SA") == (4, 5)
    assert USERS.numbers_starting("pad") == (11,)
    assert USERS.numbers_starting("") == ()
