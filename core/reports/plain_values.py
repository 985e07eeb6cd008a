"""Values of reports as JSON has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum, IntEnum
from typing import Any

from core.audit.export_format import json_value


def plain_value(value: object) -> Any:
    """Return a value with dataclasses as objects by the names of their fields, and times as text without a zone.

    A numbered enum, such as a key's status, becomes its name in small letters. Integers beyond 2^53 become text, since
    many programs would round them. Sets are sorted.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain_value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain_value(each) for name, each in value.items()}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | str):
        return json_value(value)
    if isinstance(value, set | frozenset):
        return sorted(map(plain_value, value))
    if isinstance(value, Collection):
        return [plain_value(each) for each in value]
    raise TypeError(type(value).__name__)
