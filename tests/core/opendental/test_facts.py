"""Open Dental's enums and column types as declared in `core.opendental`."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import DefaultClause
from sqlalchemy.dialects import mysql

from core.opendental.api_permissions import API_PERMISSIONS, PermissionGroup, describe_permission
from core.opendental.key_status import KeyStatus
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.numbered_names import NumberedNames
from core.opendental.optional_tables import API_PROGRAM, OPTIONAL, SERVICE_TABLES
from core.opendental.permission_types import PERMISSIONS, Permission
from core.opendental.schema import OPEN_DENTAL
from tests.support.opendental_columns import NEW, columns

# The display width of an integer type doesn't limit its values.
_WIDTHS = {"tinyint(1)", "tinyint(3)", "tinyint(4)", "smallint(5)", "int(10)", "int(11)", "bigint(20)"}


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "None"),
        (8, "Setup"),
        (24, "SecurityAdmin"),
        (83, "UserLogOnOff"),
        (122, "AuditTrail"),
        (171, "AgingRan"),
        (225, "ApiSubscription"),
        (257, "PerioEditCopy"),
        (258, "LicenseAccept"),
        (265, "SignedImageEdit"),
    ],
)
def test_permissions_have_open_dentals_names(number: int, name: str) -> None:
    assert PERMISSIONS.name(number) == name


@pytest.mark.parametrize("number", [266, -1, 32767])
def test_an_unknown_permission_shows_its_number(number: int) -> None:
    assert PERMISSIONS.name(number) == str(number)


@pytest.mark.parametrize("text", ["Setup", "setup", "SETUP", "8", "08"])
def test_a_number_is_found_by_name_in_any_case_or_by_digits(text: str) -> None:
    assert PERMISSIONS.number(text) == 8


@pytest.mark.parametrize("text", ["", " Setup", "Set", "8.0", "-1", "+8", "\u0668", "32768", "9" * 5_000])
def test_other_texts_have_no_number(text: str) -> None:
    assert PERMISSIONS.number(text) is None


def test_a_number_without_a_known_name_can_be_given_by_digits() -> None:
    assert (PERMISSIONS.number("32767"), LOG_SOURCES.number("127")) == (32_767, 127)
    assert LOG_SOURCES.number("128") is None


@pytest.mark.parametrize("enum", [PERMISSIONS, LOG_SOURCES])
def test_numbers_and_names_round_trip(enum: NumberedNames) -> None:
    assert [enum.number(enum.name(number)) for number in range(300)] == [
        number if number < len(enum.names) or enum is PERMISSIONS or number <= 127 else None for number in range(300)
    ]


def test_permission_labels_are_open_dentals_names() -> None:
    assert {member.label for member in Permission} == {
        "Setup",
        "SecurityAdmin",
        "Backup",
        "UserLogOnOff",
        "AuditTrail",
        "DefEdit",
        "ApiSubscription",
        "LicenseAccept",
    }


def test_log_sources_have_open_dentals_names() -> None:
    assert (LOG_SOURCES.name(0), LOG_SOURCES.name(23), LOG_SOURCES.name(25)) == ("None", "API", "PaymentPortal")
    assert (LOG_SOURCES.name(26), LOG_SOURCES.name(-1)) == ("26", "-1")


def test_api_permissions_have_open_dentals_numbers() -> None:
    assert len(API_PERMISSIONS) == len(set(API_PERMISSIONS)) == 39
    by_number = {n: API_PERMISSIONS[n] for n in (0, 7, 12, 24, 25, 38)}
    assert by_number == {
        0: "AppointmentCreate",
        7: "Subscriptions",
        12: "CapabilityStatement",
        24: "CommunicationCreate",
        25: "ApiReadAll",
        38: "ApiEnterprise",
    }


def test_every_api_permission_has_a_group_and_one_sentence() -> None:
    described = [describe_permission(name) for name in API_PERMISSIONS]
    assert all(each.group is not PermissionGroup.UNKNOWN for each in described)
    assert all(each.explanation.endswith(".") and each.explanation[0].isupper() for each in described)
    assert len({each.explanation for each in described}) == len(described)


def test_what_reads_everything_makes_users_or_moves_money_is_risky() -> None:
    risky = {name for name in API_PERMISSIONS if describe_permission(name).risk}
    assert risky == {"ApiQueries", "ApiSetup", "ApiPayments", "ApiPayPlans", "ApiInsurance", "PaymentCreate"}


def test_a_permission_of_a_newer_version_is_described_as_unknown() -> None:
    described = describe_permission("InsuranceSimple")
    assert (described.name, described.group) == ("InsuranceSimple", PermissionGroup.UNKNOWN)


@pytest.mark.parametrize(
    ("number", "label", "enabled", "next_number"),
    [
        (0, "Unknown", False, None),
        (1, "Enabled", True, 2),
        (2, "Disabled by Customer", False, 1),
        (3, "Disabled by Developer", False, None),
        (4, "Disabled by Open Dental", False, None),
        (5, "Read Enabled", True, 2),
    ],
)
def test_key_statuses(number: int, label: str, enabled: bool, next_number: int | None) -> None:
    status = KeyStatus(number)
    assert (status.label, status.enabled, status.office_may_change_to) == (label, enabled, next_number)


_TABLES = (*OPEN_DENTAL.sorted_tables, *OPTIONAL.sorted_tables, *SERVICE_TABLES.sorted_tables, API_PROGRAM)


def test_mapped_columns_have_open_dentals_types() -> None:
    documented = {(table, column.name): column for table, members in columns(NEW).items() for column in members}
    dialect = mysql.dialect()
    for table in _TABLES:
        for column in table.columns:
            expected = documented[table.name, column.name]
            assert column.type.compile(dialect).lower() == _without_width(expected.type), f"{table.name}.{column.name}"
            assert bool(column.nullable) is expected.nullable, f"{table.name}.{column.name}"
            assert column.primary_key is expected.primary


def test_mapped_defaults_are_open_dentals() -> None:
    documented = {(table, column.name): column for table, members in columns(NEW).items() for column in members}
    for table in _TABLES:
        for column in table.columns:
            expected = documented[table.name, column.name].default
            if column.server_default is not None:
                mapped = str(cast("DefaultClause", column.server_default).arg)
                assert mapped == expected.strip("'"), f"{table.name}.{column.name}"


def test_only_two_tables_are_newer_than_the_oldest_version() -> None:
    old = {(table, column.name) for table, members in columns("21.1.8.0").items() for column in members}
    mapped = {(table.name, column.name) for table in _TABLES for column in table.columns}
    assert {table for table, _ in mapped - old} == {"apikey", "apisubscription"}


def _without_width(type_: str) -> str:
    kind, _, sign = type_.partition(" ")
    type_name = kind.split("(")[0] if kind in _WIDTHS else kind
    type_name = "integer" if type_name == "int" else type_name
    return f"{type_name} {sign}".strip()
