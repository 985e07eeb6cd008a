"""The settings of reviews in the configuration file, for all offices."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from core.model.review import ReviewRule, ReviewSettings
from core.offices.setting_names import REVIEW_SETTINGS, names

if TYPE_CHECKING:
    from core.offices.config_table import ConfigTable

_MAX_DAYS = 3_650
"""Ten years."""
_EXAMPLE = '"unsealed" or ["unsealed", "some-offices"]'


def parse_review(table: ConfigTable) -> ReviewSettings:
    """Return the settings in the table `[review]`, with defaults for those that it doesn't have.

    Raises:
        InvalidSetting: One of them can't be used, or there is no such setting or rule.
    """
    table.reject_unknown_names(names(REVIEW_SETTINGS))
    default = ReviewSettings()
    days = {
        name: table.integer(name, minimum=1, maximum=_MAX_DAYS) or getattr(default, name)
        for name in names(REVIEW_SETTINGS)
        if name != "skip"
    }
    return ReviewSettings(**days, skip=frozenset(_rule(table, text) for text in table.strings("skip", _EXAMPLE)))


def _rule(table: ConfigTable, text: str) -> ReviewRule:
    known = [rule.value for rule in ReviewRule]
    if text in known:
        return ReviewRule(text)
    similar = get_close_matches(text, known, n=1)
    hint = f"Did you mean {similar[0]}?" if similar else f"Rules: {', '.join(known)}."
    raise table.invalid("skip", "review.skip has the name of no rule.", hint)
