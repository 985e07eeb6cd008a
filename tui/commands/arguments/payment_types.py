"""The verbs of `apisetup payment-types`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    verbs.reading("list", "list the payment types in their order", found="the API's default can't be used")
