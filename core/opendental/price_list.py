"""Open Dental's public prices of API keys, by which an unused key is told from a free one.

Source: the page *API Permissions* of opendental.com, November 2025. A key costs per month and location, from the moment
it is enabled until it is disabled, used or not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_FREE = frozenset({"ApiReadAll"})
_LIMITED = _FREE | {"ApiComm", "ApiDocuments", "ApiInsuranceSimple", "ApiSetup", "ApiQueries"}
_MONEY = frozenset({"ApiPayments", "ApiPayPlans"})
_ON_REQUEST = frozenset({"ApiTextingASAP", "ApiEnterprise"})


@dataclass(frozen=True)
class PriceList:
    """Prices in dollars per month and location.

    Attributes:
        date: The month of the list, as people write it.
        limited: A key with permissions for messages, documents, simple insurance, setup or queries only.
        most: A key with any others but payments and payment plans.
        everything: A key with payments or payment plans.
    """

    date: str = "2025-11"
    limited: int = 15
    most: int = 30
    everything: int = 35

    def monthly(self, permissions: Collection[str]) -> int | None:
        """Return the price of a key with some permissions; None if the list has none for it."""
        api = {name for name in permissions if name.startswith("Api")}
        if not api or api & _ON_REQUEST:
            return None
        if api <= _FREE:
            return 0
        if api <= _LIMITED:
            return self.limited
        return self.everything if api & _MONEY else self.most


DEFAULT_PRICES = PriceList()
