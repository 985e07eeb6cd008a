"""The settings as audit texts name them, and back again."""

from __future__ import annotations

import re
from dataclasses import replace

from core.base.errors import OperationNotAllowed
from core.model.event_values import Setting
from core.model.settings import ApiSettings, SettingsPage, format_enabled, format_interval, format_payment_type

BY_HAND = "Change it manually if needed."


def setting_texts(page: SettingsPage) -> dict[Setting, str]:
    """Return the settings of a page as audit texts name them, without those that the practice doesn't have."""
    values = page.values
    texts = {
        Setting.ENABLED: format_enabled(values.enabled) if values.enabled is not None else None,
        Setting.INTERVAL: format_interval(values.interval) if values.interval is not None else None,
        Setting.PAYMENT_TYPE: format_payment_type(values.payment_type, page.payment_types)
        if values.payment_type is not None
        else None,
    }
    return {setting: text for setting, text in texts.items() if text is not None}


def with_setting(values: ApiSettings, page: SettingsPage, setting: Setting, text: str) -> ApiSettings:
    """Return the settings with one value as an audit text names it.

    Raises:
        OperationNotAllowed: The practice no longer has just one such payment type.
    """
    if setting is Setting.ENABLED:
        return replace(values, enabled=text == format_enabled(True))
    if setting is Setting.INTERVAL:
        return replace(values, interval=_parse_interval(text))
    named = [each.number for each in page.payment_types if each.name == text and not each.hidden]
    if len(named) != 1:
        raise OperationNotAllowed(f"There isn't exactly one payment type named {text} anymore.", BY_HAND)
    return replace(values, payment_type=named[0])


def _parse_interval(text: str) -> str:
    return "" if text == format_interval("") else re.sub(r" minutes?$", "", text)
