"""The monthly price of a key by its permissions."""

from __future__ import annotations

import pytest

from core.opendental.api_permissions import API_PERMISSIONS
from core.opendental.price_list import DEFAULT_PRICES


@pytest.mark.parametrize(
    ("permissions", "price"),
    [
        ((), None),
        (("PatientRead",), None),
        (("ApiReadAll",), 0),
        (("ApiReadAll", "ApiQueries"), 15),
        (("ApiComm", "ApiDocuments"), 15),
        (("ApiReadAll", "ApiAppointments"), 30),
        (("ApiAllOthers",), 30),
        (("ApiReadAll", "ApiPayments"), 35),
        (("ApiPayPlans", "PatientRead"), 35),
        (("ApiReadAll", "ApiTextingASAP"), None),
        (API_PERMISSIONS, None),
    ],
)
def test_the_price_follows_the_permissions(permissions: tuple[str, ...], price: int | None) -> None:
    assert DEFAULT_PRICES.monthly(permissions) == price
