"""The permission and the version that each method of the API needs."""

from __future__ import annotations

import pytest

from core.opendental.api_methods import (
    ApiMethod,
    added_in,
    find_method,
    permissions_for,
    requests_per_second,
    text_without_method,
)
from core.opendental.api_permissions import API_PERMISSIONS


@pytest.mark.parametrize(
    ("request_line", "permission"),
    [
        ("GET /patients", "ApiReadAll"),
        ("GET /subscriptions", "ApiReadAll"),
        ("POST /subscriptions", "ApiReadAll"),
        ("PUT /subscriptions/5", "ApiReadAll"),
        ("DELETE /subscriptions/5", "ApiAllOthers"),
        ("PUT /appointments/123/Confirm", "ApiComm"),
        ("PUT /appointments/123/Break", "ApiComm"),
        ("PUT /appointments/123/Note", "ApiComm"),
        ("PUT /appointments/123", "ApiAppointments"),
        ("POST /appointments", "ApiAppointments"),
        ("PUT /apptfields", "ApiComm"),
        ("POST /commlogs", "ApiComm"),
        ("POST /popups", "ApiComm"),
        ("PUT /recalls/7/Status", "ApiComm"),
        ("PUT /recalls/7", "ApiAllOthers"),
        ("POST /documents/Upload", "ApiDocuments"),
        ("POST /documents/DownloadSftp", "ApiAllOthers"),
        ("POST /queries", "ApiQueries"),
        ("PUT /queries/ShortQuery", "ApiQueries"),
        ("PUT /claims/9", "ApiInsurance"),
        ("POST /claimpayments", "ApiInsurance"),
        ("POST /patients", "ApiPatients"),
        ("DELETE /patients/1", "ApiAllOthers"),
        ("POST /payments", "ApiPayments"),
        ("POST /payplans", "ApiPayPlans"),
        ("PUT /procedurelogs/4", "ApiProcedureLogs"),
        ("POST /userods", "ApiSetup"),
        ("POST /definitions", "ApiSetup"),
        ("PUT /providers/2", "ApiSetup"),
        ("POST /adjustments", "ApiAllOthers"),
    ],
)
def test_a_method_needs_its_permission(request_line: str, permission: str) -> None:
    method = find_method(request_line)
    assert method is not None
    assert permissions_for(method) == (permission,)
    assert permission in API_PERMISSIONS


def test_a_method_that_moved_to_a_smaller_permission_is_allowed_by_both() -> None:
    method = find_method("POST /inssubs")
    assert method is not None
    assert permissions_for(method) == ("ApiInsuranceSimple", "ApiInsurance")


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("PUT https://api.opendental.com/api/v1/appointments/12/Confirm", ApiMethod("PUT", "appointments", "confirm")),
        ("it was put /Patients/7 that failed", ApiMethod("PUT", "patients")),
        ("GET patients failed with 401", ApiMethod("GET", "patients")),
        ("POST payments", ApiMethod("POST", "payments")),
    ],
)
def test_a_method_is_found_as_developers_write_it(text: str, method: ApiMethod) -> None:
    assert find_method(text) == method


@pytest.mark.parametrize("text", ["", "401", "eConnector is not running", "GET"])
def test_a_text_without_a_method_has_none(text: str) -> None:
    assert find_method(text) is None
    assert text_without_method(text) == text


def test_versions_are_known_where_they_are_documented() -> None:
    assert added_in(ApiMethod("GET", "securitylogs")) == (23, 1, 33)
    assert added_in(ApiMethod("POST", "subscriptions")) == (22, 1, 1)
    assert added_in(ApiMethod("GET", "patients")) == ()


@pytest.mark.parametrize(
    ("permissions", "rate"),
    [
        ({"ApiReadAll"}, 0.2),
        ({"ApiReadAll", "ApiComm"}, 1.0),
        ({"ApiReadAll", "ApiEnterprise"}, 2.0),
        (set(), None),
    ],
)
def test_requests_are_limited_by_the_permissions(permissions: set[str], rate: float | None) -> None:
    assert requests_per_second(frozenset(permissions)) == rate
