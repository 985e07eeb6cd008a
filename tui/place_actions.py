"""The actions of the digits that go to the places of an open office."""

from __future__ import annotations

from collections.abc import Callable


class PlaceActions:
    """Goes to a place from anywhere. The application is one, since the digits work on all its screens."""

    go_to_place: Callable[[str], None]
    """Closes the screens above a place, after asking about unsaved changes in them, and opens the place."""

    def action_go_api_setup(self) -> None:
        """Go to API Setup."""
        self.go_to_place("place-api-setup")

    def action_go_subscriptions(self) -> None:
        """Go to the subscriptions."""
        self.go_to_place("place-subscriptions")

    def action_go_payment_types(self) -> None:
        """Go to the payment types."""
        self.go_to_place("place-payment-types")

    def action_go_audit_trail(self) -> None:
        """Go to the Audit Trail."""
        self.go_to_place("place-audit-trail")

    def action_go_review(self) -> None:
        """Go to what needs a decision."""
        self.go_to_place("place-review")
