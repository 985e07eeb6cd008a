"""Open Dental's numbers and column types, as this program knows them."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import DefaultClause
from sqlalchemy.dialects import mysql

from core.opendental.api_permissions import API_PERMISSIONS
from core.opendental.key_status import KeyStatus
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.numbered_names import NumberedNames
from core.opendental.permission_types import PERMISSIONS, Permission
from core.opendental.schema import OpenDental
from tests.support.opendental_columns import NEW, columns

# An integer's display width says nothing about what it holds.
_WIDTHS = {"tinyint(1)", "tinyint(3)", "tinyint(4)", "smallint(5)", "int(10)", "bigint(20)"}


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


@pytest.mark.parametrize("written", ["Setup", "setup", "SETUP", "8", "08"])
def test_a_number_by_its_name_in_any_case_or_written_out(written: str) -> None:
    assert PERMISSIONS.number(written) == 8


@pytest.mark.parametrize("written", ["", " Setup", "Set", "8.0", "-1", "+8", "\u0668", "32768", "9" * 5_000])
def test_what_names_no_number(written: str) -> None:
    assert PERMISSIONS.number(written) is None


def test_a_number_that_is_newer_than_this_program_can_be_written_out() -> None:
    assert (PERMISSIONS.number("32767"), LOG_SOURCES.number("127")) == (32_767, 127)
    assert LOG_SOURCES.number("128") is None


@pytest.mark.parametrize("enum", [PERMISSIONS, LOG_SOURCES])
def test_every_name_leads_back_to_its_number(enum: NumberedNames) -> None:
    assert [enum.number(enum.name(number)) for number in range(300)] == [
        number if number < len(enum.names) or enum is PERMISSIONS or number <= 127 else None for number in range(300)
    ]


def test_permissions_by_name() -> None:
    assert {member.label for member in Permission} == {
        "Setup",
        "SecurityAdmin",
        "UserLogOnOff",
        "AuditTrail",
        "LicenseAccept",
    }


def test_log_sources_have_open_dentals_names() -> None:
    assert (LOG_SOURCES.name(0), LOG_SOURCES.name(23), LOG_SOURCES.name(25)) == ("None", "API", "PaymentPortal")
    assert (LOG_SOURCES.name(26), LOG_SOURCES.name(-1)) == ("26", "-1")


def test_api_permissions_stand_at_their_numbers() -> None:
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


def test_mapped_columns_have_open_dentals_types() -> None:
    facts = {(table, column.name): column for table, members in columns(NEW).items() for column in members}
    dialect = mysql.dialect()
    for table in OpenDental.metadata.sorted_tables:
        for column in table.columns:
            fact = facts[table.name, column.name]
            assert column.type.compile(dialect).lower() == _without_width(fact.type), f"{table.name}.{column.name}"
            assert bool(column.nullable) is fact.nullable, f"{table.name}.{column.name}"
            assert column.primary_key is fact.primary


def test_mapped_defaults_are_open_dentals() -> None:
    facts = {(table, column.name): column for table, members in columns(NEW).items() for column in members}
    for table in OpenDental.metadata.sorted_tables:
        for column in table.columns:
            fact = facts[table.name, column.name].default
            if column.server_default is not None:
                given = str(cast("DefaultClause", column.server_default).arg)
                assert given == fact.strip("'"), f"{table.name}.{column.name}"


def test_no_mapped_column_is_newer_than_the_oldest_version_but_apikey() -> None:
    old = {(table, column.name) for table, members in columns("21.1.8.0").items() for column in members}
    mapped = {(table.name, column.name) for table in OpenDental.metadata.sorted_tables for column in table.columns}
    assert {table for table, _ in mapped - old} == {"apikey"}


def _without_width(type_: str) -> str:
    kind, _, sign = type_.partition(" ")
    plain = kind.split("(")[0] if kind in _WIDTHS else kind
    plain = "integer" if plain == "int" else plain
    return f"{plain} {sign}".strip()
