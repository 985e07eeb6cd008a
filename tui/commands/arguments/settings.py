"""The verbs of `apisetup settings`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    verbs.reading("get", "print the settings of the API", found="the API's default payment type can't be used")
    change = verbs.changing("set", "change settings of the API")
    change.add_argument("--api", choices=("on", "off"), help="turn the API on or off")
    change.add_argument(
        "--interval", metavar="MINUTES", help="the FHIR subscription interval in minutes; off turns subscriptions off"
    )
    change.add_argument(
        "--payment-type", metavar="NAME", help="the default payment type for payments made through the API"
    )
