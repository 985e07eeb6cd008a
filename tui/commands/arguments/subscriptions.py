"""The verbs of `apisetup subscriptions`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    verbs.reading("list", "list who is sent what changes", found="a subscription is late or has an alert")
