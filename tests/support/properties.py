"""Settings for property tests: the same examples in every run, and more of them when there is time."""

from __future__ import annotations

import os

from hypothesis import settings

FACTOR = float(os.environ.get("APISETUP_TEST_EXAMPLES", "1"))
"""By how much the numbers of examples are multiplied; 4 is a thorough run."""


def examples(count: int) -> settings:
    """Return settings for a property test with this many examples, times `APISETUP_TEST_EXAMPLES`."""
    return settings(database=None, deadline=None, derandomize=True, max_examples=max(1, round(count * FACTOR)))
