"""The audit events of an edit of a key's fields."""

from __future__ import annotations

from collections.abc import Mapping

from core.model.api_key import PERMISSIONS, ApiKey, KeyFields, format_fields
from core.model.event_values import KeyLabel, ListChange
from core.model.key_events import KeyFieldChanged, KeyPermissionsChanged


def field_events(
    key: ApiKey, fields: KeyFields, user: str, undoing: Mapping[str, int]
) -> tuple[KeyFieldChanged | KeyPermissionsChanged, ...]:
    """Return one event for each field that differs."""
    label, before, after = KeyLabel.of(key), format_fields(key.fields), format_fields(fields)
    read, wanted = key.fields.permissions, fields.permissions
    change = ListChange(
        tuple(name for name in wanted if name not in read), tuple(name for name in read if name not in wanted)
    )
    return tuple(
        KeyPermissionsChanged(label, change, user, undoing.get(name, 0))
        if name == PERMISSIONS
        else KeyFieldChanged(label, name, before[name], after[name], user, undoing.get(name, 0))
        for name in before
        if before[name] != after[name]
    )
